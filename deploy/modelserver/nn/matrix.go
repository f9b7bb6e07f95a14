package nn

// A tile is the part of a product that is accumulated in registers.
const (
	tileRows = 4
	tileCols = 16
)

// matrix is a [depth,cols] matrix of weights. Its columns lie in panels of tileCols, each panel row by row, so that a
// tile reads memory in order; the last panel is filled up with zeros.
type matrix struct {
	depth, cols int
	panels      []float32
}

// newMatrix lays out values, which are [depth,cols] in row-major order.
func newMatrix(values []float32, depth, cols int) matrix {
	m := matrix{depth: depth, cols: cols, panels: make([]float32, depth*roundUp(cols, tileCols))}
	for r := range depth {
		for c := 0; c < cols; c += tileCols {
			row := values[r*cols+c : r*cols+min(c+tileCols, cols)]
			copy(m.panels[c*depth+r*tileCols:], row)
		}
	}
	return m
}

// multiply writes the [rows,cols] product of a, [rows,depth], and m to dst, finished by f, which must be padded.
func (m *matrix) multiply(dst, a []float32, rows int, f *Finish) {
	var edge [tileRows * tileCols]float32
	whole := rows - rows%tileRows
	for c := 0; c < m.cols; c += tileCols {
		panel := m.panels[c*m.depth : (c+tileCols)*m.depth]
		bias := f.Bias[c : c+tileCols]
		width := min(tileCols, m.cols-c)
		for r := 0; r < whole; r += tileRows {
			if width == tileCols {
				tile(m.depth, a[r*m.depth:], m.depth, panel, bias, f, dst[r*m.cols+c:], m.cols)
				continue
			}
			tile(m.depth, a[r*m.depth:], m.depth, panel, bias, f, edge[:], tileCols)
			for i := range tileRows {
				copy(dst[(r+i)*m.cols+c:][:width], edge[i*tileCols:])
			}
		}
		for r := whole; r < rows; r++ {
			// A step of 0 between rows makes the tile compute this row alone, four times over.
			tile(m.depth, a[r*m.depth:], 0, panel, bias, f, edge[:], tileCols)
			copy(dst[r*m.cols+c:][:width], edge[:])
		}
	}
}

// tileGo writes a [tileRows,tileCols] tile to dst, whose rows lie dstStep apart: the product of tileRows rows of a,
// aStep apart and depth long, and one panel, plus the bias, limited by f.
func tileGo(depth int, a []float32, aStep int, panel, bias []float32, f *Finish, dst []float32, dstStep int) {
	a0, a1, a2, a3 := a[:depth], a[aStep:][:depth], a[2*aStep:][:depth], a[3*aStep:][:depth]
	for c := 0; c < tileCols; c += 2 {
		b0, b1 := bias[c], bias[c+1]
		s00, s10, s20, s30 := b0, b0, b0, b0
		s01, s11, s21, s31 := b1, b1, b1, b1
		for k := range depth {
			w := panel[k*tileCols+c:][:2]
			w0, w1 := w[0], w[1]
			x0, x1, x2, x3 := a0[k], a1[k], a2[k], a3[k]
			s00 += x0 * w0
			s01 += x0 * w1
			s10 += x1 * w0
			s11 += x1 * w1
			s20 += x2 * w0
			s21 += x2 * w1
			s30 += x3 * w0
			s31 += x3 * w1
		}
		for i, s := range [tileRows][2]float32{{s00, s01}, {s10, s11}, {s20, s21}, {s30, s31}} {
			dst[i*dstStep+c], dst[i*dstStep+c+1] = f.limit(s[0]), f.limit(s[1])
		}
	}
}
