package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"io"

	"golang.org/x/image/webp"

	"snaptask/functions/internal/fault"
)

// treeMemory bounds the Huffman trees of a lossless WebP: x/image/vp8l reads at most 2600 groups of five trees, together
// 6,267 nodes of 8 bytes and five tables of 536 bytes in each.
const treeMemory = 2600 * (6267*8 + 5*536)

func inspectWebP(data []byte) (header, error) {
	size := int(binary.LittleEndian.Uint32(data[4:]))
	if size < 4 || size > len(data)-8 {
		return header{}, broken(errors.New("webp: cut off"))
	}
	config, err := webp.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return header{}, broken(err)
	}
	h := header{width: config.Width, height: config.Height, orientation: asStored, decode: decodeWebP}
	if h.width == 0 || h.height == 0 {
		return header{}, broken(errors.New("webp: no pixels"))
	}
	pixels := ceilDiv(h.width, 16) * 16 * ceilDiv(h.height, 16) * 16
	h.memory = 2 * pixels
	animated := false
	eachChunk(data[12:8+size], binary.LittleEndian, func(name string, body []byte) {
		switch name {
		case "VP8X":
			const animation = 1 << 1
			animated = animated || len(body) > 0 && body[0]&animation != 0
		case "VP8L":
			// Four bytes a pixel, twice when it has a palette, and a quarter of that for its transforms.
			h.memory = max(h.memory, 9*pixels+treeMemory)
		case "ALPH":
			h.memory = max(h.memory, 12*pixels+treeMemory)
		case "EXIF":
			h.orientation = orientationIn(bytes.TrimPrefix(body, []byte("Exif\x00\x00")))
		}
	})
	if animated {
		return header{}, fault.New(fault.UnsupportedMedia, "picture_animated", "Animated WebP is not accepted: send a still photo.")
	}
	return h, nil
}

// decodeWebP reads a still WebP and widens the values of a lossy one to the full range: VP8 uses ITU-R BT.601 with 16
// to 235 for luma and 16 to 240 for chroma (RFC 6386, section 9.2), image.YCbCr means JFIF's 0 to 255.
func decodeWebP(r io.Reader) (image.Image, error) {
	img, err := webp.Decode(r)
	if err != nil {
		return nil, err
	}
	switch img := img.(type) {
	case *image.YCbCr:
		widen(img)
	case *image.NYCbCrA:
		widen(&img.YCbCr)
	}
	return img, nil
}

func widen(img *image.YCbCr) {
	var luma, chroma [256]byte
	for i := range 256 {
		luma[i] = byte(min(max((float64(i)-16)*255/219+0.5, 0), 255))
		chroma[i] = byte(min(max((float64(i)-128)*255/224+128.5, 0), 255))
	}
	for i, v := range img.Y {
		img.Y[i] = luma[v]
	}
	for i, v := range img.Cb {
		img.Cb[i] = chroma[v]
	}
	for i, v := range img.Cr {
		img.Cr[i] = chroma[v]
	}
}
