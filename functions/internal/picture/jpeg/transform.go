package jpeg

import "math"

// The transforms of eight samples are those of Arai, Agui and Nakajima (1988), in float32. Their coefficients carry the
// factors aan, which steps and File.tables multiply into the quantisation.
//
//	aan[0] = 1, aan[k] = sqrt(2) cos(k pi / 16)
var aan = func() (factors [8]float64) {
	for k := range factors {
		factors[k] = math.Sqrt2 * math.Cos(float64(k)*math.Pi/16)
	}
	factors[0] = 1
	return factors
}()

// The rotations of the transforms.
const (
	rotate45 = math.Sqrt2                            // 2 cos(pi/4)
	rotate22 = 1.84775906502257351225636637879357657 // 2 cos(pi/8)
	rotate67 = 1.08239220029239396879944641073277884 // 2 (cos(pi/8) - cos(3 pi/8))
	rotate11 = 2.61312592975275305571328634685437430 // 2 (cos(pi/8) + cos(3 pi/8))

	cos8 = math.Sqrt2 * 0.923879532511286756128183189396788933 // sqrt(2) cos(pi/8)
	sin8 = math.Sqrt2 * 0.382683432365089771728459984030398866 // sqrt(2) sin(pi/8)
)

// forward transforms a block of samples in place: rows first, then columns. The result carries aan and a factor of 8.
func forward(b *[64]float32) {
	for i := range 8 {
		r := (*[8]float32)(b[8*i:])
		r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7] = forward8(r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7])
	}
	for i := range 8 {
		c := (*[57]float32)(b[i:])
		c[0], c[8], c[16], c[24], c[32], c[40], c[48], c[56] = forward8(c[0], c[8], c[16], c[24], c[32], c[40], c[48], c[56])
	}
}

func forward8(v0, v1, v2, v3, v4, v5, v6, v7 float32) (c0, c1, c2, c3, c4, c5, c6, c7 float32) {
	sum07, difference07 := v0+v7, v0-v7
	sum16, difference16 := v1+v6, v1-v6
	sum25, difference25 := v2+v5, v2-v5
	sum34, difference34 := v3+v4, v3-v4

	outer, outerDifference := sum07+sum34, sum07-sum34
	inner, innerDifference := sum16+sum25, sum16-sum25
	turned := (innerDifference + outerDifference) * (rotate45 / 2)

	odd0, odd1, odd2 := difference34+difference25, difference25+difference16, difference16+difference07
	both := (odd0 - odd2) * ((rotate11 - rotate67) / 4)
	low, high := odd0*(rotate67/2)+both, odd2*(rotate11/2)+both
	middle := odd1 * (rotate45 / 2)
	near, far := difference07+middle, difference07-middle
	return outer + inner, near + high, outerDifference + turned, far - low, outer - inner, far + low, outerDifference - turned, near - high
}

// inverse writes the samples of a block to dst, s x s of them. Coefficients after zigzag place last are zero; the others are
// multiplied by the scale of their step.
func inverse(dst []byte, stride int, b *[64]float32, last int, s Scale) {
	switch {
	case last == 0:
		for y := range int(s) {
			fill(dst[y*stride:][:s], sample(b[0]))
		}
	case s == 8:
		inverse8(dst, stride, b, last)
	case s == 4:
		for i := range 4 {
			b[i], b[4+i], b[8+i], b[12+i] = four(b[i], b[4+i], b[8+i], b[12+i])
		}
		for i := range 4 {
			row, out := (*[4]float32)(b[4*i:]), (*[4]byte)(dst[i*stride:])
			v0, v1, v2, v3 := four(row[0], row[1], row[2], row[3])
			out[0], out[1], out[2], out[3] = sample(v0), sample(v1), sample(v2), sample(v3)
		}
	case s == 2:
		left, right, down, up := b[0]+b[1], b[0]-b[1], b[2]+b[3], b[2]-b[3]
		dst[0], dst[1] = sample(left+down), sample(right+up)
		dst[stride], dst[stride+1] = sample(left-down), sample(right-up)
	default:
		dst[0] = sample(b[0])
	}
}

// sample rounds a value from -128 to 127 to a sample.
func sample(v float32) byte {
	// Half of 256 is added as well as a half for rounding; negative values round towards zero, to which they are clamped anyway.
	return byte(min(max(int32(v+128.5), 0), 255))
}

func fill(pix []byte, v byte) {
	for i := range pix {
		pix[i] = v
	}
}

// four is the inverse transform of four samples.
func four(a, b, c, d float32) (float32, float32, float32, float32) {
	even0, even1 := a+c, a-c
	odd0, odd1 := cos8*b+sin8*d, sin8*b-cos8*d
	return even0 + odd0, even1 + odd1, even1 - odd1, even0 - odd0
}

// inverse8 makes 8 x 8 samples: columns first, then rows.
func inverse8(dst []byte, stride int, b *[64]float32, last int) {
	columns := 8
	if last < 10 {
		columns = 4 // the first ten places in zigzag order lie in the upper left quarter
	}
	for i := range columns {
		c := (*[57]float32)(b[i:])
		c[0], c[8], c[16], c[24], c[32], c[40], c[48], c[56] = eight(c[0], c[8], c[16], c[24], c[32], c[40], c[48], c[56])
	}
	for i := range 8 {
		r, out := (*[8]float32)(b[8*i:]), (*[8]byte)(dst[i*stride:])
		v0, v1, v2, v3, v4, v5, v6, v7 := eight(r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7])
		out[0], out[1], out[2], out[3] = sample(v0), sample(v1), sample(v2), sample(v3)
		out[4], out[5], out[6], out[7] = sample(v4), sample(v5), sample(v6), sample(v7)
	}
}

// eight is the inverse transform of eight samples.
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
