package picture

import (
	"image"
	"image/color"
	"image/draw"

	"snaptask/functions/internal/picture/colour"
)

// reduce returns the area of img upright, scaled to size. Where the area lies outside of img, it is white. A picture that
// needs no change is returned unchanged.
func reduce(img image.Image, area image.Rectangle, o orientation, size image.Point) *image.YCbCr {
	out, ok := img.(*image.YCbCr)
	if !ok || area != out.Rect {
		out = reducePixels(img, area, o, size)
	} else {
		ratio := out.SubsampleRatio
		if ratio == image.YCbCrSubsampleRatio411 || ratio == image.YCbCrSubsampleRatio410 {
			ratio = image.YCbCrSubsampleRatio420 // image.YCbCr can't hold those transposed
		}
		if size != out.Rect.Size() || o.mirrorX || o.mirrorY || ratio != out.SubsampleRatio {
			out = reducePlanes(out, o, size, ratio)
		}
	}
	if o.transpose {
		out = transposed(out)
	}
	return out
}

// reducePlanes resamples Y, Cb and Cr separately, without converting them to RGB.
func reducePlanes(src *image.YCbCr, o orientation, size image.Point, ratio image.YCbCrSubsampleRatio) *image.YCbCr {
	dst := image.NewYCbCr(image.Rectangle{Max: size}, ratio)
	from := planes(src)
	for i, to := range planes(dst) {
		columns := axisFilter(src.Rect.Dx(), from[i].stepX, size.X, to.stepX, o.mirrorX)
		rows := axisFilter(src.Rect.Dy(), from[i].stepY, size.Y, to.stepY, o.mirrorY)
		resample(to, from[i], columns, rows, 0)
	}
	return dst
}

// axisFilter returns the filter from an axis of size pixels, with a sample for every step pixels, to one of newSize pixels
// with a sample for every newStep. Where newStep doesn't divide newSize, the last sample lies half outside on both.
func axisFilter(size, step, newSize, newStep int, mirror bool) filter {
	n := ceilDiv(newSize, newStep)
	from, to := 0.0, float64(n*newStep)*float64(size)/float64(newSize)
	if mirror {
		from, to = float64(size), float64(size)-to
	}
	return newFilter(ceilDiv(size, step), from/float64(step), to/float64(step), n)
}

// reducePixels accepts any kind of picture and draws its area on white. It converts a band of rows at a time, so that it needs no
// second picture of full size.
func reducePixels(src image.Image, area image.Rectangle, o orientation, size image.Point) *image.YCbCr {
	const bandRows = 32 // of the result
	dst := image.NewYCbCr(image.Rectangle{Max: size}, image.YCbCrSubsampleRatio444)
	columns := axisFilter(area.Dx(), 1, size.X, 1, o.mirrorX)
	rows := axisFilter(area.Dy(), 1, size.Y, 1, o.mirrorY)
	var rgba *image.RGBA
	var yuv *image.YCbCr
	for y := 0; y < size.Y; y += bandRows {
		part := rows.part(y, min(y+bandRows, size.Y))
		top, bottom := part.span()
		band := image.Rect(0, 0, area.Dx(), bottom-top)
		if rgba == nil || rgba.Rect.Dy() < band.Dy() {
			rgba, yuv = image.NewRGBA(band), image.NewYCbCr(band, dst.SubsampleRatio)
		}
		draw.Draw(rgba, band, image.White, image.Point{}, draw.Src)
		draw.Draw(rgba, band, src, src.Bounds().Min.Add(area.Min).Add(image.Pt(0, top)), draw.Over)
		pix := rgba.Pix[:4*band.Dx()*band.Dy()]
		for i := range len(pix) / 4 {
			yuv.Y[i], yuv.Cb[i], yuv.Cr[i] = color.RGBToYCbCr(pix[4*i], pix[4*i+1], pix[4*i+2])
		}
		from := planes(yuv)
		for i, to := range planes(dst) {
			to.pix = to.pix[y*to.stride:]
			resample(to, from[i], columns, part, top)
		}
	}
	return dst
}

// cropped returns the part of a picture that starts at a pixel with even coordinates. It shares the samples.
func cropped(img *image.YCbCr, part image.Rectangle) *image.YCbCr {
	out := *img
	out.Y = img.Y[img.YOffset(part.Min.X, part.Min.Y):]
	at := img.COffset(part.Min.X, part.Min.Y)
	out.Cb, out.Cr = img.Cb[at:], img.Cr[at:]
	out.Rect = image.Rectangle{Max: part.Size()}
	return &out
}

// halved returns a picture at half its size, each sample the mean of four.
func halved(src *image.YCbCr) *image.YCbCr {
	dst := image.NewYCbCr(image.Rect(0, 0, ceilDiv(src.Rect.Dx(), 2), ceilDiv(src.Rect.Dy(), 2)), src.SubsampleRatio)
	from := planes(src)
	for i, to := range planes(dst) {
		halvePlane(to, from[i])
	}
	return dst
}

// transposed returns a picture whose rows are the columns of img.
func transposed(img *image.YCbCr) *image.YCbCr {
	ratio := img.SubsampleRatio
	switch ratio {
	case image.YCbCrSubsampleRatio422:
		ratio = image.YCbCrSubsampleRatio440
	case image.YCbCrSubsampleRatio440:
		ratio = image.YCbCrSubsampleRatio422
	}
	out := image.NewYCbCr(image.Rect(0, 0, img.Rect.Dy(), img.Rect.Dx()), ratio)
	from := planes(img)
	for i, to := range planes(out) {
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

// plane is one channel of a picture, a byte for each sample.
type plane struct {
	pix           []byte
	stride        int
	width, height int // in samples
	stepX, stepY  int // pixels that share a sample
}

// planes returns the planes Y, Cb and Cr of a picture whose first pixel is at (0, 0).
func planes(img *image.YCbCr) [3]plane {
	width, height := img.Rect.Dx(), img.Rect.Dy()
	h, v := colour.Subsampling(img.SubsampleRatio)
	w2, h2 := ceilDiv(width, h), ceilDiv(height, v)
	return [3]plane{{img.Y, img.YStride, width, height, 1, 1}, {img.Cb, img.CStride, w2, h2, h, v}, {img.Cr, img.CStride, w2, h2, h, v}}
}
