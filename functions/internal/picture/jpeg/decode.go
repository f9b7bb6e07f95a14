package jpeg

import (
	"image"
)

// Scale is how many samples each way are made of a block of eight: 8 for the picture as it is, 4 for half its size, 2
// or 1.
type Scale int

// Size is the size in pixels of what Decode gives.
func (f *File) Size(s Scale) image.Point {
	return image.Pt(ceilDiv(f.Width*int(s), 8), ceilDiv(f.Height*int(s), 8))
}

// Memory is how many bytes Decode holds at once.
func (f *File) Memory(s Scale) int {
	across, down := f.units()
	luma := f.components[0]
	blocks := across * down * (luma.h*luma.v + 2)
	return blocks*int(s*s) + len(f.scan) + 1<<16
}

// mostEnergy bounds the sum of a block's coefficients squared. Samples of ±128 give 1 << 20, and the coarsest quantisation
// may double each of them.
const mostEnergy = 1 << 23

// channel is a component on its way from the scan to its plane.
type channel struct {
	h, v   int
	dc, ac *decoder
	steps  [64]step // by zigzag place
	before int      // the DC coefficient of the block before
	pix    []byte
	stride int // bytes from one row to the next
	row    int // bytes from one row of blocks to the next
}

// step says what becomes of a coefficient.
type step struct {
	scale float32 // what the transform wants it multiplied with
	quant int32
	at    uint8 // its place in the block that the transform takes
}

// Decode gives the picture, at a smaller scale when that is less than 8. A grey one gets planes Cb and Cr of one colour. The
// error is ErrUnsupported when the scan is damaged, cut off or more than one.
func (f *File) Decode(s Scale) (*image.YCbCr, error) {
	across, down := f.units()
	luma := f.components[0]
	size := f.Size(s)
	area := image.Rect(0, 0, across*luma.h*int(s), down*luma.v*int(s))
	img := image.NewYCbCr(area, f.ratio())
	if !f.decode(img, s) {
		return nil, ErrUnsupported
	}
	img.Rect.Max = size
	return img, nil
}

func (f *File) decode(img *image.YCbCr, s Scale) (ok bool) {
	planes := [3]struct {
		pix    []byte
		stride int
	}{{img.Y, img.YStride}, {img.Cb, img.CStride}, {img.Cr, img.CStride}}
	channels := make([]channel, len(f.components))
	for i, c := range f.components {
		channels[i] = channel{
			h: c.h, v: c.v, pix: planes[i].pix, stride: planes[i].stride, row: planes[i].stride * int(s),
			dc: newDecoder(f.huffman[classDC][c.dc], classDC), ac: newDecoder(f.huffman[classAC][c.ac], classAC),
			steps: steps(f.quant[c.quant], s),
		}
	}
	if len(channels) == 1 {
		const grey = 128
		fill(img.Cb, grey)
		fill(img.Cr, grey)
	}
	across, down := f.units()
	r := reader{data: make([]byte, 0, len(f.scan)+spare)}
	rest, restart := f.scan, byte(markerRST0)
	for unit := 0; unit < across*down; {
		end := across * down
		if f.interval > 0 {
			end = min(unit+f.interval, end)
		}
		var marker byte
		if marker, rest, ok = r.unstuff(rest); !ok {
			return false
		}
		wanted := byte(markerEOI)
		if end < across*down {
			wanted = restart
			restart = markerRST0 + (restart+1)&7
		}
		if marker != wanted {
			return false
		}
		for i := range channels {
			channels[i].before = 0
		}
		for ; unit < end; unit++ {
			for i := range channels {
				if !channels[i].readUnit(&r, unit%across, unit/across, s) {
					return false
				}
			}
		}
		if !r.finished() {
			return false
		}
	}
	f.end = len(f.scan) - len(rest)
	return true
}

// readUnit reads the blocks of a component that belong to one MCU.
func (c *channel) readUnit(r *reader, x, y int, s Scale) (ok bool) {
	for v := range c.v {
		for h := range c.h {
			var b [64]float32
			last, ok := r.readBlock(&b, c)
			if !ok {
				return false
			}
			inverse(c.pix[(y*c.v+v)*c.row+(x*c.h+h)*int(s):], c.stride, &b, last, s)
		}
	}
	return true
}

func fill(pix []byte, v byte) {
	for i := range pix {
		pix[i] = v
	}
}
