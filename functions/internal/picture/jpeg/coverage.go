package jpeg

// missing is the part of a picture that no scan of its file has.
type missing struct {
	components bool // a component without any scan of its mean values
	bits       bool // some bits of some coefficients
}

// missing reads the headers of the scans (B.2.3). A sequential scan holds all of its components; each progressive one holds
// some bits of some coefficients.
func (o *Outline) missing(frame *Segment) (m missing) {
	const none = 0xff
	count := int(frame.Body[5])
	lowest := make([][64]uint8, count) // the lowest bit that was sent, by component and zigzag place
	for i := range lowest {
		for k := range lowest[i] {
			lowest[i][k] = none
		}
	}
	for _, s := range o.Segments {
		if s.Marker != markerSOS || len(s.Body) == 0 || len(s.Body) < 1+2*int(s.Body[0])+3 {
			continue
		}
		n := int(s.Body[0])
		if n > maxComponents {
			continue
		}
		from, to, low := int(s.Body[1+2*n]), int(s.Body[2+2*n]), s.Body[3+2*n]&15
		if frame.Marker != markerSOF2 {
			from, to, low = 0, 63, 0
		}
		for i := range n {
			for c := range count {
				if frame.Body[frameFixed+frameEach*c] != s.Body[1+2*i] {
					continue
				}
				for k := from; k <= min(to, 63); k++ {
					lowest[c][k] = min(lowest[c][k], low)
				}
			}
		}
	}
	for _, component := range lowest {
		m.components = m.components || component[0] == none
		for _, low := range component {
			m.bits = m.bits || low != 0
		}
	}
	return m
}
