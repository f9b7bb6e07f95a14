package jpeg

import (
	"bytes"
	"encoding/binary"
)

// maxSegments bounds how many segments of a file are looked at. Large colour profiles and XMP take a few hundred.
const maxSegments = 4096

// Outline is the sequence of a JPEG's segments, found without decoding any of them.
type Outline struct {
	Segments []Segment
	Ended    bool // an end marker follows the last segment

	stray bool // markers without a body lie between the segments, or a segment's length is wrong
}

// Segment is a marker with a body. The entropy coded data of a scan follows its header.
type Segment struct {
	Marker byte
	Body   []byte
	Coded  []byte // restart markers included
}

// ReadOutline finds the segments of a JPEG, up to its first end marker. It skips what lies between them, and looks for the
// next segment when the length of an application segment is wrong.
func ReadOutline(data []byte) Outline {
	var o Outline
	rest := data[min(2, len(data)):]
	resyncs, scanned := 0, false
	for len(o.Segments) < maxSegments {
		i := bytes.IndexByte(rest, 0xff)
		if i < 0 {
			return o
		}
		for rest = rest[i:]; len(rest) > 0 && rest[0] == 0xff; {
			rest = rest[1:]
		}
		if len(rest) == 0 {
			return o
		}
		marker := rest[0]
		rest = rest[1:]
		switch {
		case marker == markerEOI:
			o.Ended = true
			return o
		case marker == markerSOI && scanned:
			return o // the next picture of a file that holds several
		case marker == 0 || marker >= markerRST0 && marker < markerSOI:
			continue
		case marker == markerSOI || marker == markerTEM:
			o.stray = true
			continue
		}
		body, after, ok := cutSegment(rest)
		if isApplication(marker) && !(ok && startsWithMarker(after)) && resyncs < maxResyncs {
			resyncs++
			if next := o.resync(rest); next != nil {
				body, after, ok = rest[:0], next, true
				o.stray = true
			}
		}
		if !ok {
			return o
		}
		s := Segment{Marker: marker, Body: body}
		if marker == markerSOS {
			s.Coded, after = cutScan(after)
			scanned = true
		}
		o.Segments = append(o.Segments, s)
		rest = after
	}
	return o
}

// maxComponents bounds the components of a frame, as B.2.3 does those of a scan: otherwise a small file could make missing
// compare them all for minutes.
const maxComponents = 4

// Frame returns the frame header, nil if there is none, or if it is too short for its components or has too many.
func (o *Outline) Frame() *Segment {
	for i := range o.Segments {
		if s := &o.Segments[i]; isFrame(s.Marker) {
			if len(s.Body) < frameFixed || s.Body[5] > maxComponents || len(s.Body) < frameFixed+frameEach*int(s.Body[5]) {
				return nil
			}
			return s
		}
	}
	return nil
}

// Scans returns the number of scans.
func (o *Outline) Scans() int {
	n := 0
	for _, s := range o.Segments {
		if s.Marker == markerSOS {
			n++
		}
	}
	return n
}

// Sizes of a frame header, in bytes (B.2.2).
const (
	frameFixed = 6
	frameEach  = 3 // component
)

// isFrame reports whether marker starts a frame: SOF0 to SOF15, among which are DHT, JPG and DAC.
func isFrame(marker byte) bool {
	return marker >= markerSOF0 && marker <= markerSOF15 && marker != markerDHT && marker != markerJPG && marker != markerDAC
}

func isApplication(marker byte) bool {
	return marker >= markerAPP0 && marker <= markerAPP15 || marker == markerCOM
}

// cutSegment splits data, which starts at a segment's length, after its body.
func cutSegment(data []byte) (body, after []byte, ok bool) {
	if len(data) < 2 {
		return nil, nil, false
	}
	n := int(binary.BigEndian.Uint16(data))
	if n < 2 || n > len(data) {
		return nil, nil, false
	}
	return data[2:n], data[n:], true
}

// cutScan splits data after the entropy coded data at its start.
func cutScan(data []byte) (coded, after []byte) {
	for at := 0; ; at += 2 {
		i := bytes.IndexByte(data[at:], 0xff)
		if i < 0 {
			return data, nil
		}
		at += i
		if at+1 == len(data) {
			return data[:at], nil
		}
		switch next := data[at+1]; {
		case next == 0xff:
			at-- // a fill byte
		case next != 0 && (next < markerRST0 || next >= markerSOI):
			return data[:at], data[at:]
		}
	}
}
