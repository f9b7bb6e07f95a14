package jpeg

import (
	"image"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEncodeIsAsGoodAsTheStandardLibrary(t *testing.T) {
	t.Parallel()
	for _, quality := range []int{1, 50, 80, 88, 100} {
		for _, size := range []image.Point{{X: 1, Y: 1}, {X: 16, Y: 16}, {X: 17, Y: 1}, {X: 1, Y: 33}, {X: 75, Y: 61}, {X: 128, Y: 96}} {
			img := mixed(size.X, size.Y)
			got, want := Encode(img, quality), encoded(t, img, quality)
			require.InEpsilon(t, len(want), len(got), 0.02)
			back := decoded(t, got)
			require.Equal(t, img.Rect, back.Bounds())
			require.InDelta(t, distance(t, img, decoded(t, want)), distance(t, img, back), 0.5, "quality %d, %v", quality, size)
			requireSame(t, back, open(t, got, 8))
		}
	}
}

// distance is the mean difference of two pictures' samples.
func distance(t *testing.T, a, b image.Image) float64 {
	sum, n := 0.0, 0
	other := planes(t, b)
	for i, rows := range planes(t, a) {
		for y, row := range rows {
			for x, v := range row {
				sum += max(float64(v)-float64(other[i][y][x]), float64(other[i][y][x])-float64(v))
				n++
			}
		}
	}
	return sum / float64(n)
}

func TestEncodeWritesEveryValue(t *testing.T) {
	t.Parallel()
	// Blocks of extreme samples, in patterns that yield the largest possible coefficients.
	img := image.NewYCbCr(image.Rect(0, 0, 256, 64), image.YCbCrSubsampleRatio420)
	for i := range img.Y {
		x, y := i%img.YStride, i/img.YStride
		if (x/8*x/4+y/8*y/2)%2 == 1 {
			img.Y[i] = 255
		}
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = byte(255*(i/8%2)), byte(255*(i%2))
	}
	require.Less(t, distance(t, img, decoded(t, Encode(img, 100))), 1.0)
}

func TestEncodeAcceptsASubImage(t *testing.T) {
	t.Parallel()
	img := mixed(64, 64)
	img.Rect = image.Rect(0, 0, 31, 17)
	require.Equal(t, Encode(mixed(64, 64), 80)[:10], Encode(img, 80)[:10])
	require.Equal(t, img.Rect, decoded(t, Encode(img, 80)).Bounds())
	require.Less(t, distance(t, img, decoded(t, Encode(img, 100))), 1.0)
}

func TestEncodeKeepsFullChroma(t *testing.T) {
	t.Parallel()
	for _, size := range []image.Point{{X: 1, Y: 1}, {X: 8, Y: 8}, {X: 17, Y: 9}, {X: 75, Y: 61}} {
		img := image.NewYCbCr(image.Rectangle{Max: size}, image.YCbCrSubsampleRatio444)
		for i := range img.Y {
			x, y := i%img.YStride, i/img.YStride
			img.Y[i], img.Cb[i], img.Cr[i] = byte(3*x+y), byte(100+50*(x/3%2)), byte(100+50*(y/2%2))
		}
		data := Encode(img, 95)
		back := decoded(t, data)
		require.Equal(t, img.SubsampleRatio, back.(*image.YCbCr).SubsampleRatio)
		require.Equal(t, img.Rect, back.Bounds())
		require.Less(t, distance(t, img, back), 3.0)
		requireSame(t, back, open(t, data, 8))
	}
}
