package jpeg

import (
	"bytes"
	"encoding/binary"
	"image"
	stdjpeg "image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// repaired returns what Repair makes of a complete file, nil for others.
func repaired(data []byte) []byte {
	o := ReadOutline(data)
	if !o.Complete() {
		return nil
	}
	return o.Repair()
}

func sound(data []byte) bool {
	o := ReadOutline(data)
	return o.Complete() && o.Sound()
}

// progressive returns a JPEG with ten scans of Y, Cb and Cr.
func progressive(t testing.TB) []byte {
	data, err := os.ReadFile(filepath.Join("..", "testdata", "progressive.jpg"))
	require.NoError(t, err)
	return data
}

// exifWithThumbnail returns an APP1 segment that contains a JPEG, and claims a length that is wrong by the given number.
func exifWithThumbnail(thumbnail []byte, wrongBy int) []byte {
	body := append([]byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00"), thumbnail...)
	out := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(2+len(body)+wrongBy))
	return append(out, body...)
}

func TestSoundFilesNeedNoRepair(t *testing.T) {
	t.Parallel()
	all := supported(t)
	all["progressive"] = progressive(t)
	for name, data := range all {
		require.True(t, sound(data), name)
		require.Equal(t, decoded(t, data), decoded(t, repaired(data)), name)
	}
}

func TestRepairMendsWhatDoesNotConcernThePixels(t *testing.T) {
	t.Parallel()
	good := encoded(t, mixed(60, 40), 90)
	restart := supported(t)["restart.jpg"]
	slow := progressive(t)
	withoutTables := func(data []byte) []byte {
		o, out := ReadOutline(data), data
		for _, s := range o.Segments {
			if s.Marker == markerDHT {
				whole := append(binary.BigEndian.AppendUint16([]byte{0xff, markerDHT}, uint16(len(s.Body)+2)), s.Body...)
				out = bytes.Replace(out, whole, nil, 1)
			}
		}
		require.Less(t, len(out), len(data))
		return out
	}
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	thumbnail := encoded(t, mixed(16, 16), 50)
	renumbered := bytes.Clone(restart)
	o := ReadOutline(renumbered)
	eachRestart(o.Segments[len(o.Segments)-1].Coded, func(i int, marker *byte) { *marker = markerRST0 + byte((i+3)%8) })
	lines := bytes.Clone(good[:len(good)-2])
	frame := bytes.Index(lines, []byte{0xff, markerSOF0})
	binary.BigEndian.PutUint16(lines[frame+5:], 0)
	for name, c := range map[string]struct{ whole, data []byte }{
		"no end":                          {good, good[:len(good)-2]},
		"half an end":                     {good, good[:len(good)-1]},
		"progressive, no end":             {slow, slow[:len(slow)-2]},
		"the next picture instead of it":  {good, join(good[:len(good)-2], thumbnail)},
		"bytes after the end":             {good, join(good, []byte("more"), thumbnail)},
		"no tables":                       {good, withoutTables(good)},
		"neither":                         {good, withoutTables(good[:len(good)-2])},
		"two starts":                      {good, join(good[:2], good)},
		"restart markers from 3 on":       {restart, renumbered},
		"a body without a length":         {good, join(good[:2], []byte{0xff, markerTEM}, good[2:])},
		"a height after the scan":         {good, join(lines, []byte{0xff, markerDNL, 0, 4, 0, 40, 0xff, markerEOI})},
		"EXIF with a thumbnail":           {good, join(good[:2], exifWithThumbnail(thumbnail, 0), good[2:])},
		"EXIF that claims less":           {good, join(good[:2], exifWithThumbnail(nil, -7), good[2:])},
		"EXIF that claims more":           {good, join(good[:2], exifWithThumbnail(nil, 9), good[2:])},
		"EXIF that claims all":            {good, join(good[:2], exifWithThumbnail(nil, 65000), good[2:])},
		"EXIF with thumbnail claims more": {good, join(good[:2], exifWithThumbnail(thumbnail, 9), good[2:])},
		"EXIF with thumbnail claims less": {good, join(good[:2], exifWithThumbnail(thumbnail, -300), good[2:])},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := bytes.Clone(c.data)
			out := repaired(c.data)
			require.NotNil(t, out)
			require.Equal(t, decoded(t, c.whole), decoded(t, out))
			require.Equal(t, before, c.data)
			require.True(t, sound(out))
			o := ReadOutline(c.data)
			config, err := stdjpeg.DecodeConfig(bytes.NewReader(o.Head()))
			require.NoError(t, err)
			require.Equal(t, decoded(t, c.whole).Bounds().Size(), image.Pt(config.Width, config.Height))
		})
	}
}

func TestRepairKeepsCuts(t *testing.T) {
	t.Parallel()
	slow := progressive(t)
	o := ReadOutline(slow)
	require.Equal(t, 10, o.Scans())
	for i := range o.Segments {
		if o.Segments[i].Marker != markerSOS || i == len(o.Segments)-1 {
			continue
		}
		cut := Outline{Segments: o.Segments[:i+1]}
		require.False(t, cut.Complete(), "after a scan that is not the last")
		cut.Ended = true
		require.True(t, cut.Complete(), "a file that ends early on purpose")
	}
	// The scans of Y alone leave two components out.
	var luma Outline
	for _, s := range o.Segments {
		if s.Marker != markerSOS || s.Body[0] == 1 && s.Body[1] == o.Frame().Body[frameFixed] {
			luma.Segments = append(luma.Segments, s)
		}
	}
	luma.Ended = true
	require.False(t, luma.Complete())
	require.Nil(t, repaired(nil))
	require.Nil(t, repaired([]byte("\xff\xd8\xff\xd9")))
}

func TestFramesAndScansOfTooManyComponentsAreRefused(t *testing.T) {
	t.Parallel()
	complete := func(components, inScan int) bool {
		frame := append([]byte{8, 0, 16, 0, 16, byte(components)}, bytes.Repeat([]byte{1, 0x11, 0}, components)...)
		scan := append(append([]byte{byte(inScan)}, bytes.Repeat([]byte{1, 0}, inScan)...), 0, 63, 0)
		o := Outline{Segments: []Segment{{Marker: markerSOF2, Body: frame}, {Marker: markerSOS, Body: scan}}, Ended: true}
		return o.Complete()
	}
	require.True(t, complete(4, 4))
	require.False(t, complete(5, 4))
	require.False(t, complete(4, 5))
}

// If each start were compared to all segments before it, this would take a minute.
func TestManyStartsAreSkipped(t *testing.T) {
	t.Parallel()
	comments := bytes.Repeat([]byte{0xff, markerCOM, 0, 2}, maxSegments-1)
	starts := bytes.Repeat([]byte{0xff, markerSOI}, 8<<20)
	o := ReadOutline(slices.Concat(starts[:2], comments, starts, comments))
	require.Len(t, o.Segments, maxSegments)
	require.False(t, o.Complete())
}

func TestTheProfileIsJoinedInOrder(t *testing.T) {
	t.Parallel()
	good := encoded(t, mixed(8, 8), 90)
	part := func(number, count byte, data string) string {
		return "\xff\xe2\x00" + string([]byte{byte(2 + 12 + 2 + len(data))}) + "ICC_PROFILE\x00" + string([]byte{number, count}) + data
	}
	for name, c := range map[string]struct {
		segments []string
		want     string
	}{
		"none":            {nil, ""},
		"one":             {[]string{part(1, 1, "all")}, "all"},
		"in order":        {[]string{part(1, 2, "one"), part(2, 2, "two")}, "onetwo"},
		"out of order":    {[]string{part(2, 2, "two"), part(1, 2, "one")}, "onetwo"},
		"other APP2":      {[]string{"\xff\xe2\x00\x06MPF\x00", part(1, 1, "all")}, "all"},
		"one missing":     {[]string{part(1, 2, "one")}, ""},
		"one twice":       {[]string{part(1, 2, "one"), part(1, 2, "one")}, ""},
		"number 0":        {[]string{part(0, 1, "one")}, ""},
		"beyond count":    {[]string{part(2, 1, "one")}, ""},
		"counts differ":   {[]string{part(1, 2, "one"), part(2, 3, "two")}, ""},
		"without numbers": {[]string{"\xff\xe2\x00\x0eICC_PROFILE\x00"}, ""},
	} {
		o := ReadOutline(withSegments(good, c.segments...))
		require.Equal(t, c.want, string(o.Profile()), name)
	}
}

// Whatever image/jpeg decodes is the same picture after Repair.
func FuzzRepair(f *testing.F) {
	for _, data := range supported(f) {
		f.Add(data)
	}
	f.Add(progressive(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		if out := repaired(data); out != nil && len(data) < 1<<16 {
			require.LessOrEqual(t, len(out), len(data)+1024)
			requireAgreement(t, out)
		}
	})
}
