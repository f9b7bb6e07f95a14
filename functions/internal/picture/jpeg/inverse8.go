package jpeg

import "math"

// inverse8 makes 8 x 8 samples: columns first, then rows.
func inverse8(dst []byte, stride int, b *[64]float32, last int) {
	columns := 8
	if last < 10 {
		columns = 4 // the first ten places in zigzag order lie in the upper left quarter
	}
	for i := range columns {
		column := (*[57]float32)(b[i : i+57])
		if last < 10 {
			column[0], column[8], column[16], column[24], column[32], column[40], column[48], column[56] = eightOfFour(
				column[0], column[8], column[16], column[24])
			continue
		}
		column[0], column[8], column[16], column[24], column[32], column[40], column[48], column[56] = eight(
			column[0], column[8], column[16], column[24], column[32], column[40], column[48], column[56])
	}
	for i := range 8 {
		row := (*[8]float32)(b[8*i : 8*i+8])
		out := (*[8]byte)(dst[i*stride : i*stride+8])
		var v0, v1, v2, v3, v4, v5, v6, v7 float32
		if last < 10 {
			v0, v1, v2, v3, v4, v5, v6, v7 = eightOfFour(row[0], row[1], row[2], row[3])
		} else {
			v0, v1, v2, v3, v4, v5, v6, v7 = eight(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7])
		}
		out[0], out[1], out[2], out[3] = sample(v0), sample(v1), sample(v2), sample(v3)
		out[4], out[5], out[6], out[7] = sample(v4), sample(v5), sample(v6), sample(v7)
	}
}

// The rotations of eight.
const (
	rotate45 = math.Sqrt2                            // 2 cos(pi/4)
	rotate22 = 1.84775906502257351225636637879357657 // 2 cos(pi/8)
	rotate67 = 1.08239220029239396879944641073277884 // 2 (cos(pi/8) - cos(3 pi/8))
	rotate11 = 2.61312592975275305571328634685437430 // 2 (cos(pi/8) + cos(3 pi/8))
)

// eight is the inverse transform of eight samples by Arai, Agui and Nakajima, whose coefficients come multiplied by aan.
func eight(c0, c1, c2, c3, c4, c5, c6, c7 float32) (v0, v1, v2, v3, v4, v5, v6, v7 float32) {
	sum04, difference04 := c0+c4, c0-c4
	sum26 := c2 + c6
	turned26 := (c2-c6)*rotate45 - sum26
	even0, even3 := sum04+sum26, sum04-sum26
	even1, even2 := difference04+turned26, difference04-turned26

	sum53, difference53 := c5+c3, c5-c3
	sum17, difference17 := c1+c7, c1-c7
	odd0 := sum17 + sum53
	both := (difference53 + difference17) * rotate22
	odd1 := both - difference53*rotate11 - odd0
	odd2 := (sum17-sum53)*rotate45 - odd1
	odd3 := both - difference17*rotate67 - odd2
	return even0 + odd0, even1 + odd1, even2 + odd2, even3 + odd3, even3 - odd3, even2 - odd2, even1 - odd1, even0 - odd0
}

// eightOfFour is eight where the last four coefficients are zero.
func eightOfFour(c0, c1, c2, c3 float32) (v0, v1, v2, v3, v4, v5, v6, v7 float32) {
	turned2 := c2*rotate45 - c2
	even0, even3 := c0+c2, c0-c2
	even1, even2 := c0+turned2, c0-turned2

	odd0 := c1 + c3
	both := (c1 - c3) * rotate22
	odd1 := both + c3*rotate11 - odd0
	odd2 := (c1-c3)*rotate45 - odd1
	odd3 := both - c1*rotate67 - odd2
	return even0 + odd0, even1 + odd1, even2 + odd2, even3 + odd3, even3 - odd3, even2 - odd2, even1 - odd1, even0 - odd0
}
