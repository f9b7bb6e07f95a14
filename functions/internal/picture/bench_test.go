package picture

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// photo is a JPEG with about as much detail as a camera's: smooth areas with some noise.
func photo(b *testing.B, width, height int) []byte {
	random := rand.New(rand.NewPCG(3, 4))
	img := image.NewYCbCr(image.Rect(0, 0, width, height), image.YCbCrSubsampleRatio420)
	for _, c := range channels(img) {
		for y := range c.height {
			for x := range c.width {
				c.pix[y*c.stride+x] = byte(64 + x*127/c.width + random.IntN(12) + (y/40%2)*20)
			}
		}
	}
	var out bytes.Buffer
	require.NoError(b, jpeg.Encode(&out, img, &jpeg.Options{Quality: 90}))
	return out.Bytes()
}

// BenchmarkPicture measures the steps that predict-image takes for a photo.
func BenchmarkPicture(b *testing.B) {
	for _, size := range []image.Point{{X: 1024, Y: 768}, {X: 4000, Y: 3000}} {
		data := photo(b, size.X, size.Y)
		p, err := Decode(b.Context(), data)
		require.NoError(b, err)
		for name, step := range map[string]func() error{
			"standard library": func() error { _, err := jpeg.Decode(bytes.NewReader(data)); return err },
			"Decode":           func() error { _, err := Decode(b.Context(), data); return err },
			"Full":             func() error { p.Full(); return nil },
			"Thumb":            func() error { p.Thumb(); return nil },
			"Tensor":           func() error { p.Tensor(384, 384); return nil },
		} {
			b.Run(fmt.Sprintf("%dx%d/%s", size.X, size.Y, name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					require.NoError(b, step())
				}
			})
		}
	}
}
