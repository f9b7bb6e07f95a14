package nn

// Depthwise is a convolution of [H,W,C] maps in which each channel has its own [h,w] filter.
type Depthwise struct {
	window   Window
	channels int
	filter   []float32 // [h,w,C]
	finish   Finish
}

// NewDepthwise returns the convolution with an [h,w,channels] filter, whose h and w are those of the window.
func NewDepthwise(window Window, filter []float32, channels int, finish Finish) *Depthwise {
	return &Depthwise{window: window, channels: channels, filter: filter, finish: finish.padded(channels)}
}

// Run writes the [OutHeight,OutWidth,C] result for src, [InHeight,InWidth,C], to dst.
func (d *Depthwise) Run(team *Team, dst, src []float32) {
	w := &d.window
	team.each(w.OutHeight, func(own *scratch, y int) {
		top := y*w.StrideY - w.Top
		for x := range w.OutWidth {
			left := x*w.StrideX - w.Left
			own.positions, own.weights = own.positions[:0], own.weights[:0]
			for i := max(-top, 0); i < min(w.Height, w.InHeight-top); i++ {
				for j := max(-left, 0); j < min(w.Width, w.InWidth-left); j++ {
					own.positions = append(own.positions, ((top+i)*w.InWidth+left+j)*d.channels)
					own.weights = append(own.weights, (i*w.Width+j)*d.channels)
				}
			}
			out := dst[(y*w.OutWidth+x)*d.channels:][:d.channels]
			taps(out, src, own.positions, d.filter, own.weights, &d.finish)
		}
	})
}

// tapsGo adds up, for each channel of out starting at first, the values of src at positions times the values of filter at
// weights, adds the bias and limits the sum.
func tapsGo(out, src []float32, positions []int, filter []float32, weights []int, f *Finish, first int) {
	sums := out[first:]
	copy(sums, f.Bias[first:])
	for t, at := range positions {
		values := src[at+first:][:len(sums)]
		factors := filter[weights[t]+first:][:len(sums)]
		for c := range sums {
			sums[c] += values[c] * factors[c]
		}
	}
	for c, s := range sums {
		sums[c] = f.limit(s)
	}
}
