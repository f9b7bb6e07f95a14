package picture

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"snaptask/functions/internal/picture/colour"

	"github.com/stretchr/testify/require"
)

func TestFilterKeepsBrightnessAndStaysInside(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		size     int
		from, to float64
		n        int
	}{
		{1, 0, 1, 1}, {1, 0, 1, 7}, {2, 0.2, 0.3, 5}, {60000, 0, 60000, 2048}, {4000, 0, 4000, 2048}, {300, 300, 0, 300},
		{2048, 128, 1920, 224}, {31, 0, 30.5, 31}, {16, 0, 16.5, 3}, {65535, 0, 65535, 1},
	} {
		f := newFilter(c.size, c.from, c.to, c.n)
		require.Len(t, f.first, c.n)
		for i, first := range f.first {
			require.GreaterOrEqual(t, first, 0)
			require.LessOrEqual(t, first+f.taps, c.size)
			sum := 0
			for _, w := range f.weights[i*f.taps:][:f.taps] {
				sum += int(w)
			}
			require.Equal(t, 256, sum)
		}
	}
}

func TestResampleIsTheTriangleFilter(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct{ width, height, newWidth, newHeight int }{
		{64, 48, 64, 48}, {64, 48, 20, 31}, {37, 53, 36, 7}, {5, 3, 21, 17}, {200, 1, 3, 1}, {1, 200, 1, 3},
	} {
		src := plane{pix: make([]byte, c.width*c.height), stride: c.width, width: c.width, height: c.height}
		for i := range src.pix {
			src.pix[i] = byte(random.UintN(256))
		}
		dst := plane{pix: make([]byte, c.newWidth*c.newHeight), stride: c.newWidth, width: c.newWidth, height: c.newHeight}
		resample(dst, src, newFilter(c.width, 0, float64(c.width), c.newWidth),
			newFilter(c.height, 0, float64(c.height), c.newHeight), 0)
		for y := range c.newHeight {
			for x := range c.newWidth {
				want := triangleAt(src, (float64(x)+0.5)*float64(c.width)/float64(c.newWidth),
					(float64(y)+0.5)*float64(c.height)/float64(c.newHeight),
					max(float64(c.width)/float64(c.newWidth), 1), max(float64(c.height)/float64(c.newHeight), 1))
				require.InDelta(t, want, float64(dst.pix[y*dst.stride+x]), 3, "%v at %d, %d", c, x, y)
			}
		}
	}
}

// triangleAt implements the definition: the mean of all samples, weighted by a pyramid around (x, y).
func triangleAt(src plane, x, y, reachX, reachY float64) float64 {
	sum, total := 0.0, 0.0
	for sy := range src.height {
		for sx := range src.width {
			weight := max(1-math.Abs(float64(sx)+0.5-x)/reachX, 0) * max(1-math.Abs(float64(sy)+0.5-y)/reachY, 0)
			sum += weight * float64(src.pix[sy*src.stride+sx])
			total += weight
		}
	}
	return sum / total
}

// ramp is a picture whose channels encode the position: Y grows by 1 with each column, Cb by 1 and Cr by 1 with each row.
func ramp(width, height int, ratio image.YCbCrSubsampleRatio) *image.YCbCr {
	img := image.NewYCbCr(image.Rect(0, 0, width, height), ratio)
	h, v := colour.Subsampling(ratio)
	for y := range height {
		for x := range width {
			img.Y[img.YOffset(x, y)] = byte(x)
			// A shared sample stands for the middle of its pixels.
			img.Cb[img.COffset(x, y)] = byte(x/h*h + h/2)
			img.Cr[img.COffset(x, y)] = byte(y/v*v + v/2)
		}
	}
	return img
}

func TestReduceKeepsPositions(t *testing.T) {
	t.Parallel()
	const width, height = 201, 101
	ratios := []image.YCbCrSubsampleRatio{
		image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420,
		image.YCbCrSubsampleRatio440, image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410,
	}
	for _, ratio := range ratios {
		for value := 1; value <= 8; value++ {
			for _, longest := range []int{width, 100, 67} {
				t.Run(fmt.Sprintf("%v, orientation %d, %d", ratio, value, longest), func(t *testing.T) {
					t.Parallel()
					o := orientations[value]
					size := image.Pt(longest, longest*height/width)
					src := ramp(width, height, ratio)
					out := reduce(src, src.Rect, o, size)
					scale := float64(width) / float64(longest)
					for y := 3; y < out.Rect.Dy()-3; y++ {
						for x := 3; x < out.Rect.Dx()-3; x++ {
							wantX, wantY := (float64(x)+0.5)*scale, (float64(y)+0.5)*scale
							if o.transpose {
								wantX, wantY = wantY, wantX
							}
							if o.mirrorX {
								wantX = width - wantX
							}
							if o.mirrorY {
								wantY = height - wantY
							}
							require.InDelta(t, wantX, float64(out.Y[out.YOffset(x, y)])+0.5, 1.1)
							require.InDelta(t, wantX, float64(out.Cb[out.COffset(x, y)]), 2.1*scale+1)
							require.InDelta(t, wantY, float64(out.Cr[out.COffset(x, y)]), 2.1*scale+1)
						}
					}
				})
			}
		}
	}
}

func TestReduceLeavesTheSourceAlone(t *testing.T) {
	t.Parallel()
	img := ramp(100, 50, image.YCbCrSubsampleRatio420)
	before := ramp(100, 50, image.YCbCrSubsampleRatio420)
	for value := 1; value <= 8; value++ {
		reduce(img, img.Rect, orientations[value], image.Pt(100, 50))
		reduce(img, img.Rect, orientations[value], image.Pt(30, 15))
	}
	require.Equal(t, before, img)
}

func TestHalvedIsTheMeanOfFour(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for _, size := range []image.Point{{X: 1, Y: 1}, {X: 2, Y: 1}, {X: 1, Y: 2}, {X: 37, Y: 21}, {X: 64, Y: 32}} {
		src := image.NewYCbCr(image.Rectangle{Max: size}, image.YCbCrSubsampleRatio422)
		for _, c := range planes(src) {
			for i := range c.pix {
				c.pix[i] = byte(random.Uint())
			}
		}
		from := planes(src)
		for i, c := range planes(halved(src)) {
			for y := range c.height {
				for x := range c.width {
					sum := 0
					for n := range 4 {
						sum += int(from[i].pix[min(2*y+n/2, from[i].height-1)*from[i].stride+min(2*x+n%2, from[i].width-1)])
					}
					require.Equal(t, byte((sum+2)/4), c.pix[y*c.stride+x], "%v, plane %d at %d, %d", size, i, x, y)
				}
			}
		}
	}
}
