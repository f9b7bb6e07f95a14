package picture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	stdjpeg "image/jpeg"
	"image/png"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/picture/colour"
	"snaptask/functions/internal/picture/jpeg"
)

// header holds the properties of a picture that are read before any pixel is decoded.
type header struct {
	width, height int             // as stored, before orientation; pixels
	canvas        image.Rectangle // what to show, where the first pixel is at (0, 0); empty for all of the picture
	orientation   orientation
	colours       *colour.Space // nil for sRGB
	memory        int           // upper bound of decode's memory, in bytes
	decode        func(context.Context) (image.Image, error)
	fast          *jpeg.File // set if package jpeg can decode it, faster and with less memory
}

// inspect finds the format of data and reads its header. The fault is TooLarge when it is over a limit.
func inspect(data []byte) (h header, err error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		h, err = inspectJPEG(data)
	case bytes.HasPrefix(data, []byte(pngSignature)):
		h, err = inspectPNG(data)
	case len(data) >= 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		h, err = inspectWebP(data)
	default:
		err = otherFormat(data)
	}
	width, height := max(h.width, h.canvas.Dx()), max(h.height, h.canvas.Dy())
	switch {
	case err != nil:
		return h, err
	case width > MaxSide || height > MaxSide || width*height > MaxPixels:
		return h, tooLarge(fmt.Sprintf("The photo has %d x %d pixels; at most %d megapixels are accepted, and %d pixels on a side.",
			width, height, MaxPixels/1_000_000, MaxSide))
	case h.memory > MaxMemory:
		return h, tooLarge("The photo takes too much memory to read in the way it is encoded. Save it as an ordinary JPEG.")
	}
	return h, nil
}

// area returns what to show of the picture, where its first pixel is at (0, 0).
func (h header) area() image.Rectangle {
	if h.canvas.Empty() {
		return image.Rect(0, 0, h.width, h.height)
	}
	return h.canvas
}

func tooLarge(message string) error {
	return fault.New(fault.TooLarge, "picture_too_large", message)
}

// broken returns the fault of a picture that a decoder rejected.
func broken(cause error) error {
	e := fault.New(fault.Unprocessable, "picture_broken", "The photo can't be read: it is damaged or cut off.")
	var unsupportedJPEG stdjpeg.UnsupportedError
	var unsupportedPNG png.UnsupportedError
	if errors.As(cause, &unsupportedJPEG) || errors.As(cause, &unsupportedPNG) {
		e = fault.New(fault.Unprocessable, "picture_unsupported",
			"The photo can't be read: it is damaged or of a rare kind. Save it as an ordinary JPEG.")
	}
	e.Cause = cause
	return e
}
