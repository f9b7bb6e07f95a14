package nn

// Conv2D is a convolution of [H,W,in] maps with an [h,w,in,out] filter.
type Conv2D struct {
	window  Window
	in      int
	weights matrix
	finish  Finish
}

// NewConv2D returns the convolution with an [h,w,in,out] filter, whose h and w are those of the window. The product of a
// vector and an [in,out] matrix is a convolution with a window of 1 x 1 over a map of 1 x 1.
func NewConv2D(window Window, filter []float32, in, out int, finish Finish) *Conv2D {
	return &Conv2D{
		window: window, in: in,
		weights: newMatrix(filter, window.Height*window.Width*in, out),
		finish:  finish.padded(out),
	}
}

// patchFloats limits the patches that a member of the team lays out at a time, so that they stay in its cache.
const patchFloats = 16 << 10

// Run writes the [OutHeight,OutWidth,out] result for src, [InHeight,InWidth,in], to dst.
func (c *Conv2D) Run(team *Team, dst, src []float32) {
	pixels := c.window.OutHeight * c.window.OutWidth
	share := (pixels + 2*len(team.members) - 1) / (2 * len(team.members))
	block := roundUp(max(min(share, patchFloats/c.weights.depth), 1), tileRows)
	team.each((pixels+block-1)/block, func(own *scratch, item int) {
		first := item * block
		rows := min(block, pixels-first)
		patches := c.patches(own, src, first, rows)
		c.weights.multiply(dst[first*c.weights.cols:], patches, rows, &c.finish)
	})
}

// patches returns the inputs of the filter for rows output pixels, starting at first, one row for each pixel.
func (c *Conv2D) patches(own *scratch, src []float32, first, rows int) []float32 {
	w, depth := &c.window, c.weights.depth
	if w.Height == 1 && w.Width == 1 && w.StrideY == 1 && w.StrideX == 1 {
		return src[first*depth:] // the map itself has this layout
	}
	if need := rows * depth; cap(own.patches) < need {
		own.patches = make([]float32, need)
	}
	all := own.patches[:rows*depth]
	for r := range rows {
		patch := all[r*depth : (r+1)*depth]
		top := (first+r)/w.OutWidth*w.StrideY - w.Top
		left := (first+r)%w.OutWidth*w.StrideX - w.Left
		from, to := max(left, 0), min(left+w.Width, w.InWidth)
		for y := range w.Height {
			line := patch[y*w.Width*c.in : (y+1)*w.Width*c.in]
			if top+y < 0 || top+y >= w.InHeight || from >= to {
				clear(line)
				continue
			}
			clear(line[:(from-left)*c.in])
			copy(line[(from-left)*c.in:], src[((top+y)*w.InWidth+from)*c.in:((top+y)*w.InWidth+to)*c.in])
			clear(line[(to-left)*c.in:])
		}
	}
	return all
}
