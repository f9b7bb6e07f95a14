package picture

// cropShare is the part of each side that the centre crop keeps, as in EfficientNet's evaluation on ImageNet: 224 of 256
// pixels.
const cropShare = 0.875

// Tensor returns the middle of the picture as float32 values 0..1 of shape [height, width, 3], row-major, channels red,
// green, blue. It shows the largest centred part with the tensor's proportions, cropped to 0.875 of its sides.
func (p *Picture) Tensor(height, width int) []float32 {
	source, scale := p.img, 1.0
	fullWidth, fullHeight := float64(source.Rect.Dx()), float64(source.Rect.Dy())
	cropWidth := cropShare * min(fullWidth, fullHeight*float64(width)/float64(height))
	cropHeight := cropWidth * float64(height) / float64(width)
	left, top := (fullWidth-cropWidth)/2, (fullHeight-cropHeight)/2
	if cropWidth >= 2*float64(width) {
		source, scale = p.half, 2
	}

	var parts [3][]byte
	for i, src := range planes(source) {
		stepX, stepY := float64(src.stepX)*scale, float64(src.stepY)*scale
		parts[i] = make([]byte, height*width)
		resample(plane{pix: parts[i], stride: width, width: width, height: height}, src,
			newFilter(src.width, left/stepX, (left+cropWidth)/stepX, width),
			newFilter(src.height, top/stepY, (top+cropHeight)/stepY, height), 0)
	}
	tensor := make([]float32, 3*height*width)
	for i, y := range parts[0] {
		setRGB((*[3]float32)(tensor[3*i:]), y, parts[1][i], parts[2][i])
	}
	return tensor
}

// setRGB writes red, green and blue, 0..1, by the formula of JFIF 1.02, page 3, in units of 1/65536.
func setRGB(dst *[3]float32, y, cb, cr byte) {
	const one = 1 << 16
	luma, blue, red := int32(y)*one+one/2, int32(cb)-128, int32(cr)-128
	dst[0] = share(luma + 91881*red)
	dst[1] = share(luma - 22554*blue - 46802*red)
	dst[2] = share(luma + 116130*blue)
}

// share returns v / (255 << 16), rounded to n/255 and kept within 0..1.
func share(v int32) float32 { return shares[min(max(v>>16, 0), 255)] }

// shares are 0, 1/255 and so on up to 1.
var shares = func() (s [256]float32) {
	for i := range s {
		s[i] = float32(i) / 255
	}
	return s
}()
