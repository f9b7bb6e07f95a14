package picture

import (
	"encoding/binary"
	"math"
)

// plane is one channel of a picture, a byte for each sample.
type plane struct {
	pix           []byte
	stride        int
	width, height int
}

// tap is one sample of the result: the weighted sum of neighbouring samples of the source. The weights add up to 256.
type tap struct {
	first   int
	weights []uint16
}

// filter gives the taps of every sample along one axis of the result.
type filter []tap

// newFilter makes the filter that shows [from, to) of an axis with size samples as n samples; from > to mirrors. It is
// a triangle as wide as two samples of the coarser side, which averages areas when it makes a picture smaller and is
// bilinear interpolation when it makes it larger.
func newFilter(size int, from, to float64, n int) filter {
	scale := (to - from) / float64(n)
	reach := max(math.Abs(scale), 1)
	f := make(filter, n)
	// All weights in one piece, for there are thousands of taps.
	weights := make([]uint16, 0, n*int(2*reach+2))
	for i := range f {
		centre := from + (float64(i)+0.5)*scale
		first := max(int(math.Floor(centre-reach)), 0)
		end := min(int(math.Ceil(centre+reach)), size)
		f[i], weights = newTap(first, end, centre, reach, weights)
	}
	return f
}

// newTap makes the tap round centre. It puts its weights behind those that are there already.
func newTap(first, end int, centre, reach float64, weights []uint16) (tap, []uint16) {
	weight := func(sample int) float64 {
		return max(1-math.Abs(float64(sample)+0.5-centre)/reach, 0)
	}
	for first < end-1 && weight(first) == 0 {
		first++
	}
	for end > first+1 && weight(end-1) == 0 {
		end--
	}
	total := 0.0
	for s := first; s < end; s++ {
		total += weight(s)
	}
	// Rounding the running sum, not each weight, makes them add up to exactly 256.
	sum, given := 0.0, 0.0
	before := len(weights)
	for s := first; s < end; s++ {
		sum += weight(s)
		upTo := math.Round(256 * sum / total)
		weights = append(weights, uint16(upTo-given))
		given = upTo
	}
	return tap{first, weights[before:len(weights):len(weights)]}, weights
}

// end is the sample after the last one that t reads.
func (t tap) end() int { return t.first + len(t.weights) }

// span gives the first sample that f reads and the one after the last.
func (f filter) span() (first, end int) {
	last := f[len(f)-1]
	return min(f[0].first, last.first), max(f[0].end(), last.end())
}

// resample fills dst from src through a filter for columns and one for rows. The first row of src is row top of the
// rows that the filter counts.
func resample(dst, src plane, columns, rows filter, top int) {
	left, right := columns.span()
	even := columns.evenly(src.width)
	mixed := make([]byte, src.width)
	for y, t := range rows {
		line := src.pix[(t.first-top)*src.stride:]
		if len(t.weights) > 1 {
			mixRows(mixed[:right], line, src.stride, t.weights, left)
			line = mixed
		}
		mixColumns(dst.pix[y*dst.stride:y*dst.stride+dst.width], line, even)
	}
}

// mixRows sets dst, from sample left on, to the weighted sum of len(weights) rows of src.
func mixRows(dst, src []byte, stride int, weights []uint16, left int) {
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
			sum += uint32(src[x+i*stride]) * uint32(w)
		}
		dst[x] = byte(sum >> 8)
	}
}

// evenFilter is a filter whose taps all have as many weights, some of them zero.
type evenFilter struct {
	first   []int32
	weights []uint32 // taps of them for each sample of the result
	taps    int
}

// evenly gives f in the form of an evenFilter, for an axis with size samples.
func (f filter) evenly(size int) evenFilter {
	e := evenFilter{first: make([]int32, len(f))}
	for _, t := range f {
		e.taps = max(e.taps, len(t.weights))
	}
	e.weights = make([]uint32, len(f)*e.taps)
	for i, t := range f {
		first := min(t.first, size-e.taps)
		e.first[i] = int32(first)
		for j, w := range t.weights {
			e.weights[i*e.taps+t.first-first+j] = uint32(w)
		}
	}
	return e
}

// mixColumns sets each sample of dst to the weighted sum of its neighbours in line.
func mixColumns(dst, line []byte, columns evenFilter) {
	const half = 128
	first, weights := columns.first[:len(dst)], columns.weights
	switch columns.taps {
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
			w := weights[x*columns.taps:][:columns.taps]
			s := line[first[x]:][:len(w)]
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
		for ; x < src.width/2; x++ {
			out[x] = byte((uint32(upper[2*x]) + uint32(upper[2*x+1]) + uint32(lower[2*x]) + uint32(lower[2*x+1]) + 2) >> 2)
		}
		if src.width%2 == 1 {
			out[dst.width-1] = byte((uint32(upper[src.width-1]) + uint32(lower[src.width-1]) + 1) >> 1)
		}
	}
}
