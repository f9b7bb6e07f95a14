// Package picture turns uploaded bytes into a safe, upright picture of bounded size. It returns the two JPEGs to store, which
// have no metadata, and the tensor for a classifier.
package picture

import (
	"context"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"runtime/debug"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/picture/jpeg"
	"snaptask/functions/telemetry"
)

// Limits of Decode. In every format, a side may be as long as JPEG allows.
const (
	MaxBytes  = 16 << 20
	MaxPixels = 40_000_000
	MaxSide   = 65_535
)

// MaxMemory limits the memory, in bytes, of all concurrent calls of Decode in one process. A picture that would need more on
// its own is refused.
const MaxMemory = 384 << 20

// maxStripped is the size, in bytes, of the largest upload that is stored without encoding it again: about the size of the
// most detailed picture at fullQuality.
const maxStripped = 2 << 20

const (
	fullQuality  = 88
	thumbQuality = 80
)

// maxFull bounds the size of a picture to store, in bytes; lower qualities are tried for one that is larger.
const maxFull = 3 << 20

// Picture is a decoded picture: upright, opaque, in sRGB, of bounded size. It takes at most 18 MB, never changes, and is safe
// for concurrent use.
type Picture struct {
	img  *image.YCbCr // at half the stored size for a long picture
	half *image.YCbCr // img at half its size; with it Thumb and Tensor take half the time for 2048 pixels
	full []byte       // what Full returns; nil when that is still to be encoded
}

// Decode reads a JPEG, PNG or WebP; the bytes alone decide which. Transparency becomes white, the orientation that EXIF
// data specifies is applied, and the colours are converted to sRGB. Of an animated WebP it reads the first frame, of an
// animated PNG the default image, which is the first frame as a rule. While other calls use up MaxMemory, it waits for them
// until ctx ends.
//
// It mends what does not concern the pixels: a missing end, missing Huffman tables, checksums of ancillary chunks.
//
// Faults: Invalid without any bytes; TooLarge over a limit, found before any pixel is decoded; UnsupportedMedia for
// other formats; Unprocessable, picture_broken, for a picture that is truncated or damaged, picture_unsupported for rare
// kinds of JPEG and PNG, and picture_too_complex, before any pixel is decoded, for a JPEG of too many scans; Unavailable
// when ctx ends.
func Decode(ctx context.Context, data []byte) (*Picture, error) {
	return withoutPanic(func() (*Picture, error) { return decode(ctx, decoders, data) })
}

// withoutPanic calls decode and returns picture_broken if it panics: a mistake of a decoder with one file must not end a process, or
// the whole sweep.
func withoutPanic(decode func() (*Picture, error)) (p *Picture, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			slog.Error("a decoder panicked", "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
			p, err = nil, broken(fmt.Errorf("panic: %v", cause))
		}
	}()
	return decode()
}

func decode(ctx context.Context, g *gate, data []byte) (*Picture, error) {
	if len(data) == 0 {
		return nil, fault.New(fault.Invalid, "picture_missing", "The request carries no photo.")
	}
	if len(data) > MaxBytes {
		return nil, tooLarge(fmt.Sprintf("The photo is larger than %d MiB.", MaxBytes>>20))
	}
	h, err := inspect(data)
	if err != nil {
		return nil, err
	}
	if h.fast != nil {
		scale := scaleFor(h.fast)
		p, err := h.take(ctx, g, h.fast.Memory(scale), func() (image.Image, error) { return h.fast.Decode(ctx, scale) })
		if size := image.Pt(h.width, h.height); err == nil && h.orientation == asStored && h.colours == nil && fit(size) == size {
			if stripped := h.fast.Strip(maxStripped); stripped != nil {
				p.full = stripped
			}
		}
		if !errors.Is(err, jpeg.ErrUnsupported) {
			return p, err
		}
	}
	return h.take(ctx, g, h.memory, func() (image.Image, error) { return h.decode(ctx) })
}

// take decodes the picture once memory bytes are available.
func (h header) take(ctx context.Context, g *gate, memory int, decode func() (image.Image, error)) (*Picture, error) {
	area := h.area()
	size := fit(area.Size())
	release, err := g.enter(ctx, memory+longMemory(size))
	if err != nil {
		return nil, err
	}
	defer release()
	_, decoded := telemetry.Begin(ctx, telemetry.Decode, "decode")
	defer decoded(nil)
	img, err := decode()
	if ctx.Err() != nil {
		return nil, busy(ctx.Err())
	}
	if err != nil {
		return nil, broken(err)
	}
	if h.canvas.Empty() {
		area = img.Bounds() // smaller than the header's if package jpeg scaled it
	}
	reduced := reduce(img, area, h.orientation, fit(area.Size()))
	if h.colours != nil {
		h.colours.Convert(reduced)
	}
	return newPicture(reduced), nil
}

// longMemory is the memory that a picture needs while it is reduced and encoded if it is larger than FullArea, in bytes: two
// copies of three samples a pixel, and the file.
func longMemory(size image.Point) int {
	const perPixel = 2*3 + 1
	return max(size.X*size.Y-FullArea, 0) * perPixel
}

// newPicture returns the picture of img. It encodes a long one, so that only a half of its size has to be kept.
func newPicture(img *image.YCbCr) *Picture {
	p := &Picture{img: img, half: halved(img)}
	if img.Rect.Dx()*img.Rect.Dy() > FullArea {
		p.full = encodeFull(img)
		p.img, p.half = p.half, halved(p.half)
	}
	return p
}

// Full returns the picture as a JPEG without metadata, its area at most FullArea, or LongArea for a long picture.
func (p *Picture) Full() []byte {
	if p.full != nil {
		return p.full
	}
	return encodeFull(p.img)
}

// encodeFull lowers the quality of a picture with uncommonly much detail until the file has at most maxFull bytes.
func encodeFull(img *image.YCbCr) []byte {
	if img.SubsampleRatio != image.YCbCrSubsampleRatio420 && !needsFullChroma(img) {
		img = subsampled(img)
	}
	out := jpeg.Encode(img, fullQuality)
	for quality := thumbQuality; len(out) > maxFull && quality > 0; quality /= 2 {
		img = subsampled(img)
		out = jpeg.Encode(img, quality)
	}
	return out
}

// Thumb returns the picture as a JPEG without metadata, its longest side at most ThumbSide. Of a picture that is much longer
// than wide it shows the top, of a much wider one the middle.
func (p *Picture) Thumb() []byte {
	source := p.img
	if part := thumbPart(p.half.Rect.Size()); max(part.Dx(), part.Dy()) >= ThumbSide {
		source = p.half
	}
	source = cropped(source, thumbPart(source.Rect.Size()))
	return jpeg.Encode(subsampled(reduce(source, source.Rect, asStored, thumbSize(source.Rect.Size()))), thumbQuality)
}

// subsampled returns a picture of subsampling 4:2:0.
func subsampled(img *image.YCbCr) *image.YCbCr {
	if img.SubsampleRatio == image.YCbCrSubsampleRatio420 {
		return img
	}
	return reducePlanes(img, asStored, img.Rect.Size(), image.YCbCrSubsampleRatio420)
}
