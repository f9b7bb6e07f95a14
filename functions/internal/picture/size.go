package picture

import (
	"image"
	"math"

	"snaptask/functions/internal/picture/jpeg"
)

// Bounds of the stored pictures, in pixels.
const (
	FullArea     = 2048 * 2048
	ReadableSide = 512        // the shorter side of a long picture, such as a screenshot, stays at least as long
	LongArea     = 12_500_000 // the area of a long picture

	ThumbSide = 480 // the longest side
)

// nearArea is an area, in pixels, that is close enough to FullArea for a JPEG that can be decoded at a half of its size or
// less, where reaching FullArea would mean decoding all of it. A camera's 4000 x 3000 become 2000 x 1500.
const nearArea = 1920 * 1440

// fit returns the size at which a picture is stored: scaled down so that its area is at most FullArea. The shorter side is
// not scaled to less than ReadableSide, as long as the area stays within LongArea.
func fit(size image.Point) image.Point {
	area := float64(size.X * size.Y)
	scale := min(math.Sqrt(FullArea/area), 1)
	readable := min(ReadableSide/float64(min(size.X, size.Y)), 1)
	scale = min(max(scale, readable), math.Sqrt(LongArea/area), 1)
	return scaled(size, scale)
}

// scaled returns a size times scale, rounded down so that an area stays within its bound, and at least 1 x 1.
func scaled(size image.Point, scale float64) image.Point {
	const rounding = 1e-6 // of the factors
	side := func(n int) int { return max(int(float64(n)*scale+rounding), 1) }
	return image.Pt(side(size.X), side(size.Y))
}

// scaleFor returns the smallest scale at which a JPEG is at least as large as it is stored, or nearly.
func scaleFor(f *jpeg.File) jpeg.Scale {
	want := fit(image.Pt(f.Width, f.Height))
	for s := jpeg.Scale(1); s < 8; s *= 2 {
		size := f.Size(s)
		if size.X >= want.X && size.Y >= want.Y || size.X*size.Y >= nearArea && min(size.X, size.Y) >= ReadableSide {
			return s
		}
	}
	return 8
}

// thumbRatio is how many times its width the height of a thumbnail is at most, and the other way round.
const thumbRatio = 2

// thumbPart returns what a thumbnail shows of a picture: the top of a tall one, such as a long screenshot, and the middle of
// a wide one.
func thumbPart(size image.Point) image.Rectangle {
	width, height := min(size.X, thumbRatio*size.Y), min(size.Y, thumbRatio*size.X)
	left := (size.X - width) / 2 &^ 1
	return image.Rect(left, 0, left+width, height)
}

// thumbSize returns the size of the thumbnail of what thumbPart returns.
func thumbSize(size image.Point) image.Point {
	longest := max(size.X, size.Y)
	if longest <= ThumbSide {
		return size
	}
	side := func(n int) int { return max(int(math.Round(float64(n)*ThumbSide/float64(longest))), 1) }
	return image.Pt(side(size.X), side(size.Y))
}
