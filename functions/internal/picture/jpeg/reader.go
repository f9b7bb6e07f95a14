package jpeg

import (
	"bytes"
	"encoding/binary"
)

// reader reads the entropy coded data of one restart interval.
type reader struct {
	data   []byte // without stuffed zeros, followed by padding
	length int    // of data without the padding
	at     int    // what is in word comes before data[at]
	word   uint64 // the next bits, from the highest on
	count  int    // how many of them are data
}

// padding is the number of zeros after the data, so that reading a whole word at its end needs no check.
const padding = 8

// unstuff makes r read the data at the start of scan, up to the next marker. It returns that marker and what follows it.
func (r *reader) unstuff(scan []byte) (marker byte, rest []byte, ok bool) {
	out := r.data[:0]
	for {
		i := bytes.IndexByte(scan, 0xff)
		if i < 0 || i+1 == len(scan) {
			return 0, nil, false
		}
		next := scan[i+1]
		if next != 0 {
			out = append(out, scan[:i]...)
			*r = reader{data: append(out, make([]byte, padding)...), length: len(out)}
			return next, scan[i+2:], true
		}
		out = append(out, scan[:i+1]...)
		scan = scan[i+2:]
	}
}

// finished reports whether all data was read, except for the bits that fill up the last byte.
func (r *reader) finished() bool {
	left := 8*(r.length-r.at) + r.count
	return left >= 0 && left < 8
}

// readBlock reads the coefficients of one block (F.2.2), multiplied by their steps, into b, which must be zero. It returns
// the zigzag place of the last one that is not zero, or false when the data is damaged.
func (r *reader) readBlock(b *[64]float32, c *channel) (last int, ok bool) {
	data, at, word, count := r.data, r.at, r.word, r.count // in registers
	energy := 0
	table := c.dc
	for k := 0; ; {
		if count < 32 {
			if at+4 > len(data) {
				return 0, false
			}
			word |= uint64(binary.BigEndian.Uint32(data[at:])) << (32 - count)
			at += 4
			count += 32
		}
		entry := table.fast[word>>(64-fastBits)]
		if entry == 0 {
			if entry = table.slow(word); entry == 0 {
				return 0, false
			}
		}
		used := entry & 0xff
		word <<= used & 63
		count -= int(used)
		k += int(entry >> 8 & 0xff)
		value := int(int16(entry >> 16))
		if k == 0 {
			c.lastDC += value
			value = c.lastDC
			table = c.ac
		} else if k > 63 {
			if k < endOfBlock {
				return 0, false
			}
			break
		}
		s := &c.steps[k&63]
		value *= int(s.quant)
		energy += value * value
		b[s.at&63] = float32(value) * s.scale
		last = k
		if k == 63 {
			break
		}
	}
	r.at, r.word, r.count = at, word, count
	return last, energy < maxEnergy
}
