package picture

import (
	"image"
	"image/color"
	"image/draw"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTensorIsTheMiddleOfThePicture(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		size          image.Point
		height, width int
		inside        image.Rectangle // what the tensor shows
	}{
		"square of a wide picture":  {image.Pt(320, 160), 35, 35, image.Rect(90, 10, 230, 150)},
		"square of a tall picture":  {image.Pt(160, 320), 35, 35, image.Rect(10, 90, 150, 230)},
		"a wide tensor":             {image.Pt(160, 160), 35, 70, image.Rect(10, 45, 150, 115)},
		"larger than the picture":   {image.Pt(16, 16), 112, 112, image.Rect(1, 1, 15, 15)},
		"as large as what it shows": {image.Pt(160, 160), 140, 140, image.Rect(10, 10, 150, 150)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			img := image.NewRGBA(image.Rectangle{Max: c.size})
			draw.Draw(img, img.Rect, image.NewUniform(color.RGBA{255, 0, 0, 255}), image.Point{}, draw.Src)
			draw.Draw(img, c.inside, image.NewUniform(color.RGBA{0, 204, 51, 255}), image.Point{}, draw.Src)
			p, err := Decode(t.Context(), asPNG(t, img))
			require.NoError(t, err)
			tensor := p.Tensor(c.height, c.width)
			require.Len(t, tensor, c.height*c.width*3)
			border := max(c.width/c.inside.Dx(), 1)
			for y := border; y < c.height-border; y++ {
				for x := border; x < c.width-border; x++ {
					at := 3 * (y*c.width + x)
					require.InDeltaSlice(t, []float32{0, 0.8, 0.2}, tensor[at:at+3], 0.01, "at %d, %d", x, y)
				}
			}
		})
	}
}

func TestTensorStaysWithinItsRange(t *testing.T) {
	t.Parallel()
	// Values of Y, Cb and Cr outside of RGB, as a JPEG may contain them.
	img := image.NewYCbCr(image.Rect(0, 0, 8, 8), image.YCbCrSubsampleRatio420)
	for i := range img.Y {
		img.Y[i] = byte(255 * (i % 2))
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = byte(255*(i%2)), byte(255*(i/2%2))
	}
	for _, v := range newPicture(img).Tensor(32, 32) {
		require.GreaterOrEqual(t, v, float32(0))
		require.LessOrEqual(t, v, float32(1))
	}
}
