//go:build !amd64

package nn

func tile(depth int, a []float32, aStep int, panel, bias []float32, f *Finish, dst []float32, dstStep int) {
	tileGo(depth, a, aStep, panel, bias, f, dst, dstStep)
}

func taps(out, src []float32, positions []int, filter []float32, weights []int, f *Finish) {
	tapsGo(out, src, positions, filter, weights, f, 0)
}
