package baseline

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBareKeepsThePictureToTheBit(t *testing.T) {
	t.Parallel()
	for name, data := range plain(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := Open(data)
			require.NoError(t, err)
			_, err = f.Decode(8)
			require.NoError(t, err)
			bare := f.Bare()
			require.Equal(t, decoded(t, data), decoded(t, bare))
			again, err := Open(bare)
			require.NoError(t, err)
			_, err = again.Decode(4)
			require.NoError(t, err)
			require.Equal(t, bare, again.Bare())
		})
	}
}

func TestBareHoldsNothingElse(t *testing.T) {
	t.Parallel()
	good := encoded(t, mixed(60, 40), 90)
	const secret = "52.5N 13.4E"
	hidden := [][]byte{withSegments(good, "\xff\xfe\x00\x0d"+secret), append(bytes.Clone(good), secret...)}
	for marker := byte(markerAPP0); marker <= markerAPP15; marker++ {
		hidden = append(hidden, withSegments(good, string([]byte{0xff, marker, 0, 13})+secret))
		// And once more where fewer look: between the tables and the scan.
		scan := bytes.Index(good, []byte{0xff, markerSOS})
		hidden = append(hidden, bytes.Join([][]byte{good[:scan], {0xff, marker, 0, 13}, []byte(secret), good[scan:]}, nil))
	}
	// A table that no component asks for, and one that is given twice.
	table := append([]byte(secret), make([]byte, 64-len(secret))...)
	for _, number := range []byte{0, 3} {
		hidden = append(hidden, withSegments(good, string([]byte{0xff, markerDQT, 0, 67, number})+string(table)))
	}
	codes := "\xff\xc4\x00\x1e\x00" + "\x00\x00\x00\x0b" + string(make([]byte, 12)) + "\x05\x02\x00\x00\x01\x02\x03\x04\x05\x06\x07"
	hidden = append(hidden, withSegments(good, codes))
	bare := bareOf(t, good)
	for _, data := range hidden {
		require.Equal(t, bare, bareOf(t, data))
	}

	// Only the segments that decoding needs are left, one behind the other, then the scan and the end marker.
	rest, markers := bare[2:], []byte{}
	for len(markers) == 0 || markers[len(markers)-1] != markerSOS {
		require.Equal(t, byte(0xff), rest[0])
		markers = append(markers, rest[1])
		rest = rest[2+binary.BigEndian.Uint16(rest[2:]):]
	}
	require.Equal(t, []byte{markerDQT, markerDQT, markerSOF0, markerDHT, markerDHT, markerDHT, markerDHT, markerSOS}, markers)
	require.Equal(t, len(rest)-2, bytes.Index(rest, []byte{0xff, markerEOI}))
}

func bareOf(t *testing.T, data []byte) []byte {
	f, err := Open(data)
	require.NoError(t, err)
	_, err = f.Decode(8)
	require.NoError(t, err)
	return f.Bare()
}
