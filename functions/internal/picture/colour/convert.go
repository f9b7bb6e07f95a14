package colour

import (
	"image"
	"image/color"
)

// Convert replaces the picture's samples by those of sRGB. Pixels that share a sample of Cb and Cr get the mean of theirs.
// The picture's first pixel is at (0, 0).
func (s *Space) Convert(img *image.YCbCr) {
	width, height := img.Rect.Dx(), img.Rect.Dy()
	stepX, stepY := Subsampling(img.SubsampleRatio)
	for y := 0; y < height; y += stepY {
		for x := 0; x < width; x += stepX {
			shared := img.COffset(x, y)
			cb, cr := img.Cb[shared], img.Cr[shared]
			sumB, sumR, n := 0, 0, 0
			for v := y; v < min(y+stepY, height); v++ {
				row := img.Y[v*img.YStride:]
				for h := x; h < min(x+stepX, width); h++ {
					y2, cb2, cr2 := color.RGBToYCbCr(s.convert(color.YCbCrToRGB(row[h], cb, cr)))
					row[h] = y2
					sumB, sumR, n = sumB+int(cb2), sumR+int(cr2), n+1
				}
			}
			img.Cb[shared], img.Cr[shared] = byte((sumB+n/2)/n), byte((sumR+n/2)/n)
		}
	}
}

// Subsampling returns how many columns and rows of pixels share one sample of Cb and Cr.
func Subsampling(ratio image.YCbCrSubsampleRatio) (horizontal, vertical int) {
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
