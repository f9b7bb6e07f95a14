package nn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestConvolutionsMatchTheDefinition compares with plain sums, for filters, strides, paddings and sizes that reach every edge of
// the tiles.
func TestConvolutionsMatchTheDefinition(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, size := range []struct{ height, width, in, out int }{{1, 1, 5, 33}, {7, 7, 16, 16}, {9, 6, 3, 24}, {13, 10, 17, 40}} {
		for _, filter := range [][2]int{{1, 1}, {3, 3}, {5, 5}, {2, 4}} {
			for _, stride := range [][2]int{{1, 1}, {2, 2}, {3, 1}} {
				for _, same := range []bool{true, false} {
					w := NewWindow(size.height, size.width, filter[0], filter[1], stride[0], stride[1], same)
					if w.OutHeight < 1 || w.OutWidth < 1 {
						continue
					}
					t.Run(fmt.Sprintf("%v filter %v stride %v same %v", size, filter, stride, same), func(t *testing.T) {
						src := numbers(random, size.height*size.width*size.in)
						weights := numbers(random, filter[0]*filter[1]*size.in*size.out)
						finish := Finish{Bias: numbers(random, size.out), Low: 0, High: 1.5}
						want := reference(w, src, weights, size.in, size.out, finish, same)
						for _, goroutines := range []int{1, 4} {
							dst := make([]float32, len(want))
							NewConv2D(w, weights, size.in, size.out, finish).Run(NewTeam(goroutines), dst, src)
							require.InDeltaSlice(t, want, dst, 1e-4)
						}

						weights = weights[:filter[0]*filter[1]*size.in]
						finish.Bias = numbers(random, size.in)
						want = reference(w, src, spread(weights, size.in), size.in, size.in, finish, same)
						dst := make([]float32, len(want))
						NewDepthwise(w, weights, size.in, finish).Run(NewTeam(2), dst, src)
						require.InDeltaSlice(t, want, dst, 1e-4)
					})
				}
			}
		}
	}
}

// reference computes a convolution by definition: pad the map with zeros, then add up at every position.
func reference(w Window, src, weights []float32, in, out int, finish Finish, same bool) []float32 {
	top, left := 0, 0
	if same {
		top = max((int(math.Ceil(float64(w.InHeight)/float64(w.StrideY)))-1)*w.StrideY+w.Height-w.InHeight, 0) / 2
		left = max((int(math.Ceil(float64(w.InWidth)/float64(w.StrideX)))-1)*w.StrideX+w.Width-w.InWidth, 0) / 2
	}
	dst := make([]float32, w.OutHeight*w.OutWidth*out)
	for i := range dst {
		o, x, y := i%out, i/out%w.OutWidth, i/out/w.OutWidth
		sum := float64(finish.Bias[o])
		for dy := range w.Height {
			for dx := range w.Width {
				sy, sx := y*w.StrideY+dy-top, x*w.StrideX+dx-left
				if sy < 0 || sx < 0 || sy >= w.InHeight || sx >= w.InWidth {
					continue
				}
				for c := range in {
					sum += float64(src[(sy*w.InWidth+sx)*in+c]) * float64(weights[((dy*w.Width+dx)*in+c)*out+o])
				}
			}
		}
		dst[i] = float32(min(max(sum, float64(finish.Low)), float64(finish.High)))
	}
	return dst
}

// spread converts a depthwise filter to a full one, with zeros between different channels.
func spread(depthwise []float32, channels int) []float32 {
	full := make([]float32, len(depthwise)*channels)
	for i, v := range depthwise {
		full[i*channels+i%channels] = v
	}
	return full
}

func TestWindowCountsPositionsAsTensorFlowDoes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in, filter, stride int
		same               bool
		out, before        int
	}{
		{224, 3, 2, true, 112, 0},
		{112, 5, 2, true, 56, 1},
		{7, 3, 1, true, 7, 1},
		{10, 3, 3, true, 4, 1},
		{10, 3, 3, false, 3, 0},
		{2, 3, 1, false, 0, 0},
		{2, 9, 4, false, 0, 0},
	} {
		w := NewWindow(c.in, c.in, c.filter, c.filter, c.stride, c.stride, c.same)
		require.Equal(t, []int{c.out, c.out, c.before, c.before}, []int{w.OutHeight, w.OutWidth, w.Top, w.Left}, "%+v", c)
	}
}

// TestKernelsMatchPlainGo compares this processor's kernels with the plain loops.
func TestKernelsMatchPlainGo(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for _, depth := range []int{1, 2, 7, 96} {
		a, panel, bias := numbers(random, tileRows*depth), numbers(random, depth*tileCols), numbers(random, tileCols)
		finish := Finish{Low: -1, High: 1}
		want, got := make([]float32, tileRows*tileCols), make([]float32, tileRows*tileCols)
		tileGo(depth, a, depth, panel, bias, &finish, want, tileCols)
		tile(depth, a, depth, panel, bias, &finish, got, tileCols)
		require.InDeltaSlice(t, want, got, 1e-4)
	}
	for _, channels := range []int{1, 15, 16, 40, 96} {
		src, filter := numbers(random, 9*channels), numbers(random, 4*channels)
		positions, weights := []int{0, 5 * channels, 8 * channels}, []int{3 * channels, 0, channels}
		finish := Finish{Bias: numbers(random, channels), Low: -1, High: 1}
		want, got := make([]float32, channels), make([]float32, channels)
		tapsGo(want, src, positions, filter, weights, &finish, 0)
		taps(got, src, positions, filter, weights, &finish)
		require.InDeltaSlice(t, want, got, 1e-5)
	}
}

func TestNaNStaysNaN(t *testing.T) {
	t.Parallel()
	nan := float32(math.NaN())
	src := make([]float32, 16)
	src[3] = nan
	finish := Finish{Low: 0, High: 6}
	dst := make([]float32, 16)
	window := NewWindow(1, 1, 1, 1, 1, 1, true)

	NewDepthwise(window, make([]float32, 16), 16, finish).Run(NewTeam(1), dst, src)
	require.True(t, math.IsNaN(float64(dst[3])))
	require.Zero(t, dst[4])

	NewConv2D(window, make([]float32, 256), 16, 16, finish).Run(NewTeam(1), dst, src)
	require.True(t, math.IsNaN(float64(dst[0])))
}

func TestSimpleLayers(t *testing.T) {
	t.Parallel()
	src := []float32{1, -2, 3, -4, 5, 9}
	dst := make([]float32, len(src))

	Shift(dst, src, Finish{Low: 0, High: 6})
	require.Equal(t, []float32{1, 0, 3, 0, 5, 6}, dst)
	finish := NewFinish()
	finish.Bias = []float32{-1}
	Shift(dst, src, finish)
	require.Equal(t, []float32{0, -3, 2, -5, 4, 8}, dst)
	finish.Bias = []float32{1, 2, 3}
	Shift(dst, src, finish)
	require.Equal(t, []float32{2, 0, 6, -3, 7, 12}, dst)

	Add(dst, src, src, Finish{Low: 0, High: 6})
	require.Equal(t, []float32{2, 0, 6, 0, 6, 6}, dst)
	Subtract(dst, src, []float32{1, 1, 1, 1, 1, 1})
	require.Equal(t, []float32{0, -3, 2, -5, 4, 8}, dst)

	mean := make([]float32, 3)
	Mean(mean, src)
	require.Equal(t, []float32{-1.5, 1.5, 6}, mean)
}

func numbers(random *rand.Rand, n int) []float32 {
	all := make([]float32, n)
	for i := range all {
		all[i] = random.Float32()*2 - 1
	}
	return all
}
