package jpeg

import (
	"bytes"
	"encoding/binary"
)

// maxResyncs bounds how often a file is searched for its next segment.
const maxResyncs = 4

// maxSegment is how many bytes a marker and its segment take at most.
const maxSegment = 2 + 1<<16

// startsWithMarker reports whether data starts with a marker that may follow an application segment.
func startsWithMarker(data []byte) bool {
	return len(data) >= 2 && data[0] == 0xff && (data[1] == 0xff || data[1] >= markerSOF0 && (data[1] < markerRST0 || data[1] >= markerSOI))
}

// resync returns where the segments go on after one with a wrong length, nil if nowhere. It takes the place from which
// segments lead to a scan; of several, as in a file with a thumbnail, the one with the largest frame.
func (o *Outline) resync(data []byte) (next []byte) {
	framed := o.Frame() != nil
	best := -1
	for at := 2; at < min(len(data), 2*maxSegment); at++ {
		i := bytes.IndexByte(data[at:], 0xff)
		if i < 0 {
			break
		}
		at += i
		area, leads := leadsToScan(data[at:])
		if leads && (framed || area > 0) && area > best {
			best, next = area, data[at:]
		}
	}
	return next
}

// leadsToScan reports whether data consists of segments up to the header of a scan, and the area in pixels of the frame
// among them, 0 if there is none.
func leadsToScan(data []byte) (area int, ok bool) {
	const most = 64 // segments
	for range most {
		if len(data) < 2 || data[0] != 0xff || data[1] < markerSOF0 || data[1] >= markerRST0 && data[1] <= markerEOI {
			return 0, false
		}
		marker := data[1]
		body, after, ok := cutSegment(data[2:])
		if !ok {
			return 0, false
		}
		if marker == markerSOS {
			return area, true
		}
		if isFrame(marker) && len(body) >= frameFixed {
			area = int(binary.BigEndian.Uint16(body[1:])) * int(binary.BigEndian.Uint16(body[3:]))
		}
		data = after
	}
	return 0, false
}
