package jpeg

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sync"
)

// Faults that Repair mends, apart from those that ReadOutline finds.
type faults struct {
	end      bool // no end marker
	tables   bool // no Huffman tables before the first scan
	adobe    bool // four components without Adobe's segment, which image/jpeg requires
	height   int  // the height that a DNL segment defines (B.2.5); 0 when the frame has it
	restarts bool // restart markers count wrongly
}

// Complete reports whether a file has a frame and all scans for it. A file is cut off if its end marker is missing and its
// scans don't hold all bits of all coefficients, or if no scan holds a component.
func (o *Outline) Complete() bool {
	frame := o.Frame()
	if frame == nil {
		return false
	}
	missing := o.missing(frame)
	return !missing.components && (o.Ended || !missing.bits)
}

// Sound reports whether a complete file needs no repair.
func (o *Outline) Sound() bool { return !o.stray && o.faults(o.Frame()) == faults{} }

// Head returns the beginning of a complete file up to its frame header, for image/jpeg's DecodeConfig.
func (o *Outline) Head() []byte {
	frame := o.Frame()
	// With JFIF's segment, image/jpeg reads no further.
	out := append([]byte{0xff, markerSOI}, "\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"...)
	return o.appendSegment(out, frame, o.faults(frame))
}

// Repair returns a file that strict decoders accept, for a complete file: with an end marker, with the standard Huffman
// tables if it has none, with restart markers that count from 0, with Adobe's segment for four components. Metadata is left
// out of it. It is at most 1024 bytes larger than the file.
func (o *Outline) Repair() []byte {
	f := o.faults(o.Frame())
	size := 0
	for _, s := range o.Segments {
		size += 4 + len(s.Body) + len(s.Coded)
	}
	out := make([]byte, 0, size+1024)
	out = append(out, 0xff, markerSOI)
	if f.adobe {
		out = append(out, adobeCMYK...)
	}
	if f.tables {
		out = append(out, standardTables()...)
	}
	for i := range o.Segments {
		s := &o.Segments[i]
		if isApplication(s.Marker) && s.Marker != markerAPP0 && s.Marker != markerAPP14 || s.Marker == markerDNL {
			continue
		}
		out = o.appendSegment(out, s, f)
		at := len(out)
		out = append(out, s.Coded...)
		if f.restarts {
			eachRestart(out[at:], func(i int, marker *byte) { *marker = markerRST0 + byte(i%8) })
		}
	}
	return append(out, 0xff, markerEOI)
}

// appendSegment appends a segment without entropy coded data. A frame gets the height that it lacks.
func (o *Outline) appendSegment(out []byte, s *Segment, f faults) []byte {
	out = append(out, 0xff, s.Marker)
	out = binary.BigEndian.AppendUint16(out, uint16(len(s.Body)+2))
	out = append(out, s.Body...)
	if isFrame(s.Marker) && f.height > 0 {
		binary.BigEndian.PutUint16(out[len(out)-len(s.Body)+1:], uint16(f.height))
	}
	return out
}

func (o *Outline) faults(frame *Segment) (f faults) {
	f.end = !o.Ended
	f.adobe = frame.Body[5] == 4
	counted := false
	for _, s := range o.Segments {
		switch s.Marker {
		case markerAPP14:
			f.adobe = f.adobe && !IsAdobe(s.Body)
		case markerDNL:
			if len(s.Body) == 2 && binary.BigEndian.Uint16(frame.Body[1:]) == 0 {
				f.height = int(binary.BigEndian.Uint16(s.Body))
			}
		case markerDRI:
			counted = true
		case markerSOS:
			if !counted {
				continue // spare a walk over all data
			}
			eachRestart(s.Coded, func(i int, marker *byte) { f.restarts = f.restarts || *marker != markerRST0+byte(i%8) })
		}
	}
	// Tables may be defined between the scans, but not only after the first.
	first := slices.IndexFunc(o.Segments, func(s Segment) bool { return s.Marker == markerSOS || s.Marker == markerDHT })
	f.tables = first >= 0 && o.Segments[first].Marker == markerSOS
	return f
}

// IsAdobe reports whether the body of an APP14 segment is Adobe's, with the colour transform at AdobeTransform.
func IsAdobe(body []byte) bool { return len(body) > AdobeTransform && string(body[:5]) == "Adobe" }

// AdobeTransform is the place of the colour transform in Adobe's segment.
const AdobeTransform = 11

// adobeCMYK is Adobe's segment with the transform 0.
const adobeCMYK = "\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"

// eachRestart calls visit for the restart markers in entropy coded data, counted from 0.
func eachRestart(coded []byte, visit func(i int, marker *byte)) {
	for n := 0; ; {
		i := bytes.IndexByte(coded, 0xff)
		if i < 0 || i+1 == len(coded) {
			return
		}
		if marker := &coded[i+1]; *marker >= markerRST0 && *marker < markerSOI {
			visit(n, marker)
			n++
		}
		coded = coded[i+1:]
	}
}

// standardTables returns the Huffman tables of T.81, section K.3, as segments. image/jpeg writes them into every file.
var standardTables = sync.OnceValue(func() (segments []byte) {
	data := onePixel(100)
	o := ReadOutline(data)
	for _, s := range o.Segments {
		if s.Marker == markerDHT {
			segments = append(segments, 0xff, markerDHT)
			segments = binary.BigEndian.AppendUint16(segments, uint16(len(s.Body)+2))
			segments = append(segments, s.Body...)
		}
	}
	return segments
})
