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
	for i := range f {
		centre := from + (float64(i)+0.5)*scale
		first := max(int(math.Floor(centre-reach)), 0)
		end := min(int(math.Ceil(centre+reach)), size)
		f[i] = newTap(first, end, centre, reach)
	}
	return f
}

func newTap(first, end int, centre, reach float64) tap {
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
	t := tap{first: first, weights: make([]uint16, end-first)}
	// Rounding the running sum, not each weight, makes them add up to exactly 256.
	sum, given := 0.0, 0.0
	for i := range t.weights {
		sum += weight(first + i)
		upTo := math.Round(256 * sum / total)
		t.weights[i] = uint16(upTo - given)
		given = upTo
	}
	return t
}

// end is the sample after the last one that t reads.
func (t tap) end() int { return t.first + len(t.weights) }

// resample fills dst from src through a filter for columns and one for rows. The first row of src is row top of the
// rows that the filter counts.
func resample(dst, src plane, columns, rows filter, top int) {
	last := columns[len(columns)-1]
	left, right := min(columns[0].first, last.first), max(columns[0].end(), last.end())
	mixed := make([]byte, src.width)
	for y, t := range rows {
		line := src.pix[(t.first-top)*src.stride:]
		if len(t.weights) > 1 {
			mixRows(mixed[:right], line, src.stride, t.weights, left)
			line = mixed
		}
		mixColumns(dst.pix[y*dst.stride:y*dst.stride+dst.width], line, columns)
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

// mixColumns sets each sample of dst to the weighted sum of its neighbours in line.
func mixColumns(dst, line []byte, columns filter) {
	for x := range dst {
		t := &columns[x]
		samples := line[t.first : t.first+len(t.weights)]
		sum := uint32(128)
		for i, w := range t.weights {
			sum += uint32(samples[i]) * uint32(w)
		}
		dst[x] = byte(sum >> 8)
	}
}
