package colour

import "math"

// Chromaticities are what PNG's cHRM contains, in CIE xy.
type Chromaticities struct {
	White     [2]float64
	Primaries [3][2]float64 // red, green, blue
}

// PrimariesByCode are the colours of ITU-T H.273, table 2: those of sRGB, of Rec. 2020 and of Display P3.
var PrimariesByCode = map[byte]Chromaticities{
	1:  {whiteD65, primariesSRGB},
	9:  {whiteD65, [3][2]float64{{0.708, 0.292}, {0.170, 0.797}, {0.131, 0.046}}},
	12: {whiteD65, [3][2]float64{{0.680, 0.320}, {0.265, 0.690}, {0.150, 0.060}}},
}

// OfPNG returns the colour space of PNG's gAMA and cHRM (PNG specification, third edition, 11.3.2). The exponent is gAMA's,
// the inverse of a display's; 0 stands for none, nil for no cHRM. It returns nil for sRGB and for values that make no sense.
func OfPNG(exponent float64, c *Chromaticities) *Space {
	light := curveSRGB
	// Writers mean sRGB's curve by its nearest exponent, 1/2.2.
	const nearest, tolerance = 1 / 2.2, 0.01
	if exponent > 0 && math.Abs(exponent-nearest) > tolerance {
		light = gammaCurve(1 / exponent)
	}
	mapped := matrix{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}
	if c != nil {
		mapped = toSRGB.times(toD50(c.Primaries, c.White))
	}
	return newSpace([3]curve{light, light, light}, mapped)
}
