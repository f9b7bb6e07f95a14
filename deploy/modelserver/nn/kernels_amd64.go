package nn

import "golang.org/x/sys/cpu"

var hasAVX2 = cpu.X86.HasAVX2 && cpu.X86.HasFMA

// tile is tileGo, using AVX2 if the processor has it.
func tile(depth int, a []float32, aStep int, panel, bias []float32, f *Finish, dst []float32, dstStep int) {
	if !hasAVX2 {
		tileGo(depth, a, aStep, panel, bias, f, dst, dstStep)
		return
	}
	// The assembly does not check bounds: these are the last elements that it accesses.
	_, _ = a[(tileRows-1)*aStep+depth-1], panel[depth*tileCols-1]
	_, _ = bias[tileCols-1], dst[(tileRows-1)*dstStep+tileCols-1]
	tileAVX2(depth, &a[0], aStep, &panel[0], &bias[0], f.Low, f.High, &dst[0], dstStep)
}

// taps is tapsGo for all channels, using AVX2 if the processor has it.
func taps(out, src []float32, positions []int, filter []float32, weights []int, f *Finish) {
	vectors := len(out) - len(out)%tileCols
	if !hasAVX2 || vectors == 0 || len(positions) == 0 {
		tapsGo(out, src, positions, filter, weights, f, 0)
		return
	}
	for t, at := range positions {
		_, _ = src[at+vectors-1], filter[weights[t]+vectors-1]
	}
	_ = f.Bias[vectors-1]
	tapsAVX2(vectors, &out[0], &src[0], &positions[0], &filter[0], &weights[0], len(positions), &f.Bias[0], f.Low, f.High)
	if vectors < len(out) {
		tapsGo(out, src, positions, filter, weights, f, vectors)
	}
}

//go:noescape
func tileAVX2(depth int, a *float32, aStep int, panel, bias *float32, low, high float32, dst *float32, dstStep int)

//go:noescape
func tapsAVX2(channels int, out, src *float32, positions *int, filter *float32, weights *int, count int, bias *float32, low, high float32)
