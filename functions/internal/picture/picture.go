// Package picture turns uploaded bytes into a safe, upright picture of bounded size. It returns the two JPEGs to store, which
// have no metadata, and the tensor for a classifier.
package picture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/picture/jpeg"
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

// Longest sides of the stored pictures, in pixels.
const (
	FullSide  = 2048
	ThumbSide = 480
)

// nearFull is a longest side, in pixels, that is close enough to FullSide for a JPEG that can be decoded at a half of its size
// or less, where reaching FullSide would mean decoding all of it. A camera's 4000 x 3000 become 2000 x 1500.
const nearFull = 1920

// maxStripped is the size, in bytes, of the largest upload that is stored without encoding it again: about the size of the
// most detailed picture at fullQuality.
const maxStripped = 2 << 20

const (
	fullQuality  = 88
	thumbQuality = 80
)

// Picture is a decoded picture: upright, opaque, its longest side at most FullSide. It takes at most 18 MB, never changes,
// and is safe for concurrent use.
type Picture struct {
	img      *image.YCbCr
	half     *image.YCbCr // img at half its size; with it Thumb and Tensor take half the time for 2048 pixels
	stripped []byte       // the upload without its metadata; nil when that can't be stored
}

// Decode reads a JPEG, PNG or WebP; the bytes alone decide which. Transparency becomes white, and the orientation that
// EXIF data specifies is applied. Of an animated PNG it reads the first frame. While other calls use up MaxMemory, it
// waits for them until ctx ends.
//
// Faults: Invalid without any bytes; TooLarge over a limit, found before any pixel is decoded; UnsupportedMedia for
// other formats and for animated WebP; Unprocessable, picture_broken, for a picture that is truncated or damaged, and
// picture_unsupported for rare kinds of JPEG and PNG; Unavailable when ctx ends while waiting.
func Decode(ctx context.Context, data []byte) (*Picture, error) {
	return decode(ctx, decoders, data)
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
		p, err := h.take(ctx, g, h.fast.Memory(scale), func() (image.Image, error) { return h.fast.Decode(scale) })
		if err == nil && h.orientation == asStored && max(h.width, h.height) <= FullSide {
			p.stripped = h.fast.Strip(maxStripped)
		}
		if !errors.Is(err, jpeg.ErrUnsupported) {
			return p, err
		}
	}
	return h.take(ctx, g, h.memory, func() (image.Image, error) { return h.decode(bytes.NewReader(data)) })
}

// take decodes the picture once memory bytes are available.
func (h header) take(ctx context.Context, g *gate, memory int, decode func() (image.Image, error)) (*Picture, error) {
	release, err := g.enter(ctx, memory)
	if err != nil {
		return nil, err
	}
	defer release()
	img, err := decode()
	if err != nil {
		return nil, broken(err)
	}
	return newPicture(reduce(img, h.orientation, FullSide)), nil
}

// scaleFor returns the smallest scale at which the longest side is still nearFull.
func scaleFor(f *jpeg.File) jpeg.Scale {
	for s := jpeg.Scale(1); s < 8; s *= 2 {
		if size := f.Size(s); max(size.X, size.Y) >= nearFull {
			return s
		}
	}
	return 8
}

func newPicture(img *image.YCbCr) *Picture {
	return &Picture{img: img, half: halved(img)}
}

// Full returns the picture as a JPEG without metadata, its longest side at most FullSide.
func (p *Picture) Full() []byte {
	if p.stripped != nil {
		return p.stripped
	}
	return encode(p.img, fullQuality)
}

// Thumb returns the picture as a JPEG without metadata, its longest side at most ThumbSide.
func (p *Picture) Thumb() []byte {
	source := p.img
	if max(p.half.Rect.Dx(), p.half.Rect.Dy()) >= ThumbSide {
		source = p.half
	}
	return encode(reduce(source, asStored, ThumbSide), thumbQuality)
}

func encode(img *image.YCbCr, quality int) []byte {
	if img.SubsampleRatio != jpeg.Ratio {
		img = reducePlanes(img, asStored, img.Rect.Size(), jpeg.Ratio)
	}
	return jpeg.Encode(img, quality)
}
