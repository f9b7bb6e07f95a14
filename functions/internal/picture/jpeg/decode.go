package jpeg

import (
	"context"
	"image"
)

// Scale is the number of samples per side that Decode makes from a block of 8 x 8: 8 for the full size, 4 for a half, 2 for a
// quarter, 1 for an eighth.
type Scale int

// Size returns the size in pixels of the picture that Decode returns.
func (f *File) Size(s Scale) image.Point {
	return image.Pt(ceilDiv(f.Width*int(s), 8), ceilDiv(f.Height*int(s), 8))
}

// Memory returns how much memory Decode uses, in bytes.
func (f *File) Memory(s Scale) int {
	across, down := f.units()
	luma := f.components[0]
	blocks := across * down * (luma.h*luma.v + 2)
	return blocks*int(s*s) + len(f.scan) + 1<<16
}

// maxEnergy bounds the sum of a block's coefficients squared. Samples of ±128 have 1 << 20, and the coarsest quantisation
// may double each coefficient.
const maxEnergy = 1 << 23

// channel is a component while it is decoded.
type channel struct {
	h, v   int
	dc, ac *decoder
	steps  [64]step // by zigzag place
	lastDC int      // the DC coefficient of the previous block
	pix    []byte
	stride int // bytes from one row of samples to the next
}

// step describes how a coefficient enters the inverse transform.
type step struct {
	scale float32 // of the transform
	quant int32
	at    uint8 // its place in the transform's block
}

// Decode returns the picture, scaled down when the scale is less than 8. A grey one gets constant planes Cb and Cr. The
// error is ErrUnsupported when the scan is damaged, truncated or not the only one, and that of ctx when it ends before.
func (f *File) Decode(ctx context.Context, s Scale) (*image.YCbCr, error) {
	across, down := f.units()
	luma := f.components[0]
	img := image.NewYCbCr(image.Rect(0, 0, across*luma.h*int(s), down*luma.v*int(s)), f.ratio())
	if err := f.decode(ctx, img, s); err != nil {
		return nil, err
	}
	img.Rect.Max = f.Size(s)
	return img, nil
}

func (f *File) decode(ctx context.Context, img *image.YCbCr, s Scale) error {
	planes, strides := [3][]byte{img.Y, img.Cb, img.Cr}, [3]int{img.YStride, img.CStride, img.CStride}
	channels := make([]channel, len(f.components))
	for i, c := range f.components {
		channels[i] = channel{
			h: c.h, v: c.v, pix: planes[i], stride: strides[i], steps: steps(f.quant[c.quant], s),
			dc: newDecoder(f.huffman[classDC][c.dc], classDC), ac: newDecoder(f.huffman[classAC][c.ac], classAC),
		}
	}
	if len(channels) == 1 {
		const grey = 128
		fill(img.Cb, grey)
		fill(img.Cr, grey)
	}
	across, down := f.units()
	r := reader{data: make([]byte, 0, len(f.scan)+padding)}
	rest, restart := f.scan, byte(markerRST0)
	for unit := 0; unit < across*down; {
		end, wanted := across*down, byte(markerEOI)
		if f.interval > 0 && unit+f.interval < end {
			end, wanted = unit+f.interval, restart
			restart = markerRST0 + (restart+1)&7
		}
		var marker byte
		var ok bool
		if marker, rest, ok = r.unstuff(rest); !ok || marker != wanted {
			return ErrUnsupported
		}
		for i := range channels {
			channels[i].lastDC = 0
		}
		for ; unit < end; unit++ {
			if unit%across == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			for i := range channels {
				if !channels[i].readUnit(&r, unit%across, unit/across, s) {
					return ErrUnsupported
				}
			}
		}
		if !r.finished() {
			return ErrUnsupported
		}
	}
	f.end = len(f.scan) - len(rest)
	return nil
}

// readUnit decodes the blocks of a component that belong to one MCU.
func (c *channel) readUnit(r *reader, x, y int, s Scale) (ok bool) {
	for v := range c.v {
		for h := range c.h {
			var b [64]float32
			last, ok := r.readBlock(&b, c)
			if !ok {
				return false
			}
			inverse(c.pix[((y*c.v+v)*c.stride+x*c.h+h)*int(s):], c.stride, &b, last, s)
		}
	}
	return true
}

// steps returns the steps of a component for the inverse transform to s x s samples.
func steps(quant *[64]byte, s Scale) (out [64]step) {
	const unused = 63
	for k := range out {
		row, column := int(natural[k])/8, int(natural[k])%8
		st := step{quant: int32(quant[k]), at: unused}
		switch {
		case s == 8:
			st.at, st.scale = natural[k], float32(aan[row]*aan[column]/8)
		case row < int(s) && column < int(s):
			st.at, st.scale = uint8(row*int(s)+column), 1./8
		}
		out[k] = st
	}
	return out
}
