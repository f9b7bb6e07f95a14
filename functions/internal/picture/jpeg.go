package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	stdjpeg "image/jpeg"

	"snaptask/functions/internal/picture/jpeg"
)

// JPEG marker codes, from table B.1 of ITU-T T.81.
const (
	markerSOF0  = 0xc0 // start of frame, sequential
	markerSOF2  = 0xc2 // start of frame, progressive
	markerRST0  = 0xd0 // restart, up to 0xd7
	markerRST7  = 0xd7
	markerEOI   = 0xd9 // end of image
	markerSOS   = 0xda // start of scan
	markerAPP1  = 0xe1 // EXIF, among others
	markerAPP14 = 0xee // Adobe's colour transform
)

// maxScanWork bounds the work for a progressive JPEG, in scans times pixels. A scan of a few bytes makes the decoder visit all
// blocks; common encoders write about ten scans.
const maxScanWork = 32 * MaxPixels

func inspectJPEG(data []byte) (header, error) {
	config, err := stdjpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return header{}, broken(err)
	}
	h := header{width: config.Width, height: config.Height, orientation: asStored, decode: stdjpeg.Decode}
	var frame []byte
	var progressive, rgb, exif bool
	scans := 0
	eachSegment(data, func(marker byte, body []byte) {
		switch {
		case marker >= markerSOF0 && marker <= markerSOF2 && frame == nil:
			frame, progressive = body, marker == markerSOF2
		case marker == markerSOS:
			scans++
		case marker == markerAPP1 && !exif:
			if tiff, ok := bytes.CutPrefix(body, []byte("Exif\x00\x00")); ok {
				exif, h.orientation = true, orientationIn(tiff)
			}
		case marker == markerAPP14 && len(body) >= 12 && string(body[:5]) == "Adobe":
			rgb = rgb || body[11] == 0
		}
	})
	if len(frame) < 6 || len(frame) < 6+3*int(frame[5]) || h.width == 0 || h.height == 0 {
		return header{}, broken(errors.New("jpeg: no frame"))
	}
	if !progressive && scans > 4 || scans > 32 && scans*h.width*h.height > maxScanWork {
		return header{}, broken(errors.New("jpeg: too many scans"))
	}
	h.memory = frameMemory(frame, progressive, rgb)
	if file, err := jpeg.Open(data); err == nil {
		h.fast = file
	}
	return h, nil
}

// frameMemory returns an upper bound of what image/jpeg allocates for a frame, in bytes: one for each sample, four more for
// its coefficient when progressive, and four for each pixel when it converts the colours.
func frameMemory(frame []byte, progressive, rgb bool) int {
	height, width := int(binary.BigEndian.Uint16(frame[1:])), int(binary.BigEndian.Uint16(frame[3:]))
	components := frame[6:]
	count := int(frame[5])
	hMax, vMax := int(components[1]>>4), int(components[1]&15)
	if count == 1 {
		hMax, vMax = 1, 1
	}
	units := ceilDiv(width, 8*hMax) * ceilDiv(height, 8*vMax)
	samples := 0
	for i := range count {
		h, v := int(components[3*i+1]>>4), int(components[3*i+1]&15)
		samples += units * 64 * min(h, hMax) * min(v, vMax)
	}
	memory := samples
	if progressive {
		memory += 4 * samples
	}
	rgb = rgb || count == 3 && components[0] == 'R' && components[3] == 'G' && components[6] == 'B'
	if rgb || count == 4 {
		memory += 4 * width * height
	}
	return memory
}

// eachSegment calls visit for the segments of a JPEG that have a body, up to the end marker. It skips the entropy coded data
// between them as image/jpeg does.
func eachSegment(data []byte, visit func(marker byte, body []byte)) {
	rest := data[2:]
	for {
		i := bytes.IndexByte(rest, 0xff)
		if i < 0 {
			return
		}
		rest = rest[i:]
		for len(rest) > 0 && rest[0] == 0xff {
			rest = rest[1:]
		}
		if len(rest) == 0 || rest[0] == markerEOI {
			return
		}
		marker := rest[0]
		rest = rest[1:]
		if marker == 0 || marker >= markerRST0 && marker <= markerRST7 {
			continue
		}
		if len(rest) < 2 {
			return
		}
		n := int(binary.BigEndian.Uint16(rest))
		if n < 2 || n > len(rest) {
			return
		}
		visit(marker, rest[2:n])
		rest = rest[n:]
	}
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
