package nn

// Shift writes src, [...,C], to dst, finished by f: with C biases, one for all channels, or none.
func Shift(dst, src []float32, f Finish) {
	switch channels := len(f.Bias); channels {
	case 0:
		for i, x := range src {
			dst[i] = f.limit(x)
		}
	case 1:
		for i, x := range src {
			dst[i] = f.limit(x + f.Bias[0])
		}
	default:
		for at := 0; at < len(src); at += channels {
			row, out := src[at:at+channels], dst[at:at+channels]
			for c, b := range f.Bias {
				out[c] = f.limit(row[c] + b)
			}
		}
	}
}

// Add writes a + b, tensors of one shape, to dst, limited by f, whose bias must be nil.
func Add(dst, a, b []float32, f Finish) {
	b, dst = b[:len(a)], dst[:len(a)]
	for i, x := range a {
		dst[i] = f.limit(x + b[i])
	}
}

// Subtract writes a - b, tensors of one shape, to dst.
func Subtract(dst, a, b []float32) {
	b, dst = b[:len(a)], dst[:len(a)]
	for i, x := range a {
		dst[i] = x - b[i]
	}
}

// Mean writes each channel's mean over the pixels of src, [pixels,C], to dst, [C].
func Mean(dst, src []float32) {
	clear(dst)
	for at := 0; at < len(src); at += len(dst) {
		for c, x := range src[at : at+len(dst)] {
			dst[c] += x
		}
	}
	scale := float32(len(dst)) / float32(len(src))
	for c := range dst {
		dst[c] *= scale
	}
}
