package picture

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// photo is one of the project's photos, scaled to another size, with noise like a camera sensor's.
func photo(b *testing.B, width, height int) []byte {
	file, err := os.Open(filepath.Join("..", "..", "..", "webapp", "e2e", "photos", "landscape.jpg"))
	require.NoError(b, err)
	defer file.Close()
	shipped, err := jpeg.Decode(file)
	require.NoError(b, err)
	src := shipped.(*image.YCbCr)
	random := rand.New(rand.NewPCG(3, 4))
	img := reducePlanes(src, asStored, image.Pt(width, height), image.YCbCrSubsampleRatio420)
	for i, v := range img.Y {
		img.Y[i] = byte(min(max(int(v)+random.IntN(17)-8, 0), 255))
	}
	var out bytes.Buffer
	require.NoError(b, jpeg.Encode(&out, img, &jpeg.Options{Quality: 90}))
	return out.Bytes()
}

// cpu is the CPU time of this process so far, in milliseconds.
func cpu(b *testing.B) float64 {
	var used syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return float64(used.Utime.Nano()+used.Stime.Nano()) / 1e6
}

// BenchmarkPicture measures the steps of predict-image for a photo, in CPU time too, because the garbage collector runs
// concurrently.
func BenchmarkPicture(b *testing.B) {
	for _, size := range []image.Point{{X: 1024, Y: 683}, {X: 2048, Y: 1365}, {X: 4000, Y: 3000}} {
		data := photo(b, size.X, size.Y)
		p, err := Decode(b.Context(), data)
		require.NoError(b, err)
		encodedAgain := newPicture(p.img)
		for _, step := range []struct {
			name string
			take func() error
		}{
			{"image/jpeg", func() error { _, err := jpeg.Decode(bytes.NewReader(data)); return err }},
			{"Decode", func() error { _, err := Decode(b.Context(), data); return err }},
			{"Full", func() error { encodedAgain.Full(); return nil }},
			{"Thumb", func() error { p.Thumb(); return nil }},
			{"Tensor", func() error { p.Tensor(384, 384); return nil }},
			{"all", func() error {
				p, err := Decode(b.Context(), data)
				p.Full()
				p.Thumb()
				p.Tensor(384, 384)
				return err
			}},
		} {
			b.Run(fmt.Sprintf("%dx%d/%s", size.X, size.Y, step.name), func(b *testing.B) {
				b.ReportAllocs()
				before := cpu(b)
				for b.Loop() {
					require.NoError(b, step.take())
				}
				b.ReportMetric((cpu(b)-before)/float64(b.N), "cpu-ms/op")
			})
		}
	}
}
