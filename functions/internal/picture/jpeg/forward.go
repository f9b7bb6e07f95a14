package jpeg

// forward is the transform that eight undoes: of eight samples by Arai, Agui and Nakajima. Its coefficients come multiplied
// by aan and by the square root of 8.
func forward(v0, v1, v2, v3, v4, v5, v6, v7 float32) (c0, c1, c2, c3, c4, c5, c6, c7 float32) {
	sum07, difference07 := v0+v7, v0-v7
	sum16, difference16 := v1+v6, v1-v6
	sum25, difference25 := v2+v5, v2-v5
	sum34, difference34 := v3+v4, v3-v4

	outer, outerDifference := sum07+sum34, sum07-sum34
	inner, innerDifference := sum16+sum25, sum16-sum25
	turned := (innerDifference + outerDifference) * (rotate45 / 2)

	odd0, odd1, odd2 := difference34+difference25, difference25+difference16, difference16+difference07
	both := (odd0 - odd2) * sin22
	low, high := odd0*turnLow+both, odd2*turnHigh+both
	middle := odd1 * (rotate45 / 2)
	near, far := difference07+middle, difference07-middle
	return outer + inner, near + high, outerDifference + turned, far - low, outer - inner, far + low, outerDifference - turned, near - high
}

// The rotations of forward.
const (
	sin22    = (rotate11 - rotate67) / 4 // sin(pi/8)
	turnLow  = rotate67 / 2              // cos(pi/8) - sin(pi/8)
	turnHigh = rotate11 / 2              // cos(pi/8) + sin(pi/8)
)

// transform makes the coefficients of a block of samples in place: rows first, then columns.
func transform(b *[64]float32) {
	for i := range 8 {
		row := (*[8]float32)(b[8*i : 8*i+8])
		row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7] = forward(
			row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7])
	}
	for i := range 8 {
		column := (*[57]float32)(b[i : i+57])
		column[0], column[8], column[16], column[24], column[32], column[40], column[48], column[56] = forward(
			column[0], column[8], column[16], column[24], column[32], column[40], column[48], column[56])
	}
}
