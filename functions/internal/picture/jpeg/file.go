package jpeg

import (
	"encoding/binary"
	"image"
)

// File is a JPEG whose header was read and found supported.
type File struct {
	Width, Height int // pixels

	components []component // one, or three: Y, Cb, Cr
	interval   int         // MCUs between restart markers; 0 when there are none
	scan       []byte      // the entropy coded data and all that follows it
	end        int         // how much of scan was read, with the end marker
	quant      [4]*[64]byte
	huffman    [2][2]*code // by class, DC or AC, and number
}

type component struct {
	h, v   int // sampling factors
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

// readHeader reads the segments up to the scan.
func (f *File) readHeader(rest []byte) (ok bool) {
	var identifiers []byte
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
		ok := true
		switch {
		case marker == markerSOF0:
			identifiers, ok = f.readFrame(body)
		case marker == markerDQT:
			ok = f.readQuant(body)
		case marker == markerDHT:
			ok = f.readHuffman(body)
		case marker == markerDRI:
			ok = len(body) == 2
			if ok {
				f.interval = int(binary.BigEndian.Uint16(body))
			}
		case marker == markerSOS:
			f.scan = rest
			return f.readScanHeader(body, identifiers)
		case marker == markerAPP14:
			ok = !adobe(body)
		case marker >= markerAPP0 && marker <= markerAPP15 || marker == markerCOM:
		default:
			ok = false
		}
		if !ok {
			return false
		}
	}
}

// adobe says whether the body of an APP14 segment is Adobe's and asks for other colours than Y, Cb and Cr.
func adobe(body []byte) bool {
	const transformAt, yCbCr = 11, 1
	return len(body) > transformAt && string(body[:5]) == "Adobe" && body[transformAt] != yCbCr
}

// readFrame reads the frame header (B.2.2) and gives the components' identifiers.
func (f *File) readFrame(body []byte) (identifiers []byte, ok bool) {
	const fixed, each = 6, 3
	if f.components != nil || len(body) < fixed || body[0] != 8 || len(body) != fixed+each*int(body[5]) {
		return nil, false
	}
	f.Height, f.Width = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
	if f.Width == 0 || f.Height == 0 {
		return nil, false
	}
	for c := body[fixed:]; len(c) > 0; c = c[each:] {
		identifiers = append(identifiers, c[0])
		f.components = append(f.components, component{h: int(c[1] >> 4), v: int(c[1] & 15), quant: c[2]})
		if c[2] > 3 {
			return nil, false
		}
	}
	switch c := f.components; len(c) {
	case 1:
		return identifiers, c[0].h == 1 && c[0].v == 1
	case 3:
		one := func(c component) bool { return c.h == 1 && c.v == 1 }
		luma := (c[0].h == 1 || c[0].h == 2) && (c[0].v == 1 || c[0].v == 2)
		distinct := identifiers[0] != identifiers[1] && identifiers[0] != identifiers[2] && identifiers[1] != identifiers[2]
		return identifiers, luma && one(c[1]) && one(c[2]) && distinct && string(identifiers) != "RGB"
	}
	return nil, false
}

// readQuant reads quantisation tables (B.2.4.1), which a baseline JPEG has in 8 bits.
func (f *File) readQuant(body []byte) (ok bool) {
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
func (f *File) readScanHeader(body, identifiers []byte) (ok bool) {
	n := len(f.components)
	if n == 0 || len(body) != 1+2*n+3 || int(body[0]) != n || string(body[1+2*n:]) != "\x00\x3f\x00" {
		return false
	}
	for i := range f.components {
		c := &f.components[i]
		selector, tables := body[1+2*i], body[2+2*i]
		c.dc, c.ac = tables>>4, tables&15
		if selector != identifiers[i] || c.dc > 1 || c.ac > 1 {
			return false
		}
		if f.quant[c.quant] == nil || f.huffman[0][c.dc] == nil || f.huffman[1][c.ac] == nil {
			return false
		}
	}
	return true
}

// units is how many MCUs lie side by side and one above the other.
func (f *File) units() (across, down int) {
	return ceilDiv(f.Width, 8*f.components[0].h), ceilDiv(f.Height, 8*f.components[0].v)
}

// ratio is the subsampling that a picture read from f has.
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
