package jpeg

import (
	"bytes"
	"image"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// open returns the picture in data.
func open(t testing.TB, data []byte, s Scale) *image.YCbCr {
	t.Helper()
	f, err := Open(data)
	require.NoError(t, err)
	img, err := f.Decode(t.Context(), s)
	require.NoError(t, err)
	require.Equal(t, f.Size(s), img.Rect.Size())
	return img
}

func TestDecodeAgreesWithTheStandardLibrary(t *testing.T) {
	t.Parallel()
	for name, data := range supported(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireSame(t, decoded(t, data), open(t, data, 8))
		})
	}
}

// requireSame allows for the two transforms' rounding.
func requireSame(t *testing.T, want image.Image, got *image.YCbCr) {
	t.Helper()
	require.Equal(t, want.Bounds(), got.Bounds())
	planesGot := planes(t, got)
	for i, rows := range planes(t, want) {
		for y, row := range rows {
			for x, v := range row {
				if other := planesGot[i][y][x]; max(v, other)-min(v, other) > 1 {
					t.Fatalf("plane %d at %d, %d: %d, not %d", i, x, y, other, v)
				}
			}
		}
	}
	if _, grey := want.(*image.Gray); grey {
		for _, plane := range planesGot[1:] {
			for _, row := range plane {
				require.Equal(t, bytes.Repeat([]byte{128}, len(row)), row)
			}
		}
	}
}

// Each sample of a scaled picture is close to the mean of the samples that it stands for.
func TestDecodeAtASmallerScale(t *testing.T) {
	t.Parallel()
	smooth := image.NewYCbCr(image.Rect(0, 0, 203, 117), image.YCbCrSubsampleRatio420)
	for i := range smooth.Y {
		x, y := i%smooth.YStride, i/smooth.YStride
		smooth.Y[i] = byte(x + y/4)
	}
	for i := range smooth.Cb {
		smooth.Cb[i], smooth.Cr[i] = byte(2*(i%smooth.CStride)), byte(4*(i/smooth.CStride))
	}
	data := encoded(t, smooth, 95)
	full := planes(t, open(t, data, 8))
	for _, s := range []Scale{4, 2, 1} {
		reduced := open(t, data, s)
		n := int(8 / s)
		require.Equal(t, image.Pt(ceilDiv(203, n), ceilDiv(117, n)), reduced.Rect.Size())
		for i, rows := range planes(t, reduced) {
			for y := range len(full[i]) / n {
				for x := range len(full[i][0]) / n {
					sum := 0
					for v := range n {
						for h := range n {
							sum += int(full[i][y*n+v][x*n+h])
						}
					}
					require.InDelta(t, float64(sum)/float64(n*n), float64(rows[y][x]), 2, "scale %d, plane %d at %d, %d", s, i, x, y)
				}
			}
		}
	}
}

func TestUnsupportedFilesAreRefused(t *testing.T) {
	t.Parallel()
	good := encoded(t, mixed(60, 40), 90)
	frame := bytes.Index(good, []byte{0xff, markerSOF0})
	scan := bytes.Index(good, []byte{0xff, markerSOS})
	huffman := bytes.Index(good, []byte{0xff, markerDHT})
	end := good[len(good)-2:]
	with := func(at int, v ...byte) []byte {
		out := bytes.Clone(good)
		copy(out[at:], v)
		return out
	}
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	restart := supported(t)["restart.jpg"]
	// More symbols than bytes can name, in a table that a grey picture does not use.
	most := join([]byte{0xff, markerDHT, 1, 20, 0x11}, make([]byte, 14), []byte{128, 129}, bytes.Repeat([]byte{1}, 257))
	cases := map[string][]byte{
		"nothing":                  nil,
		"only a start":             good[:2],
		"progressive":              with(frame+1, 0xc2),
		"extended":                 with(frame+1, 0xc1),
		"12 bits":                  with(frame+4, 12),
		"no height":                with(frame+5, 0, 0),
		"no width":                 with(frame+7, 0, 0),
		"two components":           with(frame+9, 2),
		"sampling of luma":         with(frame+11, 0x41),
		"sampling of chroma":       with(frame+14, 0x21),
		"quantisation table":       with(frame+12, 3),
		"the same component twice": with(frame+13, 1),
		"RGB by name":              with(frame+10, 'R', 0x11, 0, 'G', 0x11, 1, 'B', 0x11, 1),
		"RGB by Adobe":             withSegments(good, "\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"),
		"a code of all ones":       with(huffman+5, 2),
		"too many symbols":         with(huffman+5, 255),
		"more symbols than bytes":  join(supported(t)["grey"][:2], most, supported(t)["grey"][2:]),
		"a DC value of 12 bits":    with(huffman+21, 12),
		"another frame":            join(good[:scan], good[frame:frame+19], good[scan:]),
		"a scan of one component":  with(scan+4, 1),
		"scan in another order":    with(scan+5, 2, 0x11, 1, 0x00),
		"half a spectrum":          with(scan+12, 5),
		"an unknown table":         with(scan+6, 0x22),
		"fill bytes":               join(good[:scan], []byte{0xff}, good[scan:]),
		"bytes between segments":   join(good[:scan], []byte("hidden"), good[scan:]),
		"bytes after the scan":     join(good[:len(good)-2], []byte("hidden"), end),
		"a segment after it":       join(good[:len(good)-2], []byte("\xff\xfe\x00\x08hidden"), end),
		"a second scan":            join(good[:len(good)-2], good[scan:]),
		"fill bytes at the end":    join(good[:len(good)-2], []byte{0xff}, end),
		"no end":                   good[:len(good)-2],
		"half an end":              good[:len(good)-1],
		"higher than its scan":     with(frame+5, 0, 80),
		"lower than its scan":      with(frame+5, 0, 10),
		"restart out of order":     bytes.Replace(restart, []byte{0xff, 0xd1}, []byte{0xff, 0xd2}, 1),
		"no restart":               bytes.Replace(restart, []byte{0xff, 0xd1}, nil, 1),
		"unexpected restart":       join(good[:len(good)-20], []byte{0xff, 0xd0}, good[len(good)-20:]),
		"coefficients too large":   with(huffman-66, bytes.Repeat([]byte{255}, 64)...),
	}
	for n := 0; n < len(good)-2; n += 3 {
		cases["cut off"] = good[:n]
		requireUnsupported(t, "cut off", good[:n])
		if n > scan+14 {
			requireUnsupported(t, "cut off, with an end", join(good[:n], end))
		}
	}
	for name, data := range cases {
		requireUnsupported(t, name, data)
	}
}

func requireUnsupported(t *testing.T, name string, data []byte) {
	t.Helper()
	f, err := Open(data)
	if err == nil {
		_, err = f.Decode(t.Context(), 8)
	}
	require.ErrorIs(t, err, ErrUnsupported, name)
}

// Whatever Decode accepts, the standard library accepts too, with the same samples, however damaged the file is.
func TestDamagedFilesDecodeAsInTheStandardLibrary(t *testing.T) {
	t.Parallel()
	for name, data := range supported(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(5, uint64(len(data))))
			read := 0
			for range 100 {
				damaged := bytes.Clone(data)
				for range 1 + random.IntN(3) {
					damaged[random.IntN(len(damaged))] = byte(random.Uint())
				}
				if requireAgreement(t, damaged) {
					read++
				}
			}
			require.Positive(t, read)
		})
	}
}

// requireAgreement reports whether Decode accepted data.
func requireAgreement(t *testing.T, data []byte) bool {
	f, err := Open(data)
	if err != nil || f.Width*f.Height > 1<<16 {
		return false
	}
	for _, s := range []Scale{1, 2, 4} {
		if _, err := f.Decode(t.Context(), s); err != nil {
			require.ErrorIs(t, err, ErrUnsupported)
		}
	}
	got, err := f.Decode(t.Context(), 8)
	if err != nil {
		require.ErrorIs(t, err, ErrUnsupported)
		return false
	}
	requireSame(t, decoded(t, data), got)
	stripped := f.Strip(plenty)
	requireOnlyPicture(t, stripped)
	require.Equal(t, decoded(t, data), decoded(t, stripped))
	return true
}

func FuzzDecode(f *testing.F) {
	for _, data := range supported(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { requireAgreement(t, data) })
}
