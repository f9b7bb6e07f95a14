package colour

import (
	"encoding/json"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// reference is an ICC profile with colours of it and, after each, what Little CMS makes of it in sRGB.
type reference struct {
	Name    string
	Model   Model
	Profile []byte
	Colours [][6]byte
}

func references(t testing.TB) (all []reference) {
	data, err := os.ReadFile(filepath.Join("testdata", "reference.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &all))
	return all
}

func TestColoursAreThoseOfLittleCMS(t *testing.T) {
	t.Parallel()
	for _, ref := range references(t) {
		t.Run(ref.Name, func(t *testing.T) {
			t.Parallel()
			space := OfICC(ref.Profile, ref.Model)
			if strings.HasPrefix(ref.Name, "sRGB") {
				require.Nil(t, space)
				return
			}
			require.NotNil(t, space)
			for _, c := range ref.Colours {
				r, g, b := space.convert(c[0], c[1], c[2])
				require.InDeltaSlice(t, c[3:], []byte{r, g, b}, 2, "%v", c[:3])
			}
		})
	}
}

func TestConvertReplacesThePicturesColours(t *testing.T) {
	t.Parallel()
	for _, ref := range references(t) {
		space := OfICC(ref.Profile, ref.Model)
		if space == nil {
			continue
		}
		for _, ratio := range []image.YCbCrSubsampleRatio{
			image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420, image.YCbCrSubsampleRatio440,
		} {
			for _, c := range ref.Colours {
				img := image.NewYCbCr(image.Rect(0, 0, 5, 3), ratio)
				y, cb, cr := color.RGBToYCbCr(c[0], c[1], c[2])
				r, g, b := space.convert(color.YCbCrToRGB(y, cb, cr))
				fill(img.Y, y)
				fill(img.Cb, cb)
				fill(img.Cr, cr)
				space.Convert(img)
				for _, at := range []image.Point{{0, 0}, {4, 2}, {1, 1}} {
					got := color.RGBAModel.Convert(img.At(at.X, at.Y)).(color.RGBA)
					require.InDeltaSlice(t, []byte{r, g, b}, []byte{got.R, got.G, got.B}, 2, "%s, %v, %v", ref.Name, ratio, c[:3])
				}
			}
		}
	}
}

func fill(pix []byte, v byte) {
	for i := range pix {
		pix[i] = v
	}
}

func TestOtherAndDamagedProfilesAreIgnored(t *testing.T) {
	t.Parallel()
	for _, ref := range references(t) {
		other := map[Model]Model{Grey: RGB, RGB: Grey}[ref.Model]
		require.Nil(t, OfICC(ref.Profile, other))
		for n := 0; n < len(ref.Profile)-4; n += 3 {
			require.NotPanics(t, func() { OfICC(ref.Profile[:n], ref.Model) })
		}
		require.Nil(t, OfICC(ref.Profile[:len(ref.Profile)/2], ref.Model))
	}
	require.Nil(t, OfICC(nil, RGB))
}

func TestPNGsExponentAndPrimaries(t *testing.T) {
	t.Parallel()
	sRGB := &Chromaticities{whiteD65, primariesSRGB}
	p3 := &Chromaticities{whiteD65, [3][2]float64{{0.680, 0.320}, {0.265, 0.690}, {0.150, 0.060}}}
	require.Nil(t, OfPNG(0.45455, nil))
	require.Nil(t, OfPNG(0.45455, sRGB))
	require.Nil(t, OfPNG(0, sRGB))
	require.Nil(t, OfPNG(0.45455, &Chromaticities{}))
	require.Nil(t, OfPNG(0.45455, &Chromaticities{whiteD65, [3][2]float64{{0.3, 0.3}, {0.3, 0.3}, {0.3, 0.3}}}))
	byName := map[string]reference{}
	for _, ref := range references(t) {
		byName[ref.Name] = ref
	}
	for name, space := range map[string]*Space{
		"Display P3": OfPNG(0.45455, p3), "straight": OfPNG(1, sRGB), "one exponent": OfPNG(1/1.8, nil), "grey, 1.8": OfPNG(1/1.8, nil),
	} {
		require.NotNil(t, space, name)
		for _, c := range byName[name].Colours {
			r, g, b := space.convert(c[0], c[1], c[2])
			require.InDeltaSlice(t, c[3:], []byte{r, g, b}, 2, "%s, %v", name, c[:3])
		}
	}
}

func FuzzOfICC(f *testing.F) {
	for _, ref := range references(f) {
		f.Add(ref.Profile)
	}
	f.Fuzz(func(t *testing.T, profile []byte) {
		for _, model := range []Model{Grey, RGB} {
			if space := OfICC(profile, model); space != nil {
				space.Convert(image.NewYCbCr(image.Rect(0, 0, 3, 3), image.YCbCrSubsampleRatio420))
			}
		}
	})
}
