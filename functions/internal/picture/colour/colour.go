// Package colour converts pictures to sRGB from the colour spaces that cameras, telephones and editors use: those of ICC
// profiles with a matrix and tone curves, such as Display P3, Adobe RGB and ProPhoto, grey ones, and those of PNG's gAMA and
// cHRM. A profile that consists of tables only, as those of scanners and printers do, is ignored, and so is a damaged one.
//
// The results are those of Little CMS, which Pillow's ImageCms uses, for relative colorimetric rendering: what sRGB can't show
// is clipped.
package colour

import "math"

// Model is the colour model of a picture's samples.
type Model string

// Models of pictures, by their signatures in ICC profiles.
const (
	Grey Model = "GRAY"
	RGB  Model = "RGB "
)

// Space is a colour space that differs from sRGB.
type Space struct {
	linear [3][256]float32 // by channel and sample: the light, 0..1
	matrix [3][3]float32   // from the light of the space to that of sRGB
}

// newSpace returns the space with the given curves and matrix. It returns nil if that is sRGB, or makes no sense.
func newSpace(curves [3]curve, matrix matrix) *Space {
	const largest = 100 // far more than between the primaries of any two displays
	var s Space
	valid := true
	for c, light := range curves {
		for v := range 256 {
			l := light(float64(v) / 255)
			valid = valid && !math.IsNaN(l)
			s.linear[c][v] = float32(min(max(l, 0), 1))
		}
	}
	for i, row := range matrix {
		for j, v := range row {
			valid = valid && math.Abs(v) < largest
			s.matrix[i][j] = float32(v)
		}
	}
	if !valid || s.identity() {
		return nil
	}
	return &s
}

// identity reports whether the space is sRGB but for rounding.
func (s *Space) identity() bool {
	const step = 51
	for r := 0; r < 256; r += step {
		for g := 0; g < 256; g += step {
			for b := 0; b < 256; b += step {
				r2, g2, b2 := s.convert(byte(r), byte(g), byte(b))
				if far(r, r2) || far(g, g2) || far(b, b2) {
					return false
				}
			}
		}
	}
	return true
}

func far(a int, b byte) bool { return a-int(b) > 1 || int(b)-a > 1 }

// convert returns the sRGB samples of a pixel.
func (s *Space) convert(r, g, b byte) (r2, g2, b2 byte) {
	x, y, z := s.linear[0][r], s.linear[1][g], s.linear[2][b]
	m := &s.matrix
	return encoded(m[0][0]*x + m[0][1]*y + m[0][2]*z), encoded(m[1][0]*x + m[1][1]*y + m[1][2]*z),
		encoded(m[2][0]*x + m[2][1]*y + m[2][2]*z)
}

// lightSteps is the resolution of samples: at its steepest, sRGB's curve rises by 0.2 between two of them.
const lightSteps = 1 << 14

// samples are the sRGB samples by light.
var samples = func() (s [lightSteps + 1]byte) {
	for i := range s {
		s[i] = byte(math.Round(255 * fromLight(float64(i)/lightSteps)))
	}
	return s
}()

func encoded(light float32) byte {
	return samples[int(min(max(light, 0), 1)*lightSteps+0.5)]
}

// fromLight is the curve of sRGB, from light to value (IEC 61966-2-1).
func fromLight(v float64) float64 {
	if v <= 0.0031308 {
		return 12.92 * v
	}
	return 1.055*math.Pow(v, 1/2.4) - 0.055
}

// curve returns the light of a value; both are 0..1.
type curve func(value float64) (light float64)

// curveSRGB is the inverse of fromLight.
func curveSRGB(v float64) float64 {
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

func gammaCurve(gamma float64) curve {
	return func(v float64) float64 { return math.Pow(v, gamma) }
}
