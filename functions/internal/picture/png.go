package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image/png"
)

func inspectPNG(data []byte) (header, error) {
	config, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return header{}, broken(err)
	}
	h := header{width: config.Width, height: config.Height, orientation: asStored, decode: png.Decode}
	// IHDR is the first chunk: 8 bytes of signature, 8 of length and name, 8 of width and height.
	const depthAt, colourAt, interlaceAt = 24, 25, 28
	if len(data) <= interlaceAt {
		return header{}, broken(errors.New("png: no header"))
	}
	perPixel := 4
	switch {
	case data[colourAt] == 3: // palette
		perPixel = 1
	case data[depthAt] == 16:
		perPixel = 8
	}
	if data[interlaceAt] != 0 {
		// The seven passes are images of their own, together as large as the whole.
		perPixel *= 2
	}
	h.memory = h.width * h.height * perPixel
	eachChunk(data[8:], binary.BigEndian, func(name string, body []byte) {
		if name == "eXIf" {
			h.orientation = orientationIn(body)
		}
	})
	return h, nil
}

// eachChunk calls visit for every complete chunk of a PNG (big endian) or of a RIFF file (little endian). PNG has the length
// before the name, and a checksum of four bytes after the body; RIFF has the name first and pads bodies to even lengths.
func eachChunk(data []byte, order binary.ByteOrder, visit func(name string, body []byte)) {
	for len(data) >= 8 {
		name, length := data[:4], data[4:8]
		if order == binary.BigEndian {
			name, length = length, name
		}
		n := int(order.Uint32(length))
		if n > len(data)-8 {
			return
		}
		visit(string(name), data[8:8+n])
		after := n & 1
		if order == binary.BigEndian {
			after = 4
		}
		data = data[min(8+n+after, len(data)):]
	}
}
