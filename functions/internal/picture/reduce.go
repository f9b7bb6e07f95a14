package picture

import (
	"image"
	"image/color"
	"image/draw"
	"math"
)

// reduce gives img upright, its longest side at most longest; it never enlarges. A picture that needs no change is
// given as it is.
func reduce(img image.Image, o orientation, longest int) *image.YCbCr {
	size := fit(img.Bounds().Dx(), img.Bounds().Dy(), longest)
	var out *image.YCbCr
	switch img := img.(type) {
	case *image.YCbCr:
		out = img
		if size != img.Rect.Size() || o.mirrorX || o.mirrorY || img.SubsampleRatio != keptRatio(img.SubsampleRatio) {
			out = reducePlanes(img, o, size, keptRatio(img.SubsampleRatio))
		}
	default:
		out = reducePixels(img, o, size)
	}
	if o.transpose {
		out = transposed(out)
	}
	return out
}

// fit gives the size of a picture of width x height with its longest side brought down to longest.
func fit(width, height, longest int) image.Point {
	side := max(width, height)
	if side <= longest {
		return image.Pt(width, height)
	}
	scaled := func(n int) int {
		return max(int(math.Round(float64(n)*float64(longest)/float64(side))), 1)
	}
	return image.Pt(scaled(width), scaled(height))
}

// reducePlanes works on the planes as a JPEG gives them, without a detour over RGB.
func reducePlanes(src *image.YCbCr, o orientation, size image.Point, ratio image.YCbCrSubsampleRatio) *image.YCbCr {
	dst := image.NewYCbCr(image.Rectangle{Max: size}, ratio)
	from, to := channels(src), channels(dst)
	srcH, srcV := subsampling(src.SubsampleRatio)
	dstH, dstV := subsampling(ratio)
	resample(to[0], from[0],
		axisFilter(src.Rect.Dx(), 1, size.X, 1, o.mirrorX), axisFilter(src.Rect.Dy(), 1, size.Y, 1, o.mirrorY), 0)
	columns := axisFilter(src.Rect.Dx(), srcH, size.X, dstH, o.mirrorX)
	rows := axisFilter(src.Rect.Dy(), srcV, size.Y, dstV, o.mirrorY)
	resample(to[1], from[1], columns, rows, 0)
	resample(to[2], from[2], columns, rows, 0)
	return dst
}

// keptRatio gives the subsampling that a picture keeps; the two that image.YCbCr can't express once transposed become
// 4:2:0.
func keptRatio(ratio image.YCbCrSubsampleRatio) image.YCbCrSubsampleRatio {
	if ratio == image.YCbCrSubsampleRatio411 || ratio == image.YCbCrSubsampleRatio410 {
		return image.YCbCrSubsampleRatio420
	}
	return ratio
}

// halved gives a picture at half its size, each sample the mean of four.
func halved(src *image.YCbCr) *image.YCbCr {
	dst := image.NewYCbCr(image.Rect(0, 0, ceilDiv(src.Rect.Dx(), 2), ceilDiv(src.Rect.Dy(), 2)), src.SubsampleRatio)
	from := channels(src)
	for i, to := range channels(dst) {
		halvePlane(to, from[i])
	}
	return dst
}

// axisFilter shows an axis of size pixels, with a sample for every step pixels, as newSize pixels with a sample for
// every newStep. Where newStep doesn't divide newSize, the last sample lies half outside, on both sides alike.
func axisFilter(size, step, newSize, newStep int, mirror bool) filter {
	n := ceilDiv(newSize, newStep)
	from, to := 0.0, float64(n*newStep)*float64(size)/float64(newSize)
	if mirror {
		from, to = float64(size), float64(size)-to
	}
	return newFilter(ceilDiv(size, step), from/float64(step), to/float64(step), n)
}

// bandRows is how many rows of the result reducePixels makes from one band of the source.
const bandRows = 32

// reducePixels takes a picture of any kind, laid on white, a band of rows at a time, so that it needs no second picture
// of full size.
func reducePixels(src image.Image, o orientation, size image.Point) *image.YCbCr {
	dst := image.NewYCbCr(image.Rectangle{Max: size}, image.YCbCrSubsampleRatio444)
	columns := axisFilter(src.Bounds().Dx(), 1, size.X, 1, o.mirrorX)
	rows := axisFilter(src.Bounds().Dy(), 1, size.Y, 1, o.mirrorY)
	var b band
	for y := 0; y < size.Y; y += bandRows {
		part := rows[y:min(y+bandRows, size.Y)]
		top, bottom := part.span()
		from := channels(b.read(src, top, bottom))
		for i, to := range channels(dst) {
			to.pix = to.pix[y*to.stride:]
			resample(to, from[i], columns, part, top)
		}
	}
	return dst
}

// band holds some rows of a picture, laid on white, and keeps its buffers for the next ones.
type band struct {
	rgba *image.RGBA
	yuv  *image.YCbCr
}

// read gives the rows from top to bottom, the last not included.
func (b *band) read(src image.Image, top, bottom int) *image.YCbCr {
	size := image.Rect(0, 0, src.Bounds().Dx(), bottom-top)
	if b.rgba == nil || b.rgba.Rect.Dy() < size.Dy() {
		b.rgba = image.NewRGBA(size)
		b.yuv = image.NewYCbCr(size, image.YCbCrSubsampleRatio444)
	}
	draw.Draw(b.rgba, size, image.White, image.Point{}, draw.Src)
	draw.Draw(b.rgba, size, src, src.Bounds().Min.Add(image.Pt(0, top)), draw.Over)
	pix := b.rgba.Pix[:4*size.Dx()*size.Dy()]
	for i := range len(pix) / 4 {
		b.yuv.Y[i], b.yuv.Cb[i], b.yuv.Cr[i] = color.RGBToYCbCr(pix[4*i], pix[4*i+1], pix[4*i+2])
	}
	return b.yuv
}

// transposed gives a picture whose rows are the columns of img.
func transposed(img *image.YCbCr) *image.YCbCr {
	ratio := img.SubsampleRatio
	switch ratio {
	case image.YCbCrSubsampleRatio422:
		ratio = image.YCbCrSubsampleRatio440
	case image.YCbCrSubsampleRatio440:
		ratio = image.YCbCrSubsampleRatio422
	}
	out := image.NewYCbCr(image.Rect(0, 0, img.Rect.Dy(), img.Rect.Dx()), ratio)
	from := channels(img)
	for i, to := range channels(out) {
		transposePlane(to, from[i])
	}
	return out
}

func transposePlane(dst, src plane) {
	// In blocks, so that the lines of both sides stay in the cache.
	const block = 32
	for y0 := 0; y0 < src.height; y0 += block {
		for x0 := 0; x0 < src.width; x0 += block {
			for y := y0; y < min(y0+block, src.height); y++ {
				for x := x0; x < min(x0+block, src.width); x++ {
					dst.pix[x*dst.stride+y] = src.pix[y*src.stride+x]
				}
			}
		}
	}
}

// channels gives the planes Y, Cb and Cr of a picture whose first pixel is at (0, 0).
func channels(img *image.YCbCr) [3]plane {
	width, height := img.Rect.Dx(), img.Rect.Dy()
	h, v := subsampling(img.SubsampleRatio)
	return [3]plane{
		{img.Y, img.YStride, width, height},
		{img.Cb, img.CStride, ceilDiv(width, h), ceilDiv(height, v)},
		{img.Cr, img.CStride, ceilDiv(width, h), ceilDiv(height, v)},
	}
}

// subsampling says how many columns and rows of pixels share one sample of Cb and Cr.
func subsampling(ratio image.YCbCrSubsampleRatio) (horizontal, vertical int) {
	switch ratio {
	case image.YCbCrSubsampleRatio422:
		return 2, 1
	case image.YCbCrSubsampleRatio420:
		return 2, 2
	case image.YCbCrSubsampleRatio440:
		return 1, 2
	case image.YCbCrSubsampleRatio411:
		return 4, 1
	case image.YCbCrSubsampleRatio410:
		return 4, 2
	}
	return 1, 1
}
