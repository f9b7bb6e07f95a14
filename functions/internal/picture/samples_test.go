package picture

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// JPEG markers of the samples.
const (
	markerSOF0 = 0xc0
	markerEOI  = 0xd9
	markerSOS  = 0xda
)

// quarters are the colours of the drawing that every sample shows: top left, top right, bottom left, bottom right.
var quarters = [4]color.RGBA{{255, 0, 0, 255}, {0, 0, 255, 255}, {0, 160, 0, 255}, {255, 255, 255, 255}}

const drawingWidth, drawingHeight = 60, 40

// paint draws the quarters on any kind of image.
func paint[T draw.Image](img T) T {
	b := img.Bounds()
	for y := range b.Dy() {
		for x := range b.Dx() {
			quarter := 0
			if x >= b.Dx()/2 {
				quarter++
			}
			if y >= b.Dy()/2 {
				quarter += 2
			}
			img.Set(x, y, quarters[quarter])
		}
	}
	return img
}

func drawing() *image.RGBA {
	return paint(image.NewRGBA(image.Rect(0, 0, drawingWidth, drawingHeight)))
}

func asPNG(t testing.TB, img image.Image) []byte {
	var out bytes.Buffer
	require.NoError(t, png.Encode(&out, img))
	return out.Bytes()
}

func asJPEG(t testing.TB, img image.Image) []byte {
	var out bytes.Buffer
	require.NoError(t, jpeg.Encode(&out, img, &jpeg.Options{Quality: 92}))
	return out.Bytes()
}

func testdata(t testing.TB, name string) []byte {
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return data
}

// samples are the drawing in every supported kind of picture, all of them upright.
func samples(t testing.TB) map[string][]byte {
	area := image.Rect(0, 0, drawingWidth, drawingHeight)
	clear := paint(image.NewNRGBA(area))
	for y := drawingHeight / 2; y < drawingHeight; y++ {
		for x := drawingWidth / 2; x < drawingWidth; x++ {
			clear.Set(x, y, color.NRGBA{})
		}
	}
	deep := image.NewNRGBA64(area)
	draw.Draw(deep, area, clear, image.Point{}, draw.Src)
	return map[string][]byte{
		"JPEG":                       asJPEG(t, drawing()),
		"JPEG, progressive":          testdata(t, "progressive.jpg"),
		"JPEG, CMYK":                 testdata(t, "cmyk.jpg"),
		"PNG":                        asPNG(t, drawing()),
		"PNG, 16 bits":               asPNG(t, paint(image.NewRGBA64(area))),
		"PNG, transparent":           asPNG(t, clear),
		"PNG, 16 bits transparent":   asPNG(t, deep),
		"PNG, palette":               asPNG(t, paint(image.NewPaletted(area, palette.WebSafe))),
		"PNG, interlaced":            interlacedPNG(t, drawing()),
		"PNG, animated":              testdata(t, "animated.png"),
		"WebP, animated":             testdata(t, "animated.webp"),
		"WebP, lossless":             testdata(t, "lossless.webp"),
		"WebP, transparent":          testdata(t, "alpha.webp"),
		"WebP, lossless transparent": testdata(t, "alpha-lossless.webp"),
	}
}

// greySamples are the drawing without colours.
func greySamples(t testing.TB) map[string][]byte {
	area := image.Rect(0, 0, drawingWidth, drawingHeight)
	return map[string][]byte{
		"JPEG, grey":        asJPEG(t, paint(image.NewGray(area))),
		"PNG, grey":         asPNG(t, paint(image.NewGray(area))),
		"PNG, 16 bits grey": asPNG(t, paint(image.NewGray16(area))),
		"PNG, grey, 1 bit":  asPNG(t, paint(image.NewPaletted(area, color.Palette{color.Black, color.White}))),
	}
}

// interlacedPNG encodes img with Adam7 (PNG specification, section 8.2).
func interlacedPNG(t testing.TB, img *image.RGBA) []byte {
	passes := [7][4]int{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}
	var pixels bytes.Buffer
	z := zlib.NewWriter(&pixels)
	for _, p := range passes {
		for y := p[1]; y < img.Rect.Dy(); y += p[3] {
			line := []byte{0}
			for x := p[0]; x < img.Rect.Dx(); x += p[2] {
				line = append(line, img.Pix[img.PixOffset(x, y):img.PixOffset(x, y)+3]...)
			}
			_, err := z.Write(line)
			require.NoError(t, err)
		}
	}
	require.NoError(t, z.Close())
	out := pngHeader(img.Rect.Dx(), img.Rect.Dy(), 8, 2, 1)
	out = append(out, pngChunk("IDAT", pixels.Bytes())...)
	return append(out, pngChunk("IEND", nil)...)
}

// pngHeader is a PNG's signature and its first chunk.
func pngHeader(width, height int, depth, colour, interlace byte) []byte {
	body := binary.BigEndian.AppendUint32(nil, uint32(width))
	body = binary.BigEndian.AppendUint32(body, uint32(height))
	return append([]byte("\x89PNG\r\n\x1a\n"), pngChunk("IHDR", append(body, depth, colour, 0, 0, interlace))...)
}

// withSize returns a sequential JPEG that claims other dimensions in its frame header.
func withSize(data []byte, width, height uint16) []byte {
	return withSizeAt(data, markerSOF0, width, height)
}

func withSizeAt(data []byte, frame byte, width, height uint16) []byte {
	out := bytes.Clone(data)
	i := bytes.Index(out, []byte{0xff, frame})
	binary.BigEndian.PutUint16(out[i+5:], height)
	binary.BigEndian.PutUint16(out[i+7:], width)
	return out
}

// exif is EXIF data with an orientation, and the name of a place that must not leave the upload.
func exif(order binary.AppendByteOrder, value uint16) []byte {
	out := []byte("II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		out = []byte("MM\x00*")
	}
	out = order.AppendUint32(out, 8)
	out = order.AppendUint16(out, 2)
	for _, entry := range [][4]uint32{{0x010e, 2, 12, 38}, {tagOrientation, typeShort, 1, 0}} {
		out = order.AppendUint16(out, uint16(entry[0]))
		out = order.AppendUint16(out, uint16(entry[1]))
		out = order.AppendUint32(out, entry[2])
		if entry[0] == tagOrientation {
			out = order.AppendUint16(out, value)
			out = order.AppendUint16(out, 0)
		} else {
			out = order.AppendUint32(out, entry[3])
		}
	}
	out = order.AppendUint32(out, 0)
	return append(out, "52.5N 13.4E\x00"...)
}

// jpegWithEXIF inserts EXIF data into a JPEG, as its first segment.
func jpegWithEXIF(data, tiff []byte) []byte {
	body := append([]byte("Exif\x00\x00"), tiff...)
	out := append([]byte{0xff, 0xd8, 0xff, markerAPP1}, binary.BigEndian.AppendUint16(nil, uint16(len(body)+2))...)
	return append(append(out, body...), data[2:]...)
}

// pngWithEXIF inserts EXIF data into a PNG, before its end.
func pngWithEXIF(data, tiff []byte) []byte {
	end := len(data) - 12
	out := append(bytes.Clone(data[:end]), pngChunk("eXIf", tiff)...)
	return append(out, data[end:]...)
}

// size returns the width and height of the upright picture, in pixels.
func (p *Picture) size() (width, height int) {
	return p.img.Rect.Dx(), p.img.Rect.Dy()
}
