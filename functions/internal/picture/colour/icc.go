package colour

import (
	"encoding/binary"
	"math"
)

// OfICC returns the colour space that an ICC profile (ICC.1:2022) defines for pictures of a model. It returns nil for sRGB,
// and for a profile that is missing, damaged, without a matrix, or of another model.
func OfICC(profile []byte, model Model) *Space {
	const modelAt, connectionAt, signatureAt, tagsAt = 16, 20, 36, 128
	if len(profile) < tagsAt+4 || string(profile[signatureAt:][:4]) != "acsp" || Model(profile[modelAt:][:4]) != model {
		return nil
	}
	tags := readTags(profile, tagsAt)
	if model == Grey {
		light := readCurve(tags["kTRC"])
		if light == nil {
			return nil
		}
		return newSpace([3]curve{light, light, light}, matrix{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}})
	}
	curves := [3]curve{readCurve(tags["rTRC"]), readCurve(tags["gTRC"]), readCurve(tags["bTRC"])}
	red, ok1 := readXYZ(tags["rXYZ"])
	green, ok2 := readXYZ(tags["gXYZ"])
	blue, ok3 := readXYZ(tags["bXYZ"])
	if string(profile[connectionAt:][:4]) != "XYZ " || curves[0] == nil || curves[1] == nil || curves[2] == nil || !ok1 || !ok2 || !ok3 {
		return nil
	}
	return newSpace(curves, toSRGB.times(matrix{red, green, blue}.transposed()))
}

// readTags returns the data of a profile's tags by their signature. What lies outside of the profile is left out.
func readTags(profile []byte, at int) map[string][]byte {
	const size, most = 12, 100
	tags := map[string][]byte{}
	entries := profile[at+4:]
	for range min(binary.BigEndian.Uint32(profile[at:]), most) {
		if len(entries) < size {
			break
		}
		begin, length := uint64(binary.BigEndian.Uint32(entries[4:])), uint64(binary.BigEndian.Uint32(entries[8:]))
		if begin+length <= uint64(len(profile)) {
			tags[string(entries[:4])] = profile[begin : begin+length]
		}
		entries = entries[size:]
	}
	return tags
}

// fixed returns a number of type s15Fixed16Number.
func fixed(data []byte) float64 { return float64(int32(binary.BigEndian.Uint32(data))) / (1 << 16) }

// readXYZ reads data of type XYZType.
func readXYZ(data []byte) (xyz [3]float64, ok bool) {
	if len(data) < 20 || string(data[:4]) != "XYZ " {
		return xyz, false
	}
	return [3]float64{fixed(data[8:]), fixed(data[12:]), fixed(data[16:])}, true
}

// readCurve reads data of type curveType or parametricCurveType, nil if it is neither.
func readCurve(data []byte) curve {
	const head = 12
	if len(data) < head {
		return nil
	}
	switch string(data[:4]) {
	case "curv":
		return readTable(data[head:], binary.BigEndian.Uint32(data[8:]))
	case "para":
		return readParametric(data[head:], binary.BigEndian.Uint16(data[8:]))
	}
	return nil
}

// readTable reads count numbers of 16 bits: none for a straight line, one for a gamma, more for points between which the curve
// is straight.
func readTable(data []byte, count uint32) curve {
	if uint64(len(data)) < 2*uint64(count) {
		return nil
	}
	switch count {
	case 0:
		return gammaCurve(1)
	case 1:
		return gammaCurve(float64(binary.BigEndian.Uint16(data)) / 256)
	}
	last := int(count) - 1
	return func(v float64) float64 {
		at := v * float64(last)
		i := min(int(at), last-1)
		low, high := float64(binary.BigEndian.Uint16(data[2*i:])), float64(binary.BigEndian.Uint16(data[2*i+2:]))
		return (low + (high-low)*(at-float64(i))) / math.MaxUint16
	}
}

// readParametric reads the functions of ICC.1:2022, table 68.
func readParametric(data []byte, kind uint16) curve {
	counts := [...]int{1, 3, 4, 5, 7}
	if int(kind) >= len(counts) || len(data) < 4*counts[kind] {
		return nil
	}
	var p [7]float64 // g, a, b, c, d, e, f
	for i := range counts[kind] {
		p[i] = fixed(data[4*i:])
	}
	g, a, b, c, d, e, f := p[0], p[1], p[2], p[3], p[4], p[5], p[6]
	switch kind {
	case 0:
		return gammaCurve(g)
	case 1:
		return branch(-b/a, func(v float64) float64 { return math.Pow(a*v+b, g) }, func(float64) float64 { return 0 })
	case 2:
		return branch(-b/a, func(v float64) float64 { return math.Pow(a*v+b, g) + c }, func(float64) float64 { return c })
	}
	// The kinds 3 and 4 differ in e and f, which are 0 in the first.
	return branch(d, func(v float64) float64 { return math.Pow(a*v+b, g) + e }, func(v float64) float64 { return c*v + f })
}

func branch(from float64, above, below curve) curve {
	return func(v float64) float64 {
		if v >= from {
			return above(v)
		}
		return below(v)
	}
}
