package picture

import "image"

// How much subsampling may change a picture, as the mean square error of red, green and blue.
const (
	maxChromaLoss  = 16  // on the average: 36 dB, below what encoding at fullQuality changes
	maxEdgeLoss    = 200 // in a block; photos stay below it, coloured text has 500 to 10,000
	edgesOneIn     = 256 // blocks that may exceed maxEdgeLoss
	chromaBlock    = 16  // pixels
	lossOfBlue     = 1.086
	lossOfRed      = 0.825
	samplesOfBlock = chromaBlock * chromaBlock
)

// needsFullChroma reports whether subsampling 4:2:0 would blur a picture of subsampling 4:4:4: whether it has many sharp
// edges between colours, as screenshots and drawings do and photos do not.
//
// A change of 1 in Cb or Cr changes the mean square of red, green and blue by lossOfBlue or lossOfRed: a third of the sum of
// the squared factors in JFIF 1.02, page 3.
func needsFullChroma(img *image.YCbCr) bool {
	if img.SubsampleRatio != image.YCbCrSubsampleRatio444 {
		return false
	}
	width, height := img.Rect.Dx(), img.Rect.Dy()
	total, edges, blocks := 0.0, 0, 0
	for y := 0; y < height; y += chromaBlock {
		for x := 0; x < width; x += chromaBlock {
			block := image.Rect(x, y, min(x+chromaBlock, width), min(y+chromaBlock, height))
			loss := (lossOfBlue*squaredLoss(img.Cb, img.CStride, block) + lossOfRed*squaredLoss(img.Cr, img.CStride, block)) / samplesOfBlock
			total += loss
			blocks++
			if loss > maxEdgeLoss {
				edges++
			}
		}
	}
	return total > maxChromaLoss*float64(blocks) || edges*edgesOneIn > blocks
}

// squaredLoss returns the sum of the squared differences between samples and the mean of the four that would share one.
func squaredLoss(pix []byte, stride int, block image.Rectangle) float64 {
	fourfold := 0 // 4 * sum of (sample - mean)^2 = 4 * (sum of squares) - (sum)^2
	for y := block.Min.Y; y+1 < block.Max.Y; y += 2 {
		upper, lower := pix[y*stride:], pix[(y+1)*stride:]
		for x := block.Min.X; x+1 < block.Max.X; x += 2 {
			a, b, c, d := int(upper[x]), int(upper[x+1]), int(lower[x]), int(lower[x+1])
			sum := a + b + c + d
			fourfold += 4*(a*a+b*b+c*c+d*d) - sum*sum
		}
	}
	return float64(fourfold) / 4
}
