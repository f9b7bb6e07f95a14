package jpeg

import (
	"bytes"
	"encoding/binary"
	"image"
	stdjpeg "image/jpeg"
	"math/bits"
	"sync"
)

// head is the common beginning of all files of one quality.
type head struct {
	bytes        []byte // up to the entropy coded data
	sizeAt       int    // where height and width are in bytes
	luma, chroma tables
}

// tables are the tables for coding a component's blocks.
type tables struct {
	scale  [64]float32 // by zigzag place: turns the transform's coefficients into those of the file
	dc, ac [256]word   // by symbol
}

// word is a Huffman code word.
type word struct {
	bits uint32
	size uint8 // in bits
}

var heads sync.Map // quality -> *head

// headOf returns the head for a quality, with the tables of image/jpeg. It copies them from an encoded picture of one pixel.
func headOf(quality int) *head {
	if h, ok := heads.Load(quality); ok {
		return h.(*head)
	}
	data := onePixel(quality)
	f, err := Open(data)
	if err != nil {
		panic(err) // image/jpeg writes baseline JPEGs
	}
	h := &head{bytes: data[:len(data)-len(f.scan)], luma: f.tables(0), chroma: f.tables(1)}
	h.sizeAt = bytes.Index(h.bytes, []byte{0xff, markerSOF0}) + 5
	heads.Store(quality, h)
	return h
}

// onePixel returns a picture of one pixel, encoded by image/jpeg.
func onePixel(quality int) []byte {
	var out bytes.Buffer
	if err := stdjpeg.Encode(&out, image.NewYCbCr(image.Rect(0, 0, 1, 1), image.YCbCrSubsampleRatio420), &stdjpeg.Options{Quality: quality}); err != nil {
		panic(err) // writing to a buffer can't fail
	}
	return out.Bytes()
}

func (f *File) tables(component int) (t tables) {
	c := f.components[component]
	f.huffman[classDC][c.dc].words(func(bits uint32, length int, symbol byte) { t.dc[symbol] = word{bits, uint8(length)} })
	f.huffman[classAC][c.ac].words(func(bits uint32, length int, symbol byte) { t.ac[symbol] = word{bits, uint8(length)} })
	for k, q := range f.quant[c.quant] {
		row, column := natural[k]/8, natural[k]%8
		t.scale[k] = float32(1 / (8 * aan[row] * aan[column] * float64(q)))
	}
	return t
}

// Encode writes a picture of subsampling 4:2:0 or 4:4:4 whose first pixel is at (0, 0), with the tables that image/jpeg has
// for a quality of 1 to 100.
func Encode(img *image.YCbCr, quality int) []byte {
	h := headOf(quality)
	width, height := img.Rect.Dx(), img.Rect.Dy()
	// Enough for most pictures: high quality takes about two bits per pixel.
	out := make([]byte, len(h.bytes), len(h.bytes)+width*height/4+1024)
	copy(out, h.bytes)
	binary.BigEndian.PutUint16(out[h.sizeAt:], uint16(height))
	binary.BigEndian.PutUint16(out[h.sizeAt+2:], uint16(width))
	w := writer{out: out}
	luma := source{img.Y, img.YStride, width, height, 0, &h.luma}
	if img.SubsampleRatio == image.YCbCrSubsampleRatio444 {
		const samplingAt = 6 // of luma, after the size, the number of components and its name
		out[h.sizeAt+samplingAt] = 0x11
		cb := source{img.Cb, img.CStride, width, height, 0, &h.chroma}
		cr := source{img.Cr, img.CStride, width, height, 0, &h.chroma}
		for y := 0; y < height; y += 8 {
			for x := 0; x < width; x += 8 {
				w.writeBlock(&luma, x, y)
				w.writeBlock(&cb, x, y)
				w.writeBlock(&cr, x, y)
			}
		}
		return w.end()
	}
	cb := source{img.Cb, img.CStride, ceilDiv(width, 2), ceilDiv(height, 2), 0, &h.chroma}
	cr := source{img.Cr, img.CStride, ceilDiv(width, 2), ceilDiv(height, 2), 0, &h.chroma}
	for y := 0; y < height; y += 16 {
		for x := 0; x < width; x += 16 {
			w.writeBlock(&luma, x, y)
			w.writeBlock(&luma, x+8, y)
			w.writeBlock(&luma, x, y+8)
			w.writeBlock(&luma, x+8, y+8)
			w.writeBlock(&cb, x/2, y/2)
			w.writeBlock(&cr, x/2, y/2)
		}
	}
	return w.end()
}

// source is a plane while it is encoded.
type source struct {
	pix           []byte
	stride        int
	width, height int
	lastDC        int32 // the DC coefficient of the previous block
	tables        *tables
}

// read fills b with the block at (x, y). Beyond the plane's edges, its last samples are repeated.
func (s *source) read(b *[64]float32, x, y int) {
	if x+8 <= s.width && y+8 <= s.height {
		for i := range 8 {
			samples, row := (*[8]byte)(s.pix[(y+i)*s.stride+x:]), (*[8]float32)(b[8*i:])
			for j, v := range samples {
				row[j] = float32(int32(v) - 128)
			}
		}
		return
	}
	for i := range 64 {
		b[i] = float32(int32(s.pix[min(y+i/8, s.height-1)*s.stride+min(x+i%8, s.width-1)]) - 128)
	}
}

// writer collects the entropy coded data.
type writer struct {
	out   []byte
	word  uint64 // its lowest bits are not written yet
	count int    // how many of them
}

// writeBlock writes one block (F.1.2).
func (w *writer) writeBlock(s *source, x, y int) {
	var b [64]float32
	s.read(&b, x, y)
	forward(&b)
	var values [64]int32
	nonzero := uint64(0) // a bit for every coefficient
	for k := range values {
		// Conversion truncates towards zero, so rounding to the nearest needs a positive number.
		const half, positive = 0.5, 1 << 14
		v := int32(b[natural[k]&63]*s.tables.scale[k]+positive+half) - positive
		values[k] = v
		if v != 0 {
			nonzero |= 1 << k
		}
	}
	w.write(&s.tables.dc, 0, values[0]-s.lastDC)
	s.lastDC = values[0]
	before := 0
	for nonzero &^= 1; nonzero != 0; nonzero &= nonzero - 1 {
		k := bits.TrailingZeros64(nonzero)
		run := k - before - 1
		for ; run > 15; run -= 16 {
			w.write(&s.tables.ac, 15, 0)
		}
		w.write(&s.tables.ac, run, values[k&63])
		before = k
	}
	if before < 63 {
		w.write(&s.tables.ac, 0, 0)
	}
}

// write writes a value after the code word for its size and the run of zeros before it.
func (w *writer) write(words *[256]word, run int, value int32) {
	sign := value >> 31
	size := bits.Len32(uint32((value ^ sign) - sign))
	code := words[(run<<4|size)&0xff]
	w.word = w.word<<(code.size&63) | uint64(code.bits)
	w.word = w.word<<(size&63) | uint64(value+sign)&(1<<(size&63)-1)
	w.count += int(code.size) + size
	if w.count >= 32 {
		w.count -= 32
		w.put(uint32(w.word >> (w.count & 63)))
	}
}

// put writes 32 bits, with a zero stuffed after each byte of ones.
func (w *writer) put(v uint32) {
	if ones := ^v; (ones-0x01010101)&^ones&0x80808080 == 0 { // no byte of ones
		w.out = binary.BigEndian.AppendUint32(w.out, v)
		return
	}
	for shift := 24; shift >= 0; shift -= 8 {
		w.byte(byte(v >> shift))
	}
}

func (w *writer) byte(v byte) {
	w.out = append(w.out, v)
	if v == 0xff {
		w.out = append(w.out, 0)
	}
}

// end fills the last byte up with ones and closes the file.
func (w *writer) end() []byte {
	for w.count > 0 {
		fill := max(8-w.count, 0)
		w.word, w.count = w.word<<fill|(1<<fill-1), w.count+fill
		w.count -= 8
		w.byte(byte(w.word >> w.count))
	}
	return append(w.out, 0xff, markerEOI)
}
