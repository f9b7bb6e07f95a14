package picture

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"image"
	"image/color"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"snaptask/functions/internal/fault"
)

// pngWith returns a PNG with chunks inserted before its first chunk of pixels.
func pngWith(data []byte, chunks ...[]byte) []byte {
	at := bytes.Index(data, []byte("IDAT")) - 4
	return bytes.Join([][]byte{data[:at], bytes.Join(chunks, nil), data[at:]}, nil)
}

func TestPNGsWithFaultsOutsideOfThePixels(t *testing.T) {
	t.Parallel()
	good := asPNG(t, drawing())
	wrong := func(name string, body []byte) []byte {
		chunk := pngChunk(name, body)
		chunk[len(chunk)-1] ^= 1
		return chunk
	}
	end := len(good) - 12
	for name, data := range map[string][]byte{
		"no end":                    good[:end],
		"no checksum of the pixels": good[:end-4],
		"half of the checksum":      good[:end-2],
		"cut end":                   good[:len(good)-5],
		"data after the end":        append(bytes.Clone(good), "more"...),
		"text, wrong checksum":      pngWith(good, wrong("tEXt", []byte("a\x00b"))),
		"gamma, wrong checksum":     pngWith(good, wrong("gAMA", []byte{0, 1, 0x86, 0xa0})),
		"transparency, wrong":       pngWith(good, wrong("tRNS", []byte{0, 255, 0, 0, 0, 0})),
		"orientation, wrong":        pngWith(good, wrong("eXIf", exif(binary.BigEndian, 6))),
		"an unknown chunk":          pngWith(good, pngChunk("abCd", []byte("?"))),
		"a palette without use":     pngWith(good, pngChunk("PLTE", []byte{1, 2, 3})),
		"profile, not compressed":   pngWith(good, pngChunk("iCCP", []byte("x\x00\x00junk"))),
		"profile, empty":            pngWith(good, pngChunk("iCCP", nil)),
		"an enormous profile":       pngWith(good, pngChunk("iCCP", append([]byte("x\x00\x00"), deflated(t, make([]byte, maxProfile+1))...))),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireQuarters(t, data, drawingWidth, drawingHeight, quarters)
		})
	}
	header := bytes.Clone(good)
	header[29] ^= 1
	requireFault(t, header, fault.Unprocessable, "picture_broken")
	pixels := bytes.Clone(good)
	pixels[end-1] ^= 1
	requireFault(t, pixels, fault.Unprocessable, "picture_broken")
	requireFault(t, good[:33], fault.Unprocessable, "picture_broken")
}

func deflated(t testing.TB, data []byte) []byte {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	_, err := z.Write(data)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return out.Bytes()
}

func TestAFrameLiesOnItsCanvas(t *testing.T) {
	t.Parallel()
	red, white := color.RGBA{255, 0, 0, 255}, color.RGBA{255, 255, 255, 255}
	for _, name := range []string{"animated-offset.webp", "animated-offset-lossless.webp"} {
		p, err := Decode(t.Context(), testdata(t, name))
		require.NoError(t, err)
		require.Equal(t, image.Pt(60, 40), p.img.Rect.Size())
		for at, want := range map[image.Point]color.RGBA{
			{25, 20}: red, {14, 14}: red, {36, 26}: red, {4, 20}: white, {46, 20}: white, {25, 4}: white, {25, 36}: white,
		} {
			requireColour(t, want, p.img.At(at.X, at.Y))
		}
	}
}

// profileNamed returns an ICC profile of package colour's references.
func profileNamed(t testing.TB, name string) []byte {
	data, err := os.ReadFile(filepath.Join("colour", "testdata", "reference.json"))
	require.NoError(t, err)
	var all []struct{ Name, Profile string }
	require.NoError(t, json.Unmarshal(data, &all))
	for _, ref := range all {
		if ref.Name == name {
			profile, err := base64.StdEncoding.DecodeString(ref.Profile)
			require.NoError(t, err)
			return profile
		}
	}
	require.FailNow(t, "no profile", name)
	return nil
}

// webpWithProfile returns a still WebP with an ICC profile.
func webpWithProfile(t testing.TB, pixels []byte, size image.Point, profile []byte) []byte {
	chunk := func(name string, body []byte) []byte {
		out := append(binary.LittleEndian.AppendUint32([]byte(name), uint32(len(body))), body...)
		return append(out, make([]byte, len(body)&1)...)
	}
	extended := []byte{1 << 5, 0, 0, 0, byte(size.X - 1), byte((size.X - 1) >> 8), 0, byte(size.Y - 1), byte((size.Y - 1) >> 8), 0}
	body := bytes.Join([][]byte{[]byte("WEBP"), chunk("VP8X", extended), chunk("ICCP", profile), pixels[12:]}, nil)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

func TestColoursBecomeSRGBInEveryFormat(t *testing.T) {
	t.Parallel()
	profile := profileNamed(t, "Adobe RGB")
	iccp := pngChunk("iCCP", append([]byte("Adobe RGB\x00\x00"), deflated(t, profile)...))
	muted := drawing()
	for i := range muted.Pix {
		if i%4 != 3 {
			muted.Pix[i] = 64 + muted.Pix[i]/2
		}
	}
	segment := append([]byte("ICC_PROFILE\x00\x01\x01"), profile...)
	header := binary.BigEndian.AppendUint16([]byte{0xff, 0xd8, 0xff, markerAPP2}, uint16(len(segment)+2))
	photo := asJPEG(t, muted)
	// What Pillow 13.0's ImageCms makes of the muted quarters, (191, 64, 64) and so on, and of the others for WebP.
	fromAdobe := [4]color.RGBA{{221, 62, 62, 255}, {62, 62, 196, 255}, {0, 145, 55, 255}, {192, 192, 192, 255}}
	fromLight := [4]color.RGBA{{224, 137, 137, 255}, {137, 137, 224, 255}, {137, 198, 137, 255}, {224, 224, 224, 255}}
	fromP3 := [4]color.RGBA{{207, 50, 58, 255}, {64, 64, 198, 255}, {0, 146, 51, 255}, {191, 191, 191, 255}}
	one := binary.BigEndian.AppendUint32(nil, 100_000)
	for name, c := range map[string]struct {
		data []byte
		want [4]color.RGBA
	}{
		"PNG":                    {pngWith(asPNG(t, muted), iccp), fromAdobe},
		"PNG, profile and gamma": {pngWith(asPNG(t, muted), pngChunk("gAMA", one), iccp), fromAdobe},
		"PNG, code for P3":       {pngWith(asPNG(t, muted), pngChunk("cICP", []byte{12, 13, 0, 1}), iccp), fromP3},
		"PNG, code for HDR":      {pngWith(asPNG(t, muted), pngChunk("cICP", []byte{9, 16, 0, 1}), iccp), fromAdobe},
		"PNG, gamma":             {pngWith(asPNG(t, muted), pngChunk("gAMA", one)), fromLight},
		"JPEG":                   {append(header, append(segment, photo[2:]...)...), fromAdobe},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireQuarters(t, c.data, drawingWidth, drawingHeight, c.want)
		})
	}
	for name, data := range map[string][]byte{
		"PNG, sRGB and gamma":  pngWith(asPNG(t, drawing()), pngChunk("sRGB", []byte{0}), pngChunk("gAMA", one)),
		"PNG, profile of grey": pngWith(asPNG(t, drawing()), pngChunk("iCCP", append([]byte("x\x00\x00"), deflated(t, profileNamed(t, "grey, 1.8"))...))),
		"WebP, sRGB":           webpWithProfile(t, testdata(t, "lossless.webp"), image.Pt(drawingWidth, drawingHeight), profileNamed(t, "sRGB, table")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireQuarters(t, data, drawingWidth, drawingHeight, quarters)
		})
	}
	p, err := Decode(t.Context(), webpWithProfile(t, testdata(t, "lossless.webp"), image.Pt(drawingWidth, drawingHeight), profileNamed(t, "straight")))
	require.NoError(t, err)
	// Little CMS makes 207 of 160 in light.
	requireColour(t, color.RGBA{0, 207, 0, 255}, p.img.At(10, 30))
}

func TestGreyProfiles(t *testing.T) {
	t.Parallel()
	grey := image.NewGray(image.Rect(0, 0, 40, 40))
	for i := range grey.Pix {
		grey.Pix[i] = 90
	}
	profile := profileNamed(t, "grey, 1.8")
	segment := append([]byte("ICC_PROFILE\x00\x01\x01"), profile...)
	header := binary.BigEndian.AppendUint16([]byte{0xff, 0xd8, 0xff, markerAPP2}, uint16(len(segment)+2))
	for _, data := range [][]byte{
		append(header, append(segment, asJPEG(t, grey)[2:]...)...),
		pngWith(asPNG(t, grey), pngChunk("iCCP", append([]byte("x\x00\x00"), deflated(t, profile)...))),
	} {
		p, err := Decode(t.Context(), data)
		require.NoError(t, err)
		requireColour(t, color.RGBA{109, 109, 109, 255}, p.img.At(20, 20))
	}
}

func TestOtherFormatsAreNamed(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{
		"HEIC":      "\x00\x00\x00\x24ftypheic\x00\x00\x00\x00mif1heic",
		"AVIF":      "\x00\x00\x00\x20ftypavif\x00\x00\x00\x00avifmif1",
		"GIF":       "GIF89a\x01\x00\x01\x00",
		"TIFF":      "MM\x00*\x00\x00\x00\x08",
		"JPEG XL":   "\x00\x00\x00\x0cJXL \x0d\x0a\x87\x0a",
		"JPEG 2000": "\x00\x00\x00\x0cjP  \x0d\x0a\x87\x0a",
	} {
		_, err := Decode(t.Context(), []byte(data))
		var f *fault.Error
		require.ErrorAs(t, err, &f)
		require.Equal(t, "Only JPEG, PNG and WebP photos are accepted. This is a file of the format "+name+".", f.Message)
	}
	require.Equal(t, "AVIF", nameOf([]byte("\x00\x00\x00\x20ftypmif1\x00\x00\x00\x00mif1avif")))
	require.Equal(t, "HEIC", nameOf([]byte("\x00\x00\x00\x20ftypmif1\x00\x00\x00\x00mif1heic")))
	require.Empty(t, nameOf([]byte("hello")))
	require.Empty(t, nameOf([]byte("\x00\x00\x00\x20ftypisom")))
}

// cutOff ends when it was asked n times whether it has.
type cutOff struct {
	context.Context
	left int
}

func (c *cutOff) Err() error {
	c.left--
	if c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestDecodingStopsWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	all := samples(t)
	all["JPEG, large"] = asJPEG(t, paint(image.NewRGBA(image.Rect(0, 0, 600, 400))))
	all["JPEG, progressive"] = testdata(t, "large-progressive.jpg")
	for name, data := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for left := range 2 {
				g := newGate(MaxMemory, 1)
				_, err := decode(&cutOff{t.Context(), left}, g, data)
				require.True(t, fault.Is(err, fault.Unavailable), "%v", err)
				require.ErrorIs(t, err, context.Canceled)
				requireAllFree(t, g)
			}
		})
	}
}

// The half of a long picture is kept, and a picture's file is bounded even if it is noise.
func TestLongPicturesTakeNoMoreMemoryThanOthers(t *testing.T) {
	t.Parallel()
	long := image.NewYCbCr(image.Rect(0, 0, ReadableSide, LongArea/ReadableSide), image.YCbCrSubsampleRatio444)
	random := rand.NewChaCha8([32]byte{1})
	for _, samples := range [][]byte{long.Y, long.Cb, long.Cr} {
		_, err := random.Read(samples)
		require.NoError(t, err)
	}
	p := newPicture(long)
	require.LessOrEqual(t, len(p.Full()), maxFull)
	require.LessOrEqual(t, len(p.img.Y)+len(p.img.Cb)+len(p.img.Cr)+len(p.half.Y)+len(p.half.Cb)+len(p.half.Cr), 18_000_000)
	require.Equal(t, image.Pt(240, 480), stored(t, p.Thumb).Bounds().Size())
	require.Len(t, p.Tensor(32, 32), 3*32*32)
}
