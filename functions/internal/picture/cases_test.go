package picture

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"snaptask/functions/internal/fault"
)

func caseFile(t testing.TB, name string) []byte {
	data, err := os.ReadFile(filepath.Join("testdata", "cases", name))
	require.NoError(t, err)
	return data
}

func decodedCase(t testing.TB, name string) *Picture {
	p, err := Decode(t.Context(), caseFile(t, name))
	require.NoError(t, err)
	return p
}

func TestLongScreenshotsStayReadable(t *testing.T) {
	t.Parallel()
	p := decodedCase(t, "long-screenshot.png")
	full := stored(t, p.Full)
	require.GreaterOrEqual(t, full.Bounds().Dx(), 500)
	require.Equal(t, image.Pt(240, 480), stored(t, p.Thumb).Bounds().Size())
	again, err := Decode(t.Context(), p.Full())
	require.NoError(t, err)
	require.Equal(t, full.Bounds(), stored(t, again.Full).Bounds(), "the stored picture is not reduced again")
}

func TestColouredTextStaysSharp(t *testing.T) {
	t.Parallel()
	data := caseFile(t, "screenshot-coloured-text.png")
	original, err := png.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	for name, upload := range map[string][]byte{"PNG": data, "JPEG 4:4:4": testdata(t, "coloured-text-444.jpg")} {
		t.Run(name, func(t *testing.T) {
			p, err := Decode(t.Context(), upload)
			require.NoError(t, err)
			require.Greater(t, signalToNoise(original, stored(t, newPicture(p.img).Full)), 30.0)
		})
	}
}

// signalToNoise returns the peak signal-to-noise ratio of two pictures in dB.
func signalToNoise(a, b image.Image) float64 {
	sum, n := 0.0, 0
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			p, q := color.RGBAModel.Convert(a.At(x, y)).(color.RGBA), color.RGBAModel.Convert(b.At(x, y)).(color.RGBA)
			for _, d := range []float64{float64(p.R) - float64(q.R), float64(p.G) - float64(q.G), float64(p.B) - float64(q.B)} {
				sum += d * d
				n++
			}
		}
	}
	return 10 * math.Log10(255*255*float64(n)/sum)
}

func TestPhotosAreSubsampled(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"chelsea.png", "coffee.png"} {
		data, err := os.ReadFile(filepath.Join("..", "..", "..", "webapp", "e2e", "photos", name))
		require.NoError(t, err)
		p, err := Decode(t.Context(), data)
		require.NoError(t, err)
		require.Equal(t, image.YCbCrSubsampleRatio420, stored(t, p.Full).(*image.YCbCr).SubsampleRatio, name)
	}
}

func TestAnEndOrTablesMayBeMissing(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"jpeg-no-eoi.jpg", "jpeg-no-huffman-tables.jpg"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := caseFile(t, name)
			p, err := Decode(t.Context(), data)
			require.NoError(t, err)
			require.Equal(t, image.Pt(400, 300), stored(t, p.Full).Bounds().Size())
			requireFault(t, data[:len(data)-400], fault.Unprocessable, "picture_broken")
		})
	}
}

func TestCMYKWithoutAdobesSegmentIsNotInverted(t *testing.T) {
	t.Parallel()
	data := caseFile(t, "cmyk-no-adobe-marker.jpg")
	// With Adobe's segment, the same samples mean the opposite.
	inverted := append([]byte("\xff\xd8\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"), data[2:]...)
	_, err := jpeg.Decode(bytes.NewReader(data))
	require.Error(t, err)
	asAdobe, err := jpeg.Decode(bytes.NewReader(inverted))
	require.NoError(t, err)
	p := decodedCase(t, "cmyk-no-adobe-marker.jpg")
	for _, at := range []image.Point{{20, 20}, {200, 100}, {380, 180}} {
		c := asAdobe.(*image.CMYK).CMYKAt(at.X, at.Y)
		r, g, b := color.CMYKToRGB(255-c.C, 255-c.M, 255-c.Y, 255-c.K)
		requireColour(t, color.RGBA{r, g, b, 255}, p.img.At(at.X, at.Y))
	}
}

func TestChecksumsOfAncillaryChunksDoNotMatter(t *testing.T) {
	t.Parallel()
	p := decodedCase(t, "png-bad-crc-iccp.png")
	w, h := p.size()
	require.Equal(t, []int{400, 200}, []int{w, h})
	for x, want := range map[int]color.RGBA{10: {200, 40, 40, 255}, 150: {40, 160, 60, 255}, 250: {40, 60, 190, 255}} {
		requireColour(t, want, p.img.At(x, 10))
	}
}

func TestTheFirstFrameOfAnAnimationIsRead(t *testing.T) {
	t.Parallel()
	p := decodedCase(t, "animated.webp")
	w, h := p.size()
	require.Equal(t, []int{100, 80}, []int{w, h})
	requireColour(t, color.RGBA{255, 0, 0, 255}, p.img.At(50, 40))
}

func TestProfilesAreConvertedToSRGB(t *testing.T) {
	t.Parallel()
	p := decodedCase(t, "icc-p3.jpg")
	require.Nil(t, p.full, "encoded again, without the profile")
	for _, img := range []image.Image{stored(t, p.Full), stored(t, p.Thumb)} {
		r, g, b, _ := img.At(20, 20).RGBA()
		require.InDeltaSlice(t, []byte{200, 40, 40}, []byte{byte(r >> 8), byte(g >> 8), byte(b >> 8)}, 3)
	}
}
