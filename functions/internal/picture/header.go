package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	stdjpeg "image/jpeg"
	"image/png"
	"io"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/picture/jpeg"
)

// header is what can be told about a picture without decoding a pixel.
type header struct {
	width, height int // as stored, before orientation; pixels
	orientation   orientation
	memory        int // upper bound of what decode holds at once, in bytes
	decode        func(io.Reader) (image.Image, error)
	fast          *jpeg.File // a JPEG that can be read faster, and with less memory, by package jpeg
}

// inspect finds out the format of data and reads its header.
func inspect(data []byte) (header, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return inspectJPEG(data)
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return inspectPNG(data)
	case len(data) >= 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		return inspectWebP(data)
	}
	return header{}, fault.New(fault.UnsupportedMedia, "picture_type", "Only JPEG, PNG and WebP pictures are accepted.")
}

// check refuses what is over a limit.
func (h header) check() error {
	if h.width > MaxSide || h.height > MaxSide || h.width*h.height > MaxPixels {
		return tooLarge(fmt.Sprintf("The picture has %d x %d pixels; at most %d megapixels are accepted, and %d pixels on a side.",
			h.width, h.height, MaxPixels/1_000_000, MaxSide))
	}
	if h.memory > MaxMemory {
		return tooLarge("The picture takes too much memory to read in the way it is encoded. Save it as an ordinary JPEG.")
	}
	return nil
}

func tooLarge(message string) error {
	return fault.New(fault.TooLarge, "picture_too_large", message)
}

// broken is the fault of a picture that a decoder gave up on.
func broken(cause error) error {
	e := fault.New(fault.Unprocessable, "picture_broken", "The picture can't be read: it is damaged or cut off.")
	var unsupportedJPEG stdjpeg.UnsupportedError
	var unsupportedPNG png.UnsupportedError
	if errors.As(cause, &unsupportedJPEG) || errors.As(cause, &unsupportedPNG) {
		e = fault.New(fault.Unprocessable, "picture_unsupported",
			"The picture can't be read: it is damaged or of a rare kind. Save it as an ordinary JPEG.")
	}
	e.Cause = cause
	return e
}
