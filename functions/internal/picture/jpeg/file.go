package jpeg

import (
	"encoding/binary"
	"image"
)

// File is a JPEG whose header this package supports.
type File struct {
	Width, Height int // pixels

	components []component // one, or three: Y, Cb, Cr
	interval   int         // MCUs between restart markers; 0 when there are none
	scan       []byte      // the entropy coded data and all that follows it
	end        int         // how much of scan Decode read, including the end marker
	quant      [4]*[64]byte
	huffman    [2][2]*code // by class, DC or AC, and number
}

type component struct {
	h, v   int // sampling factors
	id     byte
	quant  byte
	dc, ac byte
}

// Open reads the header of a JPEG. The error is ErrUnsupported.
func Open(data []byte) (*File, error) {
	var f File
	if len(data) < 2 || data[0] != 0xff || data[1] != markerSOI || !f.readHeader(data[2:]) {
		return nil, ErrUnsupported
	}
	return &f, nil
}

// readHeader reads the segments up to the scan. Like all functions here, it reports whether the file is supported so far.
func (f *File) readHeader(rest []byte) bool {
	for {
		if len(rest) < 4 || rest[0] != 0xff {
			return false
		}
		marker, length := rest[1], int(binary.BigEndian.Uint16(rest[2:]))
		if length < 2 || length+2 > len(rest) {
			return false
		}
		body := rest[4 : length+2]
		rest = rest[length+2:]
		ok := false
		switch {
		case marker == markerSOF0:
			ok = f.readFrame(body)
		case marker == markerDQT:
			ok = f.readQuant(body)
		case marker == markerDHT:
			ok = f.readHuffman(body)
		case marker == markerDRI && len(body) == 2:
			f.interval, ok = int(binary.BigEndian.Uint16(body)), true
		case marker == markerSOS:
			f.scan = rest
			return f.readScanHeader(body)
		case marker == markerAPP14:
			// Adobe's segment may ask for other colours than YCbCr, which is 1.
			const transformAt = 11
			ok = len(body) <= transformAt || string(body[:5]) != "Adobe" || body[transformAt] == 1
		case marker >= markerAPP0 && marker <= markerAPP15 || marker == markerCOM:
			ok = true
		}
		if !ok {
			return false
		}
	}
}

// readFrame reads the frame header (B.2.2).
func (f *File) readFrame(body []byte) bool {
	const fixed, each = 6, 3
	if f.components != nil || len(body) < fixed || body[0] != 8 || len(body) != fixed+each*int(body[5]) {
		return false
	}
	f.Height, f.Width = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
	if f.Width == 0 || f.Height == 0 {
		return false
	}
	for c := body[fixed:]; len(c) > 0; c = c[each:] {
		if c[2] > 3 {
			return false
		}
		f.components = append(f.components, component{h: int(c[1] >> 4), v: int(c[1] & 15), id: c[0], quant: c[2]})
	}
	single := func(c component) bool { return c.h == 1 && c.v == 1 }
	switch c := f.components; len(c) {
	case 1:
		return single(c[0])
	case 3:
		ids := [3]byte{c[0].id, c[1].id, c[2].id}
		return (c[0].h == 1 || c[0].h == 2) && (c[0].v == 1 || c[0].v == 2) && single(c[1]) && single(c[2]) &&
			ids[0] != ids[1] && ids[0] != ids[2] && ids[1] != ids[2] && string(ids[:]) != "RGB"
	}
	return false
}

// readQuant reads quantisation tables of 8 bits (B.2.4.1).
func (f *File) readQuant(body []byte) bool {
	const size = 1 + 64
	for ; len(body) >= size; body = body[size:] {
		if body[0] > 3 {
			return false
		}
		f.quant[body[0]] = (*[64]byte)(body[1:size])
	}
	return len(body) == 0
}

// readScanHeader reads the header of the one scan (B.2.3), which holds all components in the frame's order.
func (f *File) readScanHeader(body []byte) bool {
	n := len(f.components)
	if n == 0 || len(body) != 1+2*n+3 || int(body[0]) != n || string(body[1+2*n:]) != "\x00\x3f\x00" {
		return false
	}
	for i := range f.components {
		c := &f.components[i]
		id, tables := body[1+2*i], body[2+2*i]
		c.dc, c.ac = tables>>4, tables&15
		if id != c.id || c.dc > 1 || c.ac > 1 || f.quant[c.quant] == nil || f.huffman[0][c.dc] == nil || f.huffman[1][c.ac] == nil {
			return false
		}
	}
	return true
}

// units returns how many MCUs lie side by side, and how many one above the other.
func (f *File) units() (across, down int) {
	return ceilDiv(f.Width, 8*f.components[0].h), ceilDiv(f.Height, 8*f.components[0].v)
}

// ratio returns the subsampling of what Decode returns.
func (f *File) ratio() image.YCbCrSubsampleRatio {
	switch luma := f.components[0]; {
	case luma.h == 2 && luma.v == 2 || len(f.components) == 1:
		return image.YCbCrSubsampleRatio420
	case luma.h == 2:
		return image.YCbCrSubsampleRatio422
	case luma.v == 2:
		return image.YCbCrSubsampleRatio440
	}
	return image.YCbCrSubsampleRatio444
}
