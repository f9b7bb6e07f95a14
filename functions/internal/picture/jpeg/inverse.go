package jpeg

import "math"

// The inverse transforms work on float32, as the coefficients come: multiplied by what the transform would else have to.

// aan are the factors that the fast transform of eight samples by Arai, Agui and Nakajima (1988) takes out of its
// rotations: 1 for the first, the square root of 2 times a cosine for the others.
var aan = func() (factors [8]float64) {
	for k := range factors {
		factors[k] = math.Sqrt2 * math.Cos(float64(k)*math.Pi/16)
	}
	factors[0] = 1
	return factors
}()

// steps makes the steps of a component for a transform to s samples each way.
func steps(quant *[64]byte, s Scale) (out [64]step) {
	const unused = 63
	for k := range out {
		row, column := int(natural[k])/8, int(natural[k])%8
		st := step{quant: int32(quant[k]), at: unused}
		switch {
		case s == 8:
			st.at, st.scale = natural[k], float32(aan[row]*aan[column]/8)
		case row < int(s) && column < int(s):
			st.at, st.scale = uint8(row*int(s)+column), 1./8
		}
		out[k] = st
	}
	return out
}

// inverse turns the coefficients of a block into samples. Those behind place last are zero.
func inverse(dst []byte, stride int, b *[64]float32, last int, s Scale) {
	switch {
	case s == 1:
		dst[0] = sample(b[0])
	case last == 0:
		flat(dst, stride, sample(b[0]), int(s))
	case s == 2:
		inverse2(dst, stride, b)
	case s == 4:
		inverse4(dst, stride, b)
	default:
		inverse8(dst, stride, b, last)
	}
}

// sample rounds a value round 0 to a sample.
func sample(v float32) byte {
	// Half of 256 is added as well as a half for rounding; negative values round towards zero, to which they are cut anyway.
	return byte(min(max(int32(v+128.5), 0), 255))
}

func flat(dst []byte, stride int, v byte, size int) {
	for range size - 1 {
		fill(dst[:size], v)
		dst = dst[stride:]
	}
	fill(dst[:size], v)
}

// inverse2 makes 2 x 2 samples.
func inverse2(dst []byte, stride int, b *[64]float32) {
	left, right := b[0]+b[1], b[0]-b[1]
	down, up := b[2]+b[3], b[2]-b[3]
	dst[0], dst[1] = sample(left+down), sample(right+up)
	dst = dst[stride : stride+2]
	dst[0], dst[1] = sample(left-down), sample(right-up)
}

// Cosine and sine of pi/8, times the square root of 2.
const (
	cos8 = math.Sqrt2 * 0.923879532511286756128183189396788933
	sin8 = math.Sqrt2 * 0.382683432365089771728459984030398866
)

// four is the inverse transform of four samples.
func four(a, b, c, d float32) (float32, float32, float32, float32) {
	even0, even1 := a+c, a-c
	odd0, odd1 := cos8*b+sin8*d, sin8*b-cos8*d
	return even0 + odd0, even1 + odd1, even1 - odd1, even0 - odd0
}

// inverse4 makes 4 x 4 samples.
func inverse4(dst []byte, stride int, b *[64]float32) {
	for i := range 4 {
		b[i], b[4+i], b[8+i], b[12+i] = four(b[i], b[4+i], b[8+i], b[12+i])
	}
	for i := range 4 {
		row := b[4*i : 4*i+4 : 4*i+4]
		out := dst[i*stride : i*stride+4 : i*stride+4]
		v0, v1, v2, v3 := four(row[0], row[1], row[2], row[3])
		out[0], out[1], out[2], out[3] = sample(v0), sample(v1), sample(v2), sample(v3)
	}
}
