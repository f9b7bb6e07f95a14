package jpeg

import (
	"bytes"
	"image"
	stdjpeg "image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// planes returns the planes of a picture, as rows of samples, without what lies beyond its edges.
func planes(t testing.TB, img image.Image) (planes [][][]byte) {
	var grey image.YCbCr
	ycc, ok := img.(*image.YCbCr)
	if !ok {
		g, ok := img.(*image.Gray)
		require.True(t, ok, "%T", img)
		grey = image.YCbCr{Y: g.Pix, YStride: g.Stride, Rect: g.Rect}
		ycc = &grey
	}
	width, height := ycc.Rect.Dx(), ycc.Rect.Dy()
	add := func(pix []byte, stride, width, height int) {
		rows := make([][]byte, height)
		for y := range rows {
			rows[y] = pix[y*stride:][:width]
		}
		planes = append(planes, rows)
	}
	add(ycc.Y, ycc.YStride, width, height)
	if ycc != &grey {
		h, v := 1, 1
		switch ycc.SubsampleRatio {
		case image.YCbCrSubsampleRatio420:
			h, v = 2, 2
		case image.YCbCrSubsampleRatio422:
			h = 2
		case image.YCbCrSubsampleRatio440:
			v = 2
		}
		add(ycc.Cb, ycc.CStride, ceilDiv(width, h), ceilDiv(height, v))
		add(ycc.Cr, ycc.CStride, ceilDiv(width, h), ceilDiv(height, v))
	}
	return planes
}

// mixed is a picture with smooth parts, edges and noise.
func mixed(width, height int) *image.YCbCr {
	random := rand.New(rand.NewPCG(uint64(width), uint64(height)))
	img := image.NewYCbCr(image.Rect(0, 0, width, height), image.YCbCrSubsampleRatio420)
	for y := range height {
		for x := range width {
			v := 4*x + 2*y
			switch (x/24 + y/24) % 3 {
			case 1:
				v = x / 3 % 2 * 255
			case 2:
				v = random.IntN(256)
			}
			img.Y[y*img.YStride+x] = byte(v)
		}
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = byte(i), byte(random.IntN(256))
	}
	return img
}

// encoded returns a picture encoded by image/jpeg.
func encoded(t testing.TB, img image.Image, quality int) []byte {
	var out bytes.Buffer
	require.NoError(t, stdjpeg.Encode(&out, img, &stdjpeg.Options{Quality: quality}))
	return out.Bytes()
}

func decoded(t testing.TB, data []byte) image.Image {
	img, err := stdjpeg.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	return img
}

// supported returns JPEGs that Open accepts.
func supported(t testing.TB) map[string][]byte {
	all := map[string][]byte{
		"one pixel":         encoded(t, mixed(1, 1), 90),
		"one line":          encoded(t, mixed(100, 1), 90),
		"whole units":       encoded(t, mixed(64, 48), 75),
		"the finest":        encoded(t, mixed(75, 61), 100),
		"the coarsest":      encoded(t, mixed(75, 61), 1),
		"grey":              encoded(t, &image.Gray{Pix: mixed(75, 61).Y, Stride: mixed(75, 61).YStride, Rect: image.Rect(0, 0, 75, 61)}, 90),
		"data after it":     append(encoded(t, mixed(20, 20), 90), "more"...),
		"unknown segments":  withSegments(encoded(t, mixed(20, 20), 90), "\xff\xe1\x00\x06Exif", "\xff\xfe\x00\x07hello", "\xff\xef\x00\x02"),
		"Adobe's YCbCr":     withSegments(encoded(t, mixed(20, 20), 90), "\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x01"),
		"JFIF in the front": withSegments(encoded(t, mixed(20, 20), 90), "\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"),
	}
	for _, name := range []string{"444.jpg", "422.jpg", "440.jpg", "optimized.jpg", "restart.jpg"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(t, err)
		all[name] = data
	}
	return all
}

// withSegments inserts segments after the start marker.
func withSegments(data []byte, segments ...string) []byte {
	out := bytes.Clone(data[:2])
	for _, s := range segments {
		out = append(out, s...)
	}
	return append(out, data[2:]...)
}
