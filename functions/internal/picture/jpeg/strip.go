package jpeg

import "encoding/binary"

// Strip returns a file that decodes to exactly the same samples and contains nothing else: no metadata, no comment, no
// unused table, nothing after the end marker. Decode must have succeeded before. Strip returns nil when the file would be
// larger than limit bytes.
func (f *File) Strip(limit int) []byte {
	if f.end > limit {
		return nil // before anything is copied
	}
	n := len(f.components)
	out := make([]byte, 0, f.end+1024)
	segment := func(marker byte, parts ...[]byte) {
		length := 2
		for _, p := range parts {
			length += len(p)
		}
		out = append(out, 0xff, marker)
		out = binary.BigEndian.AppendUint16(out, uint16(length))
		for _, p := range parts {
			out = append(out, p...)
		}
	}
	frame := binary.BigEndian.AppendUint16([]byte{8}, uint16(f.Height))
	frame = append(binary.BigEndian.AppendUint16(frame, uint16(f.Width)), byte(n))
	scan := []byte{byte(n)}
	used := [3]uint{} // a bit for each table of quantisation, DC and AC
	for i, c := range f.components {
		frame = append(frame, byte(i+1), byte(c.h<<4|c.v), c.quant)
		scan = append(scan, byte(i+1), c.dc<<4|c.ac)
		used[0] |= 1 << c.quant
		used[1] |= 1 << c.dc
		used[2] |= 1 << c.ac
	}

	out = append(out, 0xff, markerSOI)
	for i, table := range f.quant {
		if used[0]>>i&1 == 1 {
			segment(markerDQT, []byte{byte(i)}, table[:])
		}
	}
	segment(markerSOF0, frame)
	for class, tables := range f.huffman {
		for i, c := range tables {
			if used[1+class]>>i&1 == 1 {
				segment(markerDHT, []byte{byte(class<<4 | i)}, c.counts[:], c.symbols)
			}
		}
	}
	if f.interval > 0 {
		segment(markerDRI, binary.BigEndian.AppendUint16(nil, uint16(f.interval)))
	}
	segment(markerSOS, scan, []byte{0, 63, 0})
	if out = append(out, f.scan[:f.end]...); len(out) > limit {
		return nil
	}
	return out
}
