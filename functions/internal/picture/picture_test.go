package picture

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"snaptask/functions/internal/fault"
	pictureJPEG "snaptask/functions/internal/picture/jpeg"
)

func TestDecodeReadsEveryKind(t *testing.T) {
	t.Parallel()
	for name, data := range samples(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireQuarters(t, data, drawingWidth, drawingHeight, quarters)
		})
	}
	for name, data := range greySamples(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := Decode(t.Context(), data)
			require.NoError(t, err)
			full := stored(t, p.Full)
			darkest, lightest := full.At(40, 10), full.At(40, 30)
			for _, c := range []color.Color{darkest, lightest} {
				r, g, b, _ := c.RGBA()
				require.InDelta(t, r, g, 0x300)
				require.InDelta(t, r, b, 0x300)
			}
			require.Less(t, color.GrayModel.Convert(darkest).(color.Gray).Y, byte(60))
			require.Greater(t, color.GrayModel.Convert(lightest).(color.Gray).Y, byte(240))
		})
	}
}

func TestDecodeAppliesOrientation(t *testing.T) {
	t.Parallel()
	const red, blue, green, white = 0, 1, 2, 3
	// EXIF's values for the first row and the first column: 1 top left, 2 top right, 3 bottom right, 4 bottom left,
	// 5 left top, 6 right top, 7 right bottom, 8 left bottom.
	upright := [...][4]int{
		1: {red, blue, green, white},
		2: {blue, red, white, green},
		3: {white, green, blue, red},
		4: {green, white, red, blue},
		5: {red, green, blue, white},
		6: {green, red, white, blue},
		7: {white, blue, green, red},
		8: {blue, white, red, green},
	}
	for value := 1; value <= 8; value++ {
		width, height := drawingWidth, drawingHeight
		if value >= 5 {
			width, height = height, width
		}
		var want [4]color.RGBA
		for i, q := range upright[value] {
			want[i] = quarters[q]
		}
		little, big := exif(binary.LittleEndian, uint16(value)), exif(binary.BigEndian, uint16(value))
		requireQuarters(t, jpegWithEXIF(asJPEG(t, drawing()), little), width, height, want)
		requireQuarters(t, jpegWithEXIF(asJPEG(t, drawing()), big), width, height, want)
		requireQuarters(t, pngWithEXIF(asPNG(t, drawing()), big), width, height, want)
		if value == 6 {
			requireQuarters(t, testdata(t, "lossy.webp"), width, height, want)
		}
	}
}

// requireQuarters checks the size and the colours of a stored picture.
func requireQuarters(t *testing.T, data []byte, width, height int, want [4]color.RGBA) {
	t.Helper()
	p, err := Decode(t.Context(), data)
	require.NoError(t, err)
	w, h := p.size()
	require.Equal(t, [2]int{width, height}, [2]int{w, h})
	for _, img := range []image.Image{stored(t, p.Full), stored(t, p.Thumb)} {
		w, h := img.Bounds().Dx(), img.Bounds().Dy()
		for i, c := range want {
			requireColour(t, c, img.At(w/4+i%2*w/2, h/4+i/2*h/2))
		}
	}
}

func stored(t *testing.T, make func() []byte) image.Image {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(make()))
	require.NoError(t, err)
	return img
}

func TestStoredPicturesAreBounded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, full, thumb image.Point }{
		"small stays":     {image.Pt(30, 20), image.Pt(30, 20), image.Pt(30, 20)},
		"photo":           {image.Pt(3000, 2000), image.Pt(2508, 1672), image.Pt(480, 320)},
		"wide":            {image.Pt(4096, 100), image.Pt(4096, 100), image.Pt(200, 100)},
		"tall":            {image.Pt(600, 3000), image.Pt(600, 3000), image.Pt(240, 480)},
		"long screenshot": {image.Pt(790, 8000), image.Pt(643, 6517), image.Pt(240, 480)},
		"very long":       {image.Pt(790, 20000), image.Pt(512, 12962), image.Pt(240, 480)},
		"a line":          {image.Pt(20000, 1), image.Pt(20000, 1), image.Pt(2, 1)},
		"one pixel":       {image.Pt(1, 1), image.Pt(1, 1), image.Pt(1, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, data := range [][]byte{
				asPNG(t, image.NewGray(image.Rectangle{Max: c.in})), asJPEG(t, image.NewGray(image.Rectangle{Max: c.in})),
			} {
				p, err := Decode(t.Context(), data)
				require.NoError(t, err)
				require.Equal(t, c.full, stored(t, p.Full).Bounds().Size())
				require.Equal(t, c.thumb, stored(t, p.Thumb).Bounds().Size())
			}
		})
	}
}

func TestThumbShowsTheTopOrTheMiddle(t *testing.T) {
	t.Parallel()
	tall, err := Decode(t.Context(), asPNG(t, paint(image.NewRGBA(image.Rect(0, 0, 40, 200)))))
	require.NoError(t, err)
	top := stored(t, tall.Thumb)
	require.Equal(t, image.Pt(40, 80), top.Bounds().Size())
	requireColour(t, quarters[0], top.At(10, 60))
	requireColour(t, quarters[1], top.At(30, 10))

	wide, err := Decode(t.Context(), asPNG(t, paint(image.NewRGBA(image.Rect(0, 0, 200, 40)))))
	require.NoError(t, err)
	middle := stored(t, wide.Thumb)
	require.Equal(t, image.Pt(80, 40), middle.Bounds().Size())
	requireColour(t, quarters[0], middle.At(30, 10))
	requireColour(t, quarters[1], middle.At(50, 10))
	requireColour(t, quarters[2], middle.At(10, 30))
}

func requireColour(t *testing.T, want color.RGBA, got color.Color) {
	t.Helper()
	r, g, b, _ := got.RGBA()
	require.InDeltaSlice(t, []byte{want.R, want.G, want.B}, []byte{byte(r >> 8), byte(g >> 8), byte(b >> 8)}, 8)
}

func TestStoredPicturesHaveNoMetadata(t *testing.T) {
	t.Parallel()
	tiff := exif(binary.LittleEndian, 1)
	place := []byte("52.5N 13.4E")
	for _, data := range [][]byte{jpegWithEXIF(asJPEG(t, drawing()), tiff), pngWithEXIF(asPNG(t, drawing()), tiff)} {
		require.True(t, bytes.Contains(data, place))
		p, err := Decode(t.Context(), data)
		require.NoError(t, err)
		for _, make := range []func() []byte{p.Full, p.Thumb} {
			out := make()
			require.False(t, bytes.Contains(out, place))
			outline := pictureJPEG.ReadOutline(out)
			for _, s := range outline.Segments {
				require.False(t, s.Marker >= 0xe0 && s.Marker <= 0xef || s.Marker == 0xfe, "segment %x", s.Marker)
			}
		}
	}
}

func TestStoredPictureCanBeDecoded(t *testing.T) {
	t.Parallel()
	p, err := Decode(t.Context(), asJPEG(t, paint(image.NewRGBA(image.Rect(0, 0, 2500, 200)))))
	require.NoError(t, err)
	again, err := Decode(t.Context(), p.Full())
	require.NoError(t, err)
	require.InDeltaSlice(t, p.Tensor(64, 64), again.Tensor(64, 64), 0.04)
}

func TestDecodeWaitsNoLongerThanItsContext(t *testing.T) {
	t.Parallel()
	g := newGate(MaxMemory, 1)
	release, err := g.enter(t.Context(), 0)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = decode(ctx, g, asJPEG(t, drawing()))
	require.True(t, fault.Is(err, fault.Unavailable), "%v", err)
	require.ErrorIs(t, err, context.Canceled)
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Positive(t, f.RetryAfter)
	release()
	_, err = decode(t.Context(), g, asJPEG(t, drawing()))
	require.NoError(t, err)
	requireAllFree(t, g)
}

// The web app's uploads already have the right size. They are stored bit for bit, without metadata.
func TestUprightJPEGsAreNotEncodedAgain(t *testing.T) {
	t.Parallel()
	plain := asJPEG(t, paint(image.NewRGBA(image.Rect(0, 0, 300, 200))))
	full := func(data []byte) []byte {
		p, err := Decode(t.Context(), data)
		require.NoError(t, err)
		return p.Full()
	}
	stripped := full(jpegWithEXIF(plain, exif(binary.LittleEndian, 1)))
	require.Equal(t, full(plain), stripped)
	want, err := jpeg.Decode(bytes.NewReader(plain))
	require.NoError(t, err)
	got, err := jpeg.Decode(bytes.NewReader(stripped))
	require.NoError(t, err)
	require.Equal(t, want, got)

	require.Equal(t, stripped, full(append(bytes.Clone(plain), "PK\x03\x04 an archive, <script> or another picture"...)))
	require.Equal(t, stripped, full(stripped))
	// What Strip can't copy is encoded again.
	require.NotEqual(t, stripped, full(jpegWithEXIF(plain, exif(binary.LittleEndian, 3))))
	end := len(plain) - 2
	for _, hidden := range []string{"hidden", "\xff\xfe\x00\x08hidden", "\xff\xff"} {
		again := full(append(append(bytes.Clone(plain[:end]), hidden...), plain[end:]...))
		require.NotContains(t, string(again), "hidden")
		require.NotEqual(t, stripped, again)
	}
}

func TestHeavyUploadsAreEncodedAgain(t *testing.T) {
	t.Parallel()
	noise := image.NewGray(image.Rect(0, 0, 2048, 1900))
	random := rand.New(rand.NewPCG(1, 2))
	for i := range noise.Pix {
		noise.Pix[i] = byte(random.Uint())
	}
	var data bytes.Buffer
	require.NoError(t, jpeg.Encode(&data, noise, &jpeg.Options{Quality: 100}))
	require.Greater(t, data.Len(), maxStripped)
	p, err := Decode(t.Context(), data.Bytes())
	require.NoError(t, err)
	require.Less(t, len(p.Full()), data.Len()*3/4)
}

// A large picture is decoded at a fraction of its size if that is about FullArea, others at full size.
func TestLargeJPEGsAreReadAtAFraction(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, full image.Point }{
		"half":               {image.Pt(4000, 3000), image.Pt(2000, 1500)},
		"half, then reduced": {image.Pt(5000, 3600), image.Pt(2413, 1737)},
		"full, then reduced": {image.Pt(3000, 2000), image.Pt(2508, 1672)},
		"long":               {image.Pt(1100, 14000), image.Pt(550, 7000)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			img := image.NewYCbCr(image.Rectangle{Max: c.in}, image.YCbCrSubsampleRatio420)
			for i := range img.Y {
				img.Y[i] = byte(220 * (i % img.YStride) / c.in.X)
			}
			for i := range img.Cb {
				img.Cb[i], img.Cr[i] = 128, byte(220*(i/img.CStride)*2/c.in.Y)
			}
			var data bytes.Buffer
			require.NoError(t, jpeg.Encode(&data, img, &jpeg.Options{Quality: 90}))
			p, err := Decode(t.Context(), jpegWithEXIF(data.Bytes(), exif(binary.BigEndian, 3)))
			require.NoError(t, err)
			full := stored(t, p.Full).(*image.YCbCr)
			require.Equal(t, c.full, full.Rect.Size())
			for y := 0; y < c.full.Y; y += 13 {
				for x := 0; x < c.full.X; x += 17 {
					at := full.YCbCrAt(x, y)
					require.InDelta(t, 220-220*float64(x)/float64(c.full.X), float64(at.Y), 6)
					require.InDelta(t, 220-220*float64(y)/float64(c.full.Y), float64(at.Cr), 16)
				}
			}
		})
	}
}

func TestAPanicOfADecoderIsABrokenPicture(t *testing.T) {
	t.Parallel()
	p, err := withoutPanic(func() (*Picture, error) { panic("index out of range") })
	require.Nil(t, p)
	require.True(t, fault.Is(err, fault.Unprocessable), "%v", err)
}
