// Package picture turns uploaded bytes into a safe, upright, bounded picture: what is stored of it (a JPEG without
// metadata, and a small one), and the tensor a classifier wants.
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

// Limits of what Decode accepts. A side may be as long as JPEG allows, in every format.
const (
	MaxBytes  = 16 << 20
	MaxPixels = 40_000_000
	MaxSide   = 65_535
)

// MaxMemory bounds, in bytes, what all calls of Decode in one process hold at the same time. A picture that would need
// more on its own is refused.
const MaxMemory = 384 << 20

// Longest sides, in pixels, of what is stored.
const (
	FullSide  = 2048
	ThumbSide = 480
)

// nearFull is a longest side, in pixels, that is enough of FullSide for a picture that can be read at exactly a half of its
// size, or less, when FullSide would take reading all of it: so are those of a camera with 12 megapixels.
const nearFull = 1920

// maxStripped is the largest upload, in bytes, that is stored as it is: about what the most detailed picture takes when it is
// encoded with fullQuality.
const maxStripped = 2 << 20

const (
	fullQuality  = 88
	thumbQuality = 80
)

// Picture is a decoded picture: upright, opaque, its longest side at most FullSide. It holds no more than 18 MB, never
// changes, and may be used by several goroutines at once.
type Picture struct {
	planes   *image.YCbCr
	half     *image.YCbCr // the same at half its size, for what needs no more
	stripped []byte       // the upload without its metadata, where that can be stored as it is
}

// Decode reads a JPEG, PNG or WebP; the bytes alone decide which. Transparency becomes white, and the orientation that
// EXIF data asks for is applied. Of an animated PNG it reads the first frame. When other calls use up MaxMemory, it
// waits for them until ctx ends.
//
// Faults: Invalid without any bytes; TooLarge over a limit, found before any pixel is decoded; UnsupportedMedia for
// bytes of another kind and for animated WebP; Unprocessable, picture_broken, for a picture that is cut off or damaged,
// and picture_unsupported for rare kinds of JPEG and PNG; Unavailable when ctx ends while waiting.
func Decode(ctx context.Context, data []byte) (*Picture, error) {
	return decode(ctx, decoders, data)
}

func decode(ctx context.Context, g *gate, data []byte) (*Picture, error) {
	if len(data) == 0 {
		return nil, fault.New(fault.Invalid, "picture_missing", "The request carries no picture.")
	}
	if len(data) > MaxBytes {
		return nil, tooLarge(fmt.Sprintf("The picture is larger than %d MiB.", MaxBytes>>20))
	}
	h, err := inspect(data)
	if err != nil {
		return nil, err
	}
	if err := h.check(); err != nil {
		return nil, err
	}
	if h.fast != nil {
		p, err := h.take(ctx, g, h.fast.Memory(scale(h.fast)), func() (image.Image, error) { return h.fast.Decode(scale(h.fast)) })
		if err == nil {
			p.stripped = h.strip()
		}
		if !errors.Is(err, jpeg.ErrUnsupported) {
			return p, err
		}
	}
	return h.take(ctx, g, h.memory, func() (image.Image, error) { return h.decode(bytes.NewReader(data)) })
}

// take decodes the picture when there is room for memory bytes.
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

// scale is the smallest at which a picture is read: a side of nearFull is left.
func scale(f *jpeg.File) jpeg.Scale {
	for s := jpeg.Scale(1); s < 8; s *= 2 {
		if size := f.Size(s); max(size.X, size.Y) >= nearFull {
			return s
		}
	}
	return 8
}

// strip returns the upload without its metadata, when it was read whole and fits as it is: upright, within FullSide and no
// larger than what Full would make of a picture of that size. Else it gives nil.
func (h header) strip() []byte {
	if h.orientation != asStored || max(h.width, h.height) > FullSide {
		return nil
	}
	return h.fast.Strip(maxStripped)
}

func newPicture(planes *image.YCbCr) *Picture {
	return &Picture{planes: planes, half: halved(planes)}
}

// Full gives the picture as a JPEG without metadata, its longest side at most FullSide.
func (p *Picture) Full() []byte {
	if p.stripped != nil {
		return p.stripped
	}
	return encode(p.planes, fullQuality)
}

// Thumb gives the picture as a JPEG without metadata, its longest side at most ThumbSide.
func (p *Picture) Thumb() []byte {
	source := p.planes
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
