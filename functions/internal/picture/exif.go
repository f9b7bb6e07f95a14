package picture

import "encoding/binary"

// orientation describes how to make the stored pixels upright: first mirror, then transpose (rows become columns).
type orientation struct {
	mirrorX   bool // swap left and right
	mirrorY   bool // swap top and bottom
	transpose bool
}

// asStored is the orientation of a picture that is already upright.
var asStored = orientation{}

// orientations are the values 1 to 8 of EXIF's Orientation tag, from CIPA DC-008 section 4.6.5.1.
var orientations = [...]orientation{
	1: {},
	2: {mirrorX: true},
	3: {mirrorX: true, mirrorY: true},
	4: {mirrorY: true},
	5: {transpose: true},
	6: {mirrorY: true, transpose: true},
	7: {mirrorX: true, mirrorY: true, transpose: true},
	8: {mirrorX: true, transpose: true},
}

const (
	tagOrientation = 0x0112
	typeShort      = 3
	typeLong       = 4
)

// orientationIn returns the value of the Orientation tag of EXIF data, which is a TIFF file: asStored when the tag is missing
// or the data is invalid.
func orientationIn(tiff []byte) orientation {
	if len(tiff) < 8 {
		return asStored
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch string(tiff[:4]) {
	case "II*\x00":
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return asStored
	}
	offset := uint64(order.Uint32(tiff[4:]))
	if offset+2 > uint64(len(tiff)) {
		return asStored
	}
	// Each entry is 12 bytes: tag, type, count, value.
	entries := tiff[offset+2:]
	for range order.Uint16(tiff[offset:]) {
		if len(entries) < 12 {
			break
		}
		if order.Uint16(entries) == tagOrientation {
			value := uint32(0)
			switch order.Uint16(entries[2:]) {
			case typeShort:
				value = uint32(order.Uint16(entries[8:]))
			case typeLong:
				value = order.Uint32(entries[8:])
			}
			if value < uint32(len(orientations)) {
				return orientations[value] // 0, which EXIF doesn't have, is asStored too
			}
			break
		}
		entries = entries[12:]
	}
	return asStored
}
