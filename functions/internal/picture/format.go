package picture

import (
	"bytes"

	"snaptask/functions/internal/fault"
)

// Formats names the formats that Decode reads, as all messages to people do.
const Formats = "JPEG, PNG and WebP"

// otherFormat returns the fault of a file of another format, which it names if it knows it.
func otherFormat(data []byte) error {
	message := "Only " + Formats + " photos are accepted."
	if name := nameOf(data); name != "" {
		message += " This is a file of the format " + name + "."
	}
	return fault.New(fault.UnsupportedMedia, "picture_type", message)
}

// nameOf returns the name of a common format that Decode doesn't read, "" if it is none of those.
func nameOf(data []byte) string {
	for _, format := range []struct {
		at    int
		start string
		name  string
	}{
		{0, "GIF8", "GIF"}, {0, "BM", "BMP"}, {0, "II*\x00", "TIFF"}, {0, "MM\x00*", "TIFF"}, {0, "%PDF-", "PDF"},
		{0, "\xff\x0a", "JPEG XL"}, {0, "\x00\x00\x00\x0cJXL ", "JPEG XL"}, {0, "\x00\x00\x00\x0cjP  ", "JPEG 2000"},
		{4, "ftypavif", "AVIF"}, {4, "ftypavis", "AVIF"},
		{4, "ftyphei", "HEIC"}, {4, "ftyphev", "HEIC"}, {4, "ftypmif1", "HEIC"}, {4, "ftypmsf1", "HEIC"},
	} {
		if len(data) >= format.at && bytes.HasPrefix(data[format.at:], []byte(format.start)) {
			if format.name == "HEIC" && bytes.Contains(data[:min(len(data), 64)], []byte("avif")) {
				return "AVIF" // a general brand, with the codec among the compatible ones
			}
			return format.name
		}
	}
	return ""
}
