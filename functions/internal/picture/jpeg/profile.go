package jpeg

import (
	"bytes"
	"slices"
)

// Profile returns the ICC profile of a file, joined from its APP2 segments (ICC.1:2022, annex B.4), which may come in any
// order. It returns nil if there is none or a part of it is missing.
func (o *Outline) Profile() []byte {
	const markerAPP2, numbers = markerAPP0 + 2, 2
	var parts [][]byte // by number, the first is 1
	for _, s := range o.Segments {
		body, ok := bytes.CutPrefix(s.Body, []byte("ICC_PROFILE\x00"))
		if s.Marker != markerAPP2 || !ok || len(body) < numbers {
			continue
		}
		number, count := int(body[0]), int(body[1])
		if parts == nil {
			parts = make([][]byte, count)
		}
		if number < 1 || number > len(parts) || count != len(parts) || parts[number-1] != nil {
			return nil
		}
		parts[number-1] = body[numbers:]
	}
	if slices.ContainsFunc(parts, func(p []byte) bool { return p == nil }) {
		return nil
	}
	return slices.Concat(parts...)
}
