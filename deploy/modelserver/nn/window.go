package nn

// Window describes how a filter moves over a feature map.
type Window struct {
	InHeight, InWidth   int
	OutHeight, OutWidth int
	Height, Width       int // of the filter
	StrideY, StrideX    int
	Top, Left           int // rows and columns of zeros before the map
}

// NewWindow returns the window of a height x width filter over an inHeight x inWidth map. Padding SAME keeps ceil(in/stride)
// positions, with the odd row or column of zeros after the map; VALID has no zeros, and no positions (OutHeight or
// OutWidth < 1) when the filter is larger than the map. As tf.nn.convolution defines them.
func NewWindow(inHeight, inWidth, height, width, strideY, strideX int, same bool) Window {
	w := Window{
		InHeight: inHeight, InWidth: inWidth, Height: height, Width: width, StrideY: strideY, StrideX: strideX,
		OutHeight: (inHeight-height)/strideY + 1, OutWidth: (inWidth-width)/strideX + 1,
	}
	if inHeight < height {
		w.OutHeight = 0
	}
	if inWidth < width {
		w.OutWidth = 0
	}
	if same {
		w.OutHeight, w.Top = samePadding(inHeight, height, strideY)
		w.OutWidth, w.Left = samePadding(inWidth, width, strideX)
	}
	return w
}

func samePadding(in, filter, stride int) (out, before int) {
	out = (in + stride - 1) / stride
	return out, max((out-1)*stride+filter-in, 0) / 2
}
