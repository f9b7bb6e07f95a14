package nn

import "math"

// Finish is the last step of a layer: it adds each channel's bias and limits the result to Low..High.
// Use NewFinish: the zero value limits everything to 0.
type Finish struct {
	Bias      []float32 // one for each channel; nil for none
	Low, High float32   // 0 and 6 for Relu6
}

// NewFinish returns a Finish that changes nothing.
func NewFinish() Finish {
	return Finish{Low: float32(math.Inf(-1)), High: float32(math.Inf(1))}
}

// padded returns the same finish with a bias for every channel, padded with zeros to a multiple of tileCols.
func (f Finish) padded(channels int) Finish {
	bias := make([]float32, roundUp(channels, tileCols))
	copy(bias, f.Bias)
	f.Bias = bias
	return f
}

// limit returns x limited to Low..High; NaN stays NaN.
func (f *Finish) limit(x float32) float32 { return min(max(x, f.Low), f.High) }

func roundUp(n, multiple int) int { return (n + multiple - 1) / multiple * multiple }
