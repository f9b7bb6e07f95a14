package picture

import (
	"encoding/binary"
	"math"
)

// filter computes the samples along one axis of the result, each as the weighted sum of taps neighbouring samples of the
// source. The weights of a sample add up to 256; some may be zero.
type filter struct {
	first   []int    // by sample of the result: the first sample of the source that has a weight
	weights []uint32 // taps for each sample of the result
	taps    int
}

// newFilter returns the filter that resamples the interval [from, to) of an axis with size samples to n samples; from > to
// mirrors it. The filter is a triangle as wide as two samples of the coarser side: it averages areas when it makes a picture
// smaller, and is bilinear interpolation when it makes it larger.
func newFilter(size int, from, to float64, n int) filter {
	scale := (to - from) / float64(n)
	reach := max(math.Abs(scale), 1)
	taps := min(int(math.Ceil(2*reach)), size)
	f := filter{make([]int, n), make([]uint32, n*taps), taps}
	for i := range n {
		centre := from + (float64(i)+0.5)*scale
		first := min(max(int(math.Floor(centre-reach+0.5)), 0), size-taps)
		weight := func(tap int) float64 { return max(1-math.Abs(float64(first+tap)+0.5-centre)/reach, 0) }
		total := 0.0
		for tap := range taps {
			total += weight(tap)
		}
		// Rounding the running sum, not each weight, makes the weights add up to exactly 256.
		sum, used := 0.0, 0.0
		for tap := range taps {
			sum += weight(tap)
			upTo := math.Round(256 * sum / total)
			f.weights[i*taps+tap] = uint32(upTo - used)
			used = upTo
		}
		f.first[i] = first
	}
	return f
}

// part returns the filter for the samples [begin, end) of the result.
func (f filter) part(begin, end int) filter {
	return filter{f.first[begin:end], f.weights[begin*f.taps : end*f.taps], f.taps}
}

// span returns the first sample of the source that f reads, and the one after the last.
func (f filter) span() (first, end int) {
	a, b := f.first[0], f.first[len(f.first)-1]
	return min(a, b), max(a, b) + f.taps
}

// resample fills the rows of dst from src. The first row of src is row top of those that the filter for rows counts.
func resample(dst, src plane, columns, rows filter, top int) {
	left, right := columns.span()
	mixed := make([]byte, src.width)
	for y, first := range rows.first {
		mixRows(mixed[:right], src.pix[(first-top)*src.stride:], src.stride, rows.weights[y*rows.taps:][:rows.taps], left)
		mixColumns(dst.pix[y*dst.stride:][:dst.width], mixed, columns)
	}
}

// mixRows sets dst, from sample left on, to the weighted sum of len(weights) rows of src.
func mixRows(dst, src []byte, stride int, weights []uint32, left int) {
	// Eight samples at a time, in two words of four 16-bit lanes: 255 * 256 and the half for rounding just fit a lane.
	const lanes, half = 0x00ff00ff00ff00ff, 0x0080008000800080
	x := left
	for ; x+8 <= len(dst); x += 8 {
		even, odd := uint64(half), uint64(half)
		at := x
		for _, w := range weights {
			v := binary.LittleEndian.Uint64(src[at:])
			even += v & lanes * uint64(w)
			odd += v >> 8 & lanes * uint64(w)
			at += stride
		}
		binary.LittleEndian.PutUint64(dst[x:], even>>8&lanes|odd&^lanes)
	}
	for ; x < len(dst); x++ {
		sum := uint32(128)
		for i, w := range weights {
			sum += uint32(src[x+i*stride]) * w
		}
		dst[x] = byte(sum >> 8)
	}
}

// mixColumns sets each sample of dst to the weighted sum of its neighbours in line. The cases for few taps make a thumbnail
// and a tensor a fifth cheaper.
func mixColumns(dst, line []byte, columns filter) {
	const half = 128
	first, weights, taps := columns.first[:len(dst)], columns.weights, columns.taps
	switch taps {
	case 2:
		for x := range dst {
			s, w := (*[2]byte)(line[first[x]:]), (*[2]uint32)(weights[2*x:])
			dst[x] = byte((half + uint32(s[0])*w[0] + uint32(s[1])*w[1]) >> 8)
		}
	case 3:
		for x := range dst {
			s, w := (*[3]byte)(line[first[x]:]), (*[3]uint32)(weights[3*x:])
			dst[x] = byte((half + uint32(s[0])*w[0] + uint32(s[1])*w[1] + uint32(s[2])*w[2]) >> 8)
		}
	case 4:
		for x := range dst {
			s, w := (*[4]byte)(line[first[x]:]), (*[4]uint32)(weights[4*x:])
			dst[x] = byte((half + uint32(s[0])*w[0] + uint32(s[1])*w[1] + uint32(s[2])*w[2] + uint32(s[3])*w[3]) >> 8)
		}
	default:
		for x := range dst {
			w := weights[x*taps:][:taps]
			s := line[first[x]:][:taps]
			sum := uint32(half)
			for i, v := range s {
				sum += uint32(v) * w[i]
			}
			dst[x] = byte(sum >> 8)
		}
	}
}

// halvePlane fills dst with the means of four samples of src. Where a side of src is odd, its last samples are repeated.
func halvePlane(dst, src plane) {
	for y := range dst.height {
		upper := src.pix[2*y*src.stride:][:src.width]
		lower := src.pix[min(2*y+1, src.height-1)*src.stride:][:src.width]
		out := dst.pix[y*dst.stride:][:dst.width]
		x := 0
		for ; x+4 <= src.width/2; x += 4 {
			// Eight samples of either row, in words of four 16-bit lanes.
			const lanes, half = 0x00ff00ff00ff00ff, 0x0002000200020002
			u, l := binary.LittleEndian.Uint64(upper[2*x:]), binary.LittleEndian.Uint64(lower[2*x:])
			sum := (u&lanes + u>>8&lanes + l&lanes + l>>8&lanes + half) >> 2 & lanes
			sum = (sum | sum>>8) & 0x0000ffff0000ffff
			binary.LittleEndian.PutUint32(out[x:], uint32(sum|sum>>16))
		}
		for ; x < dst.width; x++ {
			next := min(2*x+1, src.width-1)
			out[x] = byte((uint32(upper[2*x]) + uint32(upper[next]) + uint32(lower[2*x]) + uint32(lower[next]) + 2) >> 2)
		}
	}
}
