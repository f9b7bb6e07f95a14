package jpeg

// Classes of Huffman tables.
const (
	classDC = iota
	classAC
)

// code is a Huffman code as a file defines it.
type code struct {
	counts  [16]byte // of code words, by their length
	symbols []byte
}

// readHuffman reads Huffman tables (B.2.4.2).
func (f *File) readHuffman(body []byte) bool {
	const fixed, maxSymbols = 1 + 16, 256
	for len(body) >= fixed {
		class, number := body[0]>>4, body[0]&15
		c := code{counts: [16]byte(body[1:fixed])}
		n := 0
		for _, count := range c.counts {
			n += int(count)
		}
		if class > classAC || number > 1 || n == 0 || n > min(maxSymbols, len(body)-fixed) {
			return false
		}
		c.symbols = body[fixed : fixed+n]
		if !c.valid(int(class)) {
			return false
		}
		f.huffman[class][number] = &c
		body = body[fixed+n:]
	}
	return len(body) == 0
}

// valid reports whether a code has a code word for each symbol, none of them all ones (C.2), and only symbols of its class
// in a baseline JPEG.
func (c *code) valid(class int) bool {
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

// words calls visit with each code word of a code, its length in bits, and its symbol.
func (c *code) words(visit func(word uint32, length int, symbol byte)) {
	word, at := uint32(0), 0
	for i, count := range c.counts {
		word *= 2
		for range count {
			visit(word, i+1, c.symbols[at])
			word++
			at++
		}
	}
}

// fastBits is how many bits of input the table of a decoder covers: most code words with their values.
const fastBits = 10

// entry describes the next bits of input. Its upper 16 bits are a value, the next 8 the distance from the place in the
// block reached so far, the lowest 8 the number of bits used. 0 means none of the decoder's code words.
type entry = uint32

// endOfBlock is the distance of the symbol EOB, farther than any damaged file gets.
const endOfBlock = 128

// decoder looks up symbols and their values.
type decoder struct {
	class   int
	fast    [1 << fastBits]entry // by the next bits; 0 when more of them are needed
	limits  [17]uint32           // by length: the end of its code words and all shorter ones, filled up to 16 bits
	offsets [17]int              // by length: from a code word to the index of its symbol
	symbols []byte
}

func newDecoder(c *code, class int) *decoder {
	d := &decoder{class: class, symbols: c.symbols}
	at := 0
	c.words(func(word uint32, length int, symbol byte) {
		d.offsets[length] = at - int(word)
		d.limits[length] = (word + 1) << (16 - length)
		at++
		used := length + int(symbol&15)
		if used > fastBits {
			return
		}
		same := 1 << (fastBits - used)
		for value := range uint64(1) << (symbol & 15) {
			bits := uint64(word)<<(64-length) | value<<(64-used)
			first := int(bits >> (64 - fastBits))
			for i := range same {
				d.fast[first+i] = d.entry(bits, length, symbol)
			}
		}
	})
	return d
}

// entry returns the entry for a symbol whose code word is at the front of bits.
func (d *decoder) entry(bits uint64, length int, symbol byte) entry {
	size := int(symbol & 15)
	value := int(bits << length >> 1 >> (63 - size))
	if size > 0 && value < 1<<(size-1) {
		value += 1 - 1<<size // EXTEND of F.2.2.1
	}
	distance := 0
	switch {
	case d.class == classDC:
	case symbol == 0:
		distance = endOfBlock
	default:
		distance = int(symbol>>4) + 1
	}
	return entry(uint16(value))<<16 | entry(distance)<<8 | entry(length+size)
}

// slow examines all 16 bits that a code word may have.
func (d *decoder) slow(bits uint64) entry {
	word := uint32(bits >> 48)
	for length := 1; length <= 16; length++ {
		if word < d.limits[length] {
			return d.entry(bits, length, d.symbols[d.offsets[length]+int(word>>(16-length))])
		}
	}
	return 0
}
