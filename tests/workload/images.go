package workload

import (
	"bytes"
	"fmt"
	stdimage "image"
	"image/color"
	"image/draw"
	_ "image/jpeg" // photos, and the images that the application returns
	"image/png"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"snaptask/tests/scenario"
)

// image is one to attach. The application keeps the size of images that are not large.
type image struct {
	size string
	data []byte
}

func loadPhotos(t *testing.T) (all []image) {
	t.Helper()
	for _, name := range []string{"landscape.jpg", "coffee.png", "chelsea.png", "rocket.jpg"} {
		photo := newImage(scenario.Photo(t, name))
		require.NotEmpty(t, photo.size, name)
		all = append(all, photo)
	}
	return all
}

// randomImage returns a small image of one colour.
func randomImage(random *rand.Rand) image {
	side := func() int { return 16 + random.IntN(240) }
	canvas := stdimage.NewRGBA(stdimage.Rect(0, 0, side(), side()))
	paint := color.RGBA{uint8(random.Uint32()), uint8(random.Uint32()), uint8(random.Uint32()), 255}
	draw.Draw(canvas, canvas.Bounds(), stdimage.NewUniform(paint), stdimage.Point{}, draw.Src)
	var b bytes.Buffer
	_ = png.Encode(&b, canvas) // writing to a buffer can't fail
	return newImage(b.Bytes())
}

// newImage decodes all of data for its size, which is empty if that fails.
func newImage(data []byte) image {
	decoded, _, err := stdimage.Decode(bytes.NewReader(data))
	if err != nil {
		return image{}
	}
	return image{fmt.Sprintf("%dx%d", decoded.Bounds().Dx(), decoded.Bounds().Dy()), data}
}
