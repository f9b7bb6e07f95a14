package picture

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/png"
	"io"

	"snaptask/functions/internal/picture/colour"
)

const pngSignature = "\x89PNG\r\n\x1a\n"

func inspectPNG(data []byte) (header, error) {
	chunks := readPNG(data)
	config, err := png.DecodeConfig(chunks.essential())
	if err != nil {
		return header{}, broken(err)
	}
	h := header{
		width: config.Width, height: config.Height, orientation: asStored, colours: chunks.colours(),
		decode: func(ctx context.Context) (image.Image, error) { return png.Decode(reader{ctx, chunks.essential()}) },
	}
	perPixel := 4
	switch {
	case chunks.header[colourTypeAt] == pngPalette:
		perPixel = 1
	case chunks.header[depthAt] == 16:
		perPixel = 8
	}
	if chunks.header[interlaceAt] != 0 {
		// The seven passes are images of their own, together as large as the whole.
		perPixel *= 2
	}
	h.memory = h.width * h.height * perPixel
	if exif, ok := chunks.ancillary["eXIf"]; ok {
		h.orientation = orientationIn(bytes.TrimPrefix(exif, []byte("Exif\x00\x00")))
	}
	return h, nil
}

// Places in IHDR after its length and name: width and height of 4 bytes, depth, colour type, compression, filter, interlacing.
const (
	depthAt      = 16
	colourTypeAt = 17
	interlaceAt  = 20
)

// Colour types of PNG.
const (
	pngPalette    = 3
	pngWithColour = 1 << 1 // a bit of the others
	pngWithAlpha  = 1 << 2
)

// pngChunks are the chunks of a PNG that matter. Those of an animation's later frames are left out: a decoder of still
// pictures shows the default image (PNG specification, third edition, 4.9).
type pngChunks struct {
	header, palette []byte            // whole chunks: length, name, body, checksum
	pixels          []byte            // the first sequence of chunks of pixels
	checksum        []byte            // the end of the last one's checksum, if it was cut off
	ancillary       map[string][]byte // bodies by name, of chunks with a good checksum; the first of a name
}

// readPNG reads the chunks of a PNG up to its end chunk, or to where it is cut off.
func readPNG(data []byte) (c pngChunks) {
	c.ancillary = map[string][]byte{}
	previous := ""
	for rest := data[len(pngSignature):]; len(rest) >= 8; {
		n := int(binary.BigEndian.Uint32(rest))
		if n > len(rest)-8 {
			return c
		}
		name, body, end := string(rest[4:8]), rest[8:8+n], 8+n
		checksum := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(rest[4:end]))
		whole := rest[:min(end+crc32.Size, len(rest))]
		switch {
		case name == "IHDR" && c.header == nil:
			c.header = whole
		case name == "PLTE":
			c.palette = whole
		case name == "IDAT" && c.pixels == nil:
			c.pixels = whole
		case name == "IDAT" && previous == name:
			c.pixels = c.pixels[:len(c.pixels)+len(whole)]
		case name == "IEND":
			return c
		case bytes.Equal(whole[end:], checksum) && c.ancillary[name] == nil && wantedPNG[name]:
			c.ancillary[name] = body
		}
		if name == "IDAT" {
			c.checksum = checksum[len(whole)-end:]
		}
		previous, rest = name, rest[len(whole):]
	}
	return c
}

// wantedPNG are the ancillary chunks that are used.
var wantedPNG = map[string]bool{"tRNS": true, "eXIf": true, "iCCP": true, "sRGB": true, "gAMA": true, "cHRM": true, "cICP": true}

// essential returns a PNG of the chunks that the pixels need: without metadata, in the right order, and with an end.
func (c pngChunks) essential() io.Reader {
	colourType := byte(0)
	if len(c.header) > interlaceAt {
		colourType = c.header[colourTypeAt]
	}
	parts := [][]byte{[]byte(pngSignature), c.header}
	if colourType == pngPalette {
		parts = append(parts, c.palette)
	}
	if transparency, ok := c.ancillary["tRNS"]; ok && colourType&pngWithAlpha == 0 {
		parts = append(parts, pngChunk("tRNS", transparency))
	}
	parts = append(parts, c.pixels, c.checksum, pngChunk("IEND", nil))
	readers := make([]io.Reader, len(parts))
	for i, part := range parts {
		readers[i] = bytes.NewReader(part)
	}
	return io.MultiReader(readers...)
}

// pngChunk returns a chunk.
func pngChunk(name string, body []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	out = append(append(out, name...), body...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// maxProfile bounds the size of a compressed ICC profile, in bytes. Those of displays and cameras have a few kilobytes.
const maxProfile = 4 << 20

// colours returns the colour space of a PNG. cICP comes before iCCP, that before sRGB, and that before gAMA and cHRM (4.3).
func (c pngChunks) colours() *colour.Space {
	// Primaries, transfer function, matrix and range, by the codes of ITU-T H.273. High dynamic range is ignored.
	const transferSRGB, noMatrix, fullRange = 13, 0, 1
	if body := c.ancillary["cICP"]; len(body) == 4 && [3]byte(body[1:]) == [3]byte{transferSRGB, noMatrix, fullRange} {
		if primaries, ok := colour.PrimariesByCode[body[0]]; ok {
			return colour.OfPNG(0, &primaries)
		}
	}
	if body, ok := c.ancillary["iCCP"]; ok {
		// A name that ends with 0, the compression method, and the profile.
		_, compressed, _ := bytes.Cut(body, []byte{0})
		if len(compressed) == 0 {
			return nil
		}
		z, err := zlib.NewReader(bytes.NewReader(compressed[1:]))
		if err != nil {
			return nil
		}
		profile, err := io.ReadAll(io.LimitReader(z, maxProfile))
		if err != nil {
			return nil
		}
		if len(c.header) > colourTypeAt && c.header[colourTypeAt]&pngWithColour == 0 {
			return colour.OfICC(profile, colour.Grey)
		}
		return colour.OfICC(profile, colour.RGB)
	}
	if _, ok := c.ancillary["sRGB"]; ok {
		return nil
	}
	const one = 100_000 // PNG stores these numbers as integers
	number := func(data []byte) float64 { return float64(binary.BigEndian.Uint32(data)) / one }
	exponent := 0.0
	if gamma := c.ancillary["gAMA"]; len(gamma) == 4 {
		exponent = number(gamma)
	}
	var primaries *colour.Chromaticities
	if xy := c.ancillary["cHRM"]; len(xy) == 32 {
		pair := func(i int) [2]float64 { return [2]float64{number(xy[8*i:]), number(xy[8*i+4:])} }
		primaries = &colour.Chromaticities{White: pair(0), Primaries: [3][2]float64{pair(1), pair(2), pair(3)}}
	}
	if exponent == 0 && primaries == nil {
		return nil
	}
	return colour.OfPNG(exponent, primaries)
}
