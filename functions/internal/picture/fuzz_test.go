package picture

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"snaptask/functions/internal/fault"
)

func FuzzDecode(f *testing.F) {
	for _, seeds := range []map[string][]byte{samples(f), greySamples(f), bombs(f)} {
		for _, data := range seeds {
			f.Add(data)
		}
	}
	for _, name := range []string{"lossy.webp", "animated-offset.webp", "animated-offset-lossless.webp", "coloured-text-444.jpg"} {
		f.Add(testdata(f, name))
	}
	for _, name := range []string{"jpeg-no-eoi.jpg", "jpeg-no-huffman-tables.jpg", "cmyk-no-adobe-marker.jpg", "icc-p3.jpg", "png-bad-crc-iccp.png", "animated.webp"} {
		f.Add(caseFile(f, name))
	}
	f.Add(jpegWithEXIF(asJPEG(f, drawing()), exif(binary.LittleEndian, 8)))
	f.Add(pngWithEXIF(asPNG(f, drawing()), exif(binary.BigEndian, 6)))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Decode(t.Context(), data)
		if err != nil {
			var refused *fault.Error
			require.ErrorAs(t, err, &refused)
			require.NotEqual(t, fault.Internal, refused.Kind)
			return
		}
		width, height := p.size()
		require.True(t, width >= 1 && height >= 1 && width*height <= FullArea)
		for _, stored := range [][]byte{p.Full(), p.Thumb()} {
			require.LessOrEqual(t, len(stored), maxFull)
			again, err := Decode(t.Context(), stored)
			require.NoError(t, err)
			require.NotNil(t, again.full, "not encoded again")
		}
		require.Len(t, p.Tensor(4, 3), 36)
	})
}

func FuzzOrientation(f *testing.F) {
	for value := range uint16(10) {
		f.Add(exif(binary.LittleEndian, value))
		f.Add(exif(binary.BigEndian, value))
	}
	f.Add([]byte("II*\x00\xff\xff\xff\xff"))
	f.Add([]byte("MM\x00*\x00\x00\x00\x08\xff\xff"))
	f.Fuzz(func(t *testing.T, tiff []byte) {
		require.Contains(t, orientations[1:], orientationIn(tiff))
	})
}

func TestOrientationOfInvalidEXIFIsIgnored(t *testing.T) {
	t.Parallel()
	sound := exif(binary.BigEndian, 6)
	require.Equal(t, orientations[6], orientationIn(sound))
	// The tag is the second entry of its directory.
	const whole = 8 + 2 + 2*12
	for n := range whole {
		require.Equal(t, asStored, orientationIn(sound[:n]), "%d bytes", n)
	}
	for _, value := range []uint16{0, 9, 65535} {
		require.Equal(t, asStored, orientationIn(exif(binary.LittleEndian, value)))
	}
}
