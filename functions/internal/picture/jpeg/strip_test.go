package jpeg

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

const plenty = 16 << 20

func TestStripKeepsThePictureToTheBit(t *testing.T) {
	t.Parallel()
	for name, data := range supported(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := Open(data)
			require.NoError(t, err)
			_, err = f.Decode(t.Context(), 8)
			require.NoError(t, err)
			stripped := f.Strip(plenty)
			require.Equal(t, decoded(t, data), decoded(t, stripped))
			again, err := Open(stripped)
			require.NoError(t, err)
			_, err = again.Decode(t.Context(), 4)
			require.NoError(t, err)
			require.Equal(t, stripped, again.Strip(len(stripped)))
			require.Nil(t, again.Strip(len(stripped)-1))
			require.Nil(t, again.Strip(0))
		})
	}
}

func TestStripRemovesEverythingElse(t *testing.T) {
	t.Parallel()
	good := encoded(t, mixed(60, 40), 90)
	const secret = "52.5N 13.4E"
	hidden := [][]byte{withSegments(good, "\xff\xfe\x00\x0d"+secret), append(bytes.Clone(good), secret...)}
	for marker := byte(markerAPP0); marker <= markerAPP15; marker++ {
		hidden = append(hidden, withSegments(good, string([]byte{0xff, marker, 0, 13})+secret))
		// The same segment in a less common place: between the tables and the scan.
		scan := bytes.Index(good, []byte{0xff, markerSOS})
		hidden = append(hidden, bytes.Join([][]byte{good[:scan], {0xff, marker, 0, 13}, []byte(secret), good[scan:]}, nil))
	}
	// A table that no component uses, and one that is defined twice.
	table := append([]byte(secret), make([]byte, 64-len(secret))...)
	for _, number := range []byte{0, 3} {
		hidden = append(hidden, withSegments(good, string([]byte{0xff, markerDQT, 0, 67, number})+string(table)))
	}
	codes := "\xff\xc4\x00\x1e\x00" + "\x00\x00\x00\x0b" + string(make([]byte, 12)) + "\x05\x02\x00\x00\x01\x02\x03\x04\x05\x06\x07"
	hidden = append(hidden, withSegments(good, codes))
	stripped := strip(t, good)
	for _, data := range hidden {
		require.Equal(t, stripped, strip(t, data))
	}

	require.Equal(t, []byte{markerDQT, markerDQT, markerSOF0, markerDHT, markerDHT, markerDHT, markerDHT, markerSOS}, requireOnlyPicture(t, stripped))
}

// requireOnlyPicture requires that a file contains only the segments that decoding needs, the scan, and the end marker. It
// returns the segments' markers.
func requireOnlyPicture(t *testing.T, stripped []byte) (markers []byte) {
	require.Equal(t, []byte{0xff, markerSOI}, stripped[:2])
	rest := stripped[2:]
	for len(markers) == 0 || markers[len(markers)-1] != markerSOS {
		require.Equal(t, byte(0xff), rest[0])
		require.Contains(t, []byte{markerDQT, markerSOF0, markerDHT, markerDRI, markerSOS}, rest[1])
		markers = append(markers, rest[1])
		rest = rest[2+binary.BigEndian.Uint16(rest[2:]):]
	}
	for i := bytes.IndexByte(rest, 0xff); len(rest) > 2; i = bytes.IndexByte(rest, 0xff) {
		if rest[i+1] == markerEOI {
			require.Len(t, rest[i:], 2)
			return markers
		}
		if rest[i+1] != 0 {
			require.Contains(t, []byte("\xd0\xd1\xd2\xd3\xd4\xd5\xd6\xd7"), rest[i+1])
		}
		rest = rest[i+2:]
	}
	require.Equal(t, []byte{0xff, markerEOI}, rest)
	return markers
}

func strip(t *testing.T, data []byte) []byte {
	f, err := Open(data)
	require.NoError(t, err)
	_, err = f.Decode(t.Context(), 8)
	require.NoError(t, err)
	return f.Strip(plenty)
}
