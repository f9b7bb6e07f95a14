package picture

import (
	"bytes"
	"encoding/binary"
	"image"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/picture/jpeg"
)

// bombs returns small files that claim to be enormous pictures.
func bombs(t testing.TB) map[string][]byte {
	return map[string][]byte{
		"PNG, 60,000 x 60,000":  append(pngHeader(60_000, 60_000, 16, 6, 0), pngChunk("IDAT", nil)...),
		"PNG, one long line":    append(pngHeader(MaxPixels, 1, 16, 6, 0), pngChunk("IDAT", nil)...),
		"JPEG, 60,000 x 60,000": withSize(asJPEG(t, drawing()), 60_000, 60_000),
		"progressive JPEG":      withSizeAt(testdata(t, "progressive.jpg"), markerSOF2, 60_000, 60_000),
		"WebP, 16,384 x 16,384": withWebPSize(testdata(t, "lossless.webp"), 16_384),
		"PNG, much memory":      append(pngHeader(6_000, 6_000, 16, 6, 1), pngChunk("IDAT", nil)...),
	}
}

// withWebPSize returns a lossless WebP that claims to be a square of another size.
func withWebPSize(data []byte, side uint32) []byte {
	out := bytes.Clone(data)
	i := bytes.Index(out, []byte("VP8L")) + 9
	binary.LittleEndian.PutUint32(out[i:], (side-1)|(side-1)<<14)
	return out
}

func TestDecodeRefusesLargePictures(t *testing.T) {
	t.Parallel()
	cases := bombs(t)
	cases["bytes"] = append(asJPEG(t, drawing()), make([]byte, MaxBytes)...)
	for name, data := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireFault(t, data, fault.TooLarge, "picture_too_large")
		})
	}
}

// Not parallel: it counts what the whole process allocates.
func TestDecodeAllocatesNothingForBombs(t *testing.T) {
	for name, data := range bombs(t) {
		require.Less(t, allocated(func() {
			_, err := Decode(t.Context(), data)
			require.Error(t, err)
		}), 1<<20, name)
	}
}

// Not parallel: it counts what the whole process allocates.
func TestMemoryIsBounded(t *testing.T) {
	area := image.Rect(0, 0, 800, 600)
	for name, data := range map[string][]byte{
		"JPEG":               asJPEG(t, image.NewRGBA(area)),
		"JPEG, grey":         asJPEG(t, image.NewGray(area)),
		"JPEG, progressive":  testdata(t, "large-progressive.jpg"),
		"JPEG, late height":  withLateHeight(testdata(t, "large-progressive.jpg"), markerSOF2),
		"JPEG, CMYK":         testdata(t, "cmyk.jpg"),
		"PNG":                asPNG(t, image.NewRGBA(area)),
		"PNG, 16 bits":       asPNG(t, image.NewNRGBA64(area)),
		"PNG, grey 16 bits":  asPNG(t, image.NewGray16(area)),
		"PNG, interlaced":    interlacedPNG(t, image.NewRGBA(area)),
		"WebP, lossless":     testdata(t, "large-lossless.webp"),
		"WebP, transparency": testdata(t, "alpha.webp"),
		"WebP":               testdata(t, "lossy.webp"),
	} {
		h, err := inspect(data)
		require.NoError(t, err)
		// The decoders' own buffers and tables do not depend on the picture.
		const tables = 1 << 20
		require.LessOrEqual(t, allocated(func() {
			_, err := h.decode(t.Context())
			require.NoError(t, err)
		}), h.memory+tables, name)
		for scale := jpeg.Scale(1); h.fast != nil && scale <= 8; scale *= 2 {
			require.LessOrEqual(t, allocated(func() {
				_, err := h.fast.Decode(t.Context(), scale)
				require.NoError(t, err)
			}), h.fast.Memory(scale), "%s at scale %d", name, scale)
		}
	}
}

// withLateHeight returns a JPEG whose height follows its scans.
func withLateHeight(data []byte, frame byte) []byte {
	out := bytes.Clone(data[:len(data)-2])
	at := bytes.Index(out, []byte{0xff, frame}) + 5
	out = append(append(out, 0xff, 0xdc, 0, 4), out[at:at+2]...) // DNL (B.2.5)
	clear(out[at : at+2])
	return append(out, 0xff, markerEOI)
}

func allocated(f func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}

func TestDecodeRefusesOtherFormats(t *testing.T) {
	t.Parallel()
	requireFault(t, nil, fault.Invalid, "picture_missing")
	for _, data := range []string{"x", "hello, this is text", "GIF89a\x01\x00\x01\x00", "RIFF\x04\x00\x00\x00WAVE", "\xff\xd8", "%PDF-1.7",
		"<svg xmlns='http://www.w3.org/2000/svg'/>"} {
		requireFault(t, []byte(data), fault.UnsupportedMedia, "picture_type")
	}
}

func TestDecodeRefusesTruncatedPictures(t *testing.T) {
	t.Parallel()
	all := samples(t)
	all["WebP, lossy"] = testdata(t, "lossy.webp")
	all["JPEG, a photo's size"] = asJPEG(t, paint(image.NewRGBA(image.Rect(0, 0, 400, 300))))
	for name, data := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n := 12; n < len(data); n += max(len(data)/200, 1) {
				_, err := Decode(t.Context(), data[:n])
				if n < pixelsEnd(data) {
					require.True(t, fault.Is(err, fault.Unprocessable), "%d of %d bytes: %v", n, len(data), err)
				} else {
					require.NoError(t, err)
				}
			}
		})
	}
	t.Run("JPEG, end marker put back", func(t *testing.T) {
		t.Parallel()
		for _, data := range [][]byte{all["JPEG"], all["JPEG, progressive"]} {
			scan := bytes.LastIndex(data, []byte{0xff, markerSOS}) + 14
			for n := scan; n < len(data)-4; n += 7 {
				requireFault(t, append(bytes.Clone(data[:n]), 0xff, markerEOI), fault.Unprocessable, "picture_broken")
			}
		}
	})
}

// pixelsEnd returns how many bytes of a picture hold its pixels and what comes before them.
func pixelsEnd(data []byte) int {
	switch data[0] {
	case 0xff:
		return bytes.LastIndex(data, []byte{0xff, markerEOI})
	case 'R':
		at := max(bytes.Index(data, []byte("VP8 ")), bytes.Index(data, []byte("VP8L"))) + 8
		return at + int(binary.LittleEndian.Uint32(data[at-4:]))
	}
	at := bytes.LastIndex(data, []byte("IDAT"))
	return at + 4 + int(binary.BigEndian.Uint32(data[at-4:]))
}

func TestDecodeRefusesDamagedPictures(t *testing.T) {
	t.Parallel()
	photo, png := asJPEG(t, drawing()), asPNG(t, drawing())
	damaged := bytes.Clone(png)
	damaged[bytes.Index(png, []byte("IDAT"))+10] ^= 0xff
	requireFault(t, damaged, fault.Unprocessable, "picture_broken")
	requireFault(t, withSize(photo, 0, 40), fault.Unprocessable, "picture_broken")
	requireFault(t, append(pngHeader(4, 4, 8, 2, 0), pngChunk("IEND", nil)...), fault.Unprocessable, "picture_broken")
	frame := bytes.Index(photo, []byte{0xff, markerSOF0})
	lossless := bytes.Clone(photo)
	lossless[frame+1] = 0xc3
	requireFault(t, lossless, fault.Unprocessable, "picture_unsupported")
	twelveBits := bytes.Clone(photo)
	twelveBits[frame+4] = 12
	requireFault(t, twelveBits, fault.Unprocessable, "picture_unsupported")
}

func TestDecodeRefusesTooManyScans(t *testing.T) {
	t.Parallel()
	sequential := asJPEG(t, drawing())
	scan := bytes.Clone(sequential[bytes.LastIndex(sequential, []byte{0xff, markerSOS}) : len(sequential)-2])
	end := []byte{0xff, markerEOI}
	requireFault(t, append(append(sequential[:len(sequential)-2], bytes.Repeat(scan, 4)...), end...), fault.Unprocessable, "picture_broken")

	progressive := withSizeAt(testdata(t, "progressive.jpg"), markerSOF2, 8000, 5000)
	last := bytes.Clone(progressive[bytes.LastIndex(progressive, []byte{0xff, markerSOS}) : len(progressive)-2])
	_, err := inspect(progressive)
	require.NoError(t, err, "40 megapixels and the ten scans of common encoders")
	outline := jpeg.ReadOutline(progressive)
	require.Equal(t, 10, outline.Scans())
	for scans, refused := range map[int]bool{16: false, 17: true, 32: true, 2000: true} {
		more := append(append(bytes.Clone(progressive[:len(progressive)-2]), bytes.Repeat(last, scans-10)...), end...)
		if refused {
			requireFault(t, more, fault.Unprocessable, "picture_too_complex")
		} else {
			_, err := inspect(more)
			require.NoError(t, err)
		}
	}
}

func requireFault(t *testing.T, data []byte, kind fault.Kind, code string) {
	t.Helper()
	_, err := Decode(t.Context(), data)
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, kind, f.Kind, "%v", err)
	require.Equal(t, code, f.Code, "%v", err)
}
