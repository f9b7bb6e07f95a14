package picture

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"io"
	"slices"

	"golang.org/x/image/webp"

	"snaptask/functions/internal/picture/colour"
)

// treeMemory bounds the Huffman trees of a lossless WebP: x/image/vp8l reads at most 2600 groups of five trees, together
// 6,267 nodes of 8 bytes and five tables of 536 bytes in each.
const treeMemory = 2600 * (6267*8 + 5*536)

func inspectWebP(data []byte) (header, error) {
	var w webpChunks
	if !w.read(data[12:]) {
		return header{}, broken(errors.New("webp: no picture"))
	}
	config, err := webp.DecodeConfig(w.still())
	if err != nil {
		return header{}, broken(err)
	}
	h := header{
		width: config.Width, height: config.Height, orientation: orientationIn(bytes.TrimPrefix(w.exif, []byte("Exif\x00\x00"))),
		colours: colour.OfICC(w.profile, colour.RGB),
		decode:  func(ctx context.Context) (image.Image, error) { return decodeWebP(reader{ctx, w.still()}) },
	}
	if h.width == 0 || h.height == 0 {
		return header{}, broken(errors.New("webp: no pixels"))
	}
	pixels := ceilDiv(h.width, 16) * 16 * ceilDiv(h.height, 16) * 16
	h.memory = 2 * pixels
	if w.lossless {
		// Four bytes a pixel, twice when it has a palette, and a quarter of that for its transforms.
		h.memory = max(h.memory, 9*pixels+treeMemory)
	}
	if w.alpha != nil {
		h.memory = max(h.memory, 12*pixels+treeMemory)
	}
	if w.animated {
		h.canvas = image.Rectangle{Max: w.canvas}.Sub(w.offset)
	}
	return h, nil
}

// webpChunks are the chunks of a WebP that matter (RFC 9649). Of an animation it is the first frame.
type webpChunks struct {
	alpha, pixels, exif, profile []byte // bodies
	lossless                     bool
	animated                     bool
	canvas, offset               image.Point // of an animation: its size, and the place of the frame
	frame                        image.Point // the size of the frame
}

// read reads the chunks in data. It reports whether there is a picture, complete.
func (w *webpChunks) read(data []byte) bool {
	eachRIFF(data, func(name string, body []byte) {
		switch {
		case name == "VP8X" && len(body) >= 10 && w.canvas == image.Point{}:
			w.canvas = image.Pt(uint24(body[4:])+1, uint24(body[7:])+1)
		case name == "ANMF" && len(body) > 16 && w.pixels == nil:
			w.animated = true
			w.offset = image.Pt(2*uint24(body), 2*uint24(body[3:]))
			w.readFrame(body[16:])
		case name == "EXIF" && w.exif == nil:
			w.exif = body
		case name == "ICCP" && w.profile == nil:
			w.profile = body
		case !w.animated:
			w.readPixels(name, body)
		}
	})
	return w.pixels != nil && (w.lossless || w.frame.X > 0 && w.frame.Y > 0)
}

// readFrame reads the chunks of a frame of an animation.
func (w *webpChunks) readFrame(data []byte) { eachRIFF(data, w.readPixels) }

func (w *webpChunks) readPixels(name string, body []byte) {
	switch {
	case w.pixels != nil:
	case name == "ALPH":
		w.alpha = body
	case name == "VP8 ":
		w.pixels = body
		// The frame header of VP8 (RFC 6386, section 9.1): three bytes, a start code of three, width and height of 14 bits.
		if len(body) >= 10 {
			w.frame = image.Pt(int(binary.LittleEndian.Uint16(body[6:])&0x3fff), int(binary.LittleEndian.Uint16(body[8:])&0x3fff))
		}
	case name == "VP8L":
		w.pixels, w.lossless = body, true
	}
}

// still returns a WebP of the picture alone.
func (w *webpChunks) still() io.Reader {
	var parts []io.Reader
	size := len("WEBP")
	chunk := func(name string, body []byte) {
		padding := make([]byte, len(body)&1)
		head := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(body)))
		parts = append(parts, bytes.NewReader(head), bytes.NewReader(body), bytes.NewReader(padding))
		size += len(head) + len(body) + len(padding)
	}
	switch {
	case w.lossless:
		chunk("VP8L", w.pixels)
	case w.alpha == nil:
		chunk("VP8 ", w.pixels)
	default:
		const hasAlpha = 1 << 4
		extended := []byte{hasAlpha, 0, 0, 0}
		for _, n := range []int{w.frame.X - 1, w.frame.Y - 1} {
			extended = append(extended, byte(n), byte(n>>8), byte(n>>16))
		}
		chunk("VP8X", extended)
		chunk("ALPH", w.alpha)
		chunk("VP8 ", w.pixels)
	}
	head := append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(size)), "WEBP"...)
	return io.MultiReader(slices.Insert(parts, 0, io.Reader(bytes.NewReader(head)))...)
}

// eachRIFF calls visit for every complete chunk of a RIFF file. Bodies are padded to even lengths.
func eachRIFF(data []byte, visit func(name string, body []byte)) {
	for len(data) >= 8 {
		n := int(binary.LittleEndian.Uint32(data[4:]))
		if n > len(data)-8 {
			return
		}
		visit(string(data[:4]), data[8:8+n])
		data = data[min(8+n+n&1, len(data)):]
	}
}

func uint24(data []byte) int { return int(data[0]) | int(data[1])<<8 | int(data[2])<<16 }

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
