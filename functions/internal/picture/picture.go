// Package picture turns uploaded bytes into a safe, upright, bounded picture: what is stored of it (a JPEG without
// metadata, and a small one), and the tensor a classifier wants.
package picture

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"

	"snaptask/functions/internal/fault"
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

const (
	fullQuality  = 88
	thumbQuality = 80
)

// Picture is a decoded picture: upright, opaque, its longest side at most FullSide. It holds no more than 13 MB, never
// changes, and may be used by several goroutines at once.
type Picture struct {
	planes *image.YCbCr
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
	release, err := g.enter(ctx, h.memory)
	if err != nil {
		return nil, err
	}
	defer release()
	img, err := h.decode(bytes.NewReader(data))
	if err != nil {
		return nil, broken(err)
	}
	return &Picture{planes: reduce(img, h.orientation, FullSide)}, nil
}

// Size gives the width and height of the upright picture, in pixels.
func (p *Picture) Size() (width, height int) {
	return p.planes.Rect.Dx(), p.planes.Rect.Dy()
}

// Full gives the picture as a JPEG without metadata, its longest side at most FullSide.
func (p *Picture) Full() ([]byte, error) {
	return encode(p.planes, fullQuality)
}

// Thumb gives the picture as a JPEG without metadata, its longest side at most ThumbSide.
func (p *Picture) Thumb() ([]byte, error) {
	return encode(reduce(p.planes, asStored, ThumbSide), thumbQuality)
}

func encode(img *image.YCbCr, quality int) ([]byte, error) {
	var out bytes.Buffer
	// A guess that spares most pictures the growing: high quality takes about two bits a pixel.
	out.Grow(img.Rect.Dx()*img.Rect.Dy()/4 + 1024)
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("encode picture: %w", err)
	}
	return out.Bytes(), nil
}
