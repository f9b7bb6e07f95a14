package picture

import (
	"bytes"
	"context"
	"errors"
	"image"
	stdjpeg "image/jpeg"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/picture/colour"
	"snaptask/functions/internal/picture/jpeg"
)

// JPEG marker codes, from table B.1 of ITU-T T.81.
const (
	markerSOF2  = 0xc2 // start of frame, progressive
	markerAPP1  = 0xe1 // EXIF, among others
	markerAPP2  = 0xe2 // colour profiles
	markerAPP14 = 0xee // Adobe's colour transform
)

// maxScanWork bounds the work for a JPEG, in scans times pixels: a scan of a few bytes makes the decoder visit all blocks.
// Common encoders write about ten scans.
const maxScanWork = 16 * MaxPixels

// maxSequentialScans is one for each component.
const maxSequentialScans = 4

func inspectJPEG(data []byte) (header, error) {
	outline := jpeg.ReadOutline(data)
	if !outline.Complete() {
		return header{}, broken(errors.New("jpeg: no frame, or not all of its scans"))
	}
	config, err := stdjpeg.DecodeConfig(bytes.NewReader(outline.Head()))
	if err != nil {
		return header{}, broken(err)
	}
	h := header{width: config.Width, height: config.Height, orientation: asStored}
	if h.width == 0 || h.height == 0 {
		return header{}, broken(errors.New("jpeg: no pixels"))
	}
	frame := outline.Frame()
	progressive := frame.Marker == markerSOF2
	scans := outline.Scans()
	if !progressive && scans > maxSequentialScans {
		return header{}, broken(errors.New("jpeg: too many scans"))
	}
	if scans*h.width*h.height > maxScanWork && h.width*h.height <= MaxPixels {
		return header{}, fault.New(fault.Unprocessable, "picture_too_complex",
			"The photo is encoded in too many scans to be read. Save it as an ordinary JPEG.")
	}
	readMetadata(&h, &outline)
	rgb, adobe := adobeTransform(&outline)
	h.memory = frameMemory(frame.Body, h.width, h.height, progressive, rgb)
	switch components := frame.Body[5]; components {
	case 1:
		h.colours = colour.OfICC(outline.Profile(), colour.Grey)
	case 3:
		h.colours = colour.OfICC(outline.Profile(), colour.RGB)
	}
	if outline.Sound() {
		h.decode = func(ctx context.Context) (image.Image, error) {
			return stdjpeg.Decode(reader{ctx, bytes.NewReader(data)})
		}
		h.fast, _ = jpeg.Open(data)
		return h, nil
	}
	h.memory += 2 * len(data) // the repaired file, and what package jpeg copies of it
	h.decode = func(ctx context.Context) (image.Image, error) {
		img, err := decodeRepaired(ctx, outline.Repair())
		if cmyk, ok := img.(*image.CMYK); ok && !adobe {
			invert(cmyk)
		}
		return img, err
	}
	return h, nil
}

// decodeRepaired decodes a JPEG that Repair returned.
func decodeRepaired(ctx context.Context, data []byte) (image.Image, error) {
	if file, err := jpeg.Open(data); err == nil {
		img, err := file.Decode(ctx, scaleFor(file))
		if !errors.Is(err, jpeg.ErrUnsupported) {
			return img, err
		}
	}
	return stdjpeg.Decode(reader{ctx, bytes.NewReader(data)})
}

// invert changes a CMYK picture that had no segment of Adobe's: image/jpeg inverts the colours, which only Adobe stores
// inverted.
func invert(cmyk *image.CMYK) {
	for i, v := range cmyk.Pix {
		cmyk.Pix[i] = 255 - v
	}
}

// readMetadata sets the orientation that EXIF data specifies.
func readMetadata(h *header, outline *jpeg.Outline) {
	for _, s := range outline.Segments {
		if tiff, ok := bytes.CutPrefix(s.Body, []byte("Exif\x00\x00")); ok && s.Marker == markerAPP1 {
			h.orientation = orientationIn(tiff)
			return
		}
	}
}

// adobeTransform reports whether the file has Adobe's segment, and whether that asks for RGB.
func adobeTransform(outline *jpeg.Outline) (rgb, adobe bool) {
	for _, s := range outline.Segments {
		if s.Marker == markerAPP14 && jpeg.IsAdobe(s.Body) {
			rgb, adobe = rgb || s.Body[jpeg.AdobeTransform] == 0, true
		}
	}
	return rgb, adobe
}

// frameMemory returns an upper bound of what image/jpeg allocates for a frame, in bytes: one for each sample, four more for
// its coefficient when progressive, and four for each pixel when it converts the colours. A frame may lack its height.
func frameMemory(frame []byte, width, height int, progressive, rgb bool) int {
	components := frame[6:]
	count := int(frame[5])
	hMax, vMax := int(components[1]>>4), int(components[1]&15)
	if count == 1 {
		hMax, vMax = 1, 1
	}
	units := ceilDiv(width, 8*hMax) * ceilDiv(height, 8*vMax)
	samples := 0
	for i := range count {
		h, v := int(components[3*i+1]>>4), int(components[3*i+1]&15)
		samples += units * 64 * min(h, hMax) * min(v, vMax)
	}
	memory := samples
	if progressive {
		memory += 4 * samples
	}
	rgb = rgb || count == 3 && components[0] == 'R' && components[3] == 'G' && components[6] == 'B'
	if rgb || count == 4 {
		memory += 4 * width * height
	}
	return memory
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
