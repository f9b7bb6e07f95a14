package colour

// matrix maps colours of three numbers, as columns.
type matrix [3][3]float64

// d50 is the white of ICC's connection space, in XYZ (ICC.1:2022, 7.2.16).
var d50 = [3]float64{0.9642, 1, 0.8249}

// The primaries and the white of sRGB (IEC 61966-2-1), in CIE xy.
var (
	primariesSRGB = [3][2]float64{{0.64, 0.33}, {0.30, 0.60}, {0.15, 0.06}}
	whiteD65      = [2]float64{0.3127, 0.3290}
)

// bradford maps XYZ to the responses that are scaled to adapt a white (ICC.1:2022, annex E).
var bradford = matrix{{0.8951, 0.2664, -0.1614}, {-0.7502, 1.7135, 0.0367}, {0.0389, -0.0685, 1.0296}}

// toSRGB maps XYZ relative to D50 to the light of sRGB.
var toSRGB = toD50(primariesSRGB, whiteD65).inverse()

// toD50 maps the light of three primaries to XYZ relative to D50.
func toD50(primaries [3][2]float64, white [2]float64) matrix {
	xyz := func(xy [2]float64) [3]float64 { return [3]float64{xy[0] / xy[1], 1, (1 - xy[0] - xy[1]) / xy[1]} }
	columns := matrix{xyz(primaries[0]), xyz(primaries[1]), xyz(primaries[2])}.transposed()
	shares := columns.inverse().apply(xyz(white))
	for i := range columns {
		for j := range columns[i] {
			columns[i][j] *= shares[j]
		}
	}
	from, to := bradford.apply(xyz(white)), bradford.apply(d50)
	scaled := bradford
	for i := range scaled {
		for j := range scaled[i] {
			scaled[i][j] *= to[i] / from[i]
		}
	}
	return bradford.inverse().times(scaled).times(columns)
}

func (m matrix) apply(v [3]float64) (out [3]float64) {
	for i, row := range m {
		out[i] = row[0]*v[0] + row[1]*v[1] + row[2]*v[2]
	}
	return out
}

func (m matrix) times(n matrix) (out matrix) {
	for i := range out {
		for j := range out[i] {
			out[i][j] = m[i][0]*n[0][j] + m[i][1]*n[1][j] + m[i][2]*n[2][j]
		}
	}
	return out
}

func (m matrix) transposed() (out matrix) {
	for i := range out {
		for j := range out[i] {
			out[i][j] = m[j][i]
		}
	}
	return out
}

// inverse returns the inverse by Cramer's rule. It is not finite if there is none.
func (m matrix) inverse() (out matrix) {
	minor := func(i, j int) float64 {
		a, b, c, d := (i+1)%3, (i+2)%3, (j+1)%3, (j+2)%3
		return m[a][c]*m[b][d] - m[a][d]*m[b][c]
	}
	determinant := m[0][0]*minor(0, 0) + m[0][1]*minor(0, 1) + m[0][2]*minor(0, 2)
	for i := range out {
		for j := range out[i] {
			out[i][j] = minor(j, i) / determinant
		}
	}
	return out
}
