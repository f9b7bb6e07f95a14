package jpeg

// Classes of Huffman tables.
const (
	classDC = iota
	classAC
)

// code is a Huffman code as a file gives it: how many codes there are of each length, and their symbols.
type code struct {
	counts  [16]byte
	symbols []byte
}

// readHuffman reads Huffman tables (B.2.4.2).
func (f *File) readHuffman(body []byte) (ok bool) {
	const fixed, mostSymbols = 1 + 16, 256
	for len(body) >= fixed {
		class, number := body[0]>>4, body[0]&15
		c := code{counts: [16]byte(body[1:fixed])}
		n := 0
		for _, count := range c.counts {
			n += int(count)
		}
		if class > classAC || number > 1 || n == 0 || n > min(mostSymbols, len(body)-fixed) {
			return false
		}
		c.symbols = body[fixed : fixed+n]
		if !c.sound(int(class)) {
			return false
		}
		f.huffman[class][number] = &c
		body = body[fixed+n:]
	}
	return len(body) == 0
}

// sound says whether a code gives each symbol a code word of its own, none of them all ones (C.2), and names only
// symbols of its class in a baseline JPEG.
func (c *code) sound(class int) bool {
	word := 0
	for i, count := range c.counts {
		word = 2*word + int(count)
		if count > 0 && word >= 1<<(i+1) {
			return false
		}
	}
	for _, s := range c.symbols {
		run, size := s>>4, s&15
		if class == classDC && s > 11 || class == classAC && (size > 10 || size == 0 && run != 0 && run != 15) {
			return false
		}
	}
	return true
}

// fastBits is how many bits of input the first look at a decoder covers: most code words with their value.
const fastBits = 10

// An entry says what the next bits of input mean: a value in its upper 16 bits; in the next 8, how far that lies behind
// the place in the block reached so far; in the lowest 8, how many bits it takes. 0 says nothing.
type entry = uint32

// endOfBlock is how far the symbol EOB moves the place in a block: beyond what any damaged file does.
const endOfBlock = 128

// decoder is a code made ready for decoding.
type decoder struct {
	class   int
	fast    [1 << fastBits]entry // by the next bits; 0 when it takes more of them
	limits  [17]uint32           // for every length the first code word, filled up to 16 bits, that is longer
	offsets [17]int              // for every length the way from a code word to its symbol
	symbols []byte
}

func newDecoder(c *code, class int) *decoder {
	d := &decoder{class: class, symbols: c.symbols}
	word, at := 0, 0
	for i, count := range c.counts {
		length := i + 1
		word *= 2
		d.offsets[length] = at - word
		for range count {
			d.enter(uint64(word)<<(64-length), length, c.symbols[at])
			word++
			at++
		}
		d.limits[length] = uint32(word) << (16 - length)
	}
	return d
}

// enter fills in the entries for a code word, given in the highest bits, with all values that may follow it.
func (d *decoder) enter(word uint64, length int, symbol byte) {
	used := length + int(symbol&15)
	if used > fastBits {
		return
	}
	same := 1 << (fastBits - used)
	for value := range uint64(1) << (symbol & 15) {
		bits := word | value<<(64-used)
		first := int(bits >> (64 - fastBits))
		for i := range same {
			d.fast[first+i] = d.entry(bits, length, symbol)
		}
	}
}

// entry makes the entry for a symbol whose code word leads bits.
func (d *decoder) entry(bits uint64, length int, symbol byte) entry {
	size := int(symbol & 15)
	value := int(bits << length >> 1 >> (63 - size))
	if size > 0 && value < 1<<(size-1) {
		value += 1 - 1<<size // EXTEND of F.2.2.1
	}
	moves := 0
	switch {
	case d.class == classDC:
	case symbol == 0:
		moves = endOfBlock
	default:
		moves = int(symbol>>4) + 1
	}
	return entry(uint16(value))<<16 | entry(moves)<<8 | entry(length+size)
}

// slow looks at all 16 bits that a code word may have. It gives 0 when there is none such.
func (d *decoder) slow(bits uint64) entry {
	word := uint32(bits >> 48)
	for length := 1; length <= 16; length++ {
		if word < d.limits[length] {
			return d.entry(bits, length, d.symbols[d.offsets[length]+int(word>>(16-length))])
		}
	}
	return 0
}
