// Package baseline reads and writes the plainest kind of JPEG, which cameras and browsers make: sequential, 8 bits,
// Huffman codes, grey or Y, Cb and Cr, in one scan (ITU-T T.81). It is a few times faster than image/jpeg, and can read a
// picture at a half, a quarter or an eighth of its size for less.
//
// It takes nothing on trust: what is not exactly such a file, from the first byte to the end marker, it leaves to
// image/jpeg, by ErrOther.
package baseline

import "errors"

// ErrOther says that a file is of another kind of JPEG, or damaged: image/jpeg tells which.
var ErrOther = errors.New("not a plain baseline JPEG")

// Marker codes, from table B.1 of T.81.
const (
	markerSOF0  = 0xc0 // start of frame, baseline
	markerDHT   = 0xc4 // Huffman tables
	markerRST0  = 0xd0 // restart, the first of eight
	markerSOI   = 0xd8 // start of image
	markerEOI   = 0xd9 // end of image
	markerSOS   = 0xda // start of scan
	markerDQT   = 0xdb // quantisation tables
	markerDRI   = 0xdd // restart interval
	markerAPP0  = 0xe0
	markerAPP14 = 0xee // Adobe's colour transform
	markerAPP15 = 0xef
	markerCOM   = 0xfe // comment
)

// natural gives the place in a block, row by row, of the n-th coefficient in zigzag order (figure A.6).
var natural = zigzag()

func zigzag() (order [64]uint8) {
	n := 0
	for diagonal := range 15 {
		for i := range diagonal + 1 {
			row, column := diagonal-i, i // upwards
			if diagonal%2 == 1 {
				row, column = column, row
			}
			if row < 8 && column < 8 {
				order[n] = uint8(8*row + column)
				n++
			}
		}
	}
	return order
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
