package serving

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// jsonText is a streaming JSON reader. encoding/json takes ten times as long and as much memory for an image's numbers.
type jsonText struct {
	data []byte
	at   int
}

// maxNesting limits how deep lists and objects may be nested.
const maxNesting = 16

func (j *jsonText) errorf(format string, values ...any) error {
	return fmt.Errorf("JSON Parse error: %s at offset: %d", fmt.Sprintf(format, values...), j.at)
}

// next returns the next byte that is not white space, without consuming it; 0 at the end.
func (j *jsonText) next() byte {
	for ; j.at < len(j.data); j.at++ {
		switch c := j.data[j.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// pass consumes the next byte if it is c.
func (j *jsonText) pass(c byte) bool {
	if j.next() != c {
		return false
	}
	j.at++
	return true
}

// list calls item at the beginning of each item of a list, and returns their number.
func (j *jsonText) list(item func() error) (n int, err error) {
	if !j.pass('[') {
		return 0, j.errorf("expected a list")
	}
	if j.pass(']') {
		return 0, nil
	}
	for {
		if err := item(); err != nil {
			return 0, err
		}
		n++
		switch {
		case j.pass(']'):
			return n, nil
		case !j.pass(','):
			return 0, j.errorf("missing a comma or ] in a list")
		}
	}
}

// object calls member at the beginning of each member's value.
func (j *jsonText) object(member func(name string) error) error {
	if !j.pass('{') {
		return j.errorf("expected an object")
	}
	if j.pass('}') {
		return nil
	}
	for {
		name, err := j.string()
		if err != nil {
			return err
		}
		if !j.pass(':') {
			return j.errorf("missing a colon after the name of a member")
		}
		if err := member(name); err != nil {
			return err
		}
		switch {
		case j.pass('}'):
			return nil
		case !j.pass(','):
			return j.errorf("missing a comma or } in an object")
		}
	}
}

func (j *jsonText) string() (string, error) {
	if j.next() != '"' {
		return "", j.errorf("expected a string")
	}
	end := j.at + 1
	for ; end < len(j.data) && j.data[end] != '"'; end++ {
		if j.data[end] == '\\' {
			end++
		}
	}
	if end >= len(j.data) {
		return "", j.errorf("missing a closing quotation mark")
	}
	var text string
	if err := json.Unmarshal(j.data[j.at:end+1], &text); err != nil {
		return "", j.errorf("invalid string")
	}
	j.at = end + 1
	return text, nil
}

// number reads a number that a float32 can hold, rounded to the nearest.
func (j *jsonText) number() (float32, error) {
	j.next()
	start := j.at
	j.passAny("-")
	first := j.at
	if j.passDigits(); j.at == first || j.data[first] == '0' && j.at > first+1 {
		j.at = start
		return 0, j.errorf("invalid value")
	}
	if j.passAny(".") {
		if !j.passDigits() {
			return 0, j.errorf("missing digits after the decimal point")
		}
	}
	if j.passAny("eE") {
		j.passAny("+-")
		if !j.passDigits() {
			return 0, j.errorf("missing digits in the exponent")
		}
	}
	value, err := strconv.ParseFloat(string(j.data[start:j.at]), 32)
	if err != nil {
		j.at = start
		return 0, j.errorf("the number is too large for a float")
	}
	return float32(value), nil
}

func (j *jsonText) passAny(of string) bool {
	if j.at < len(j.data) {
		for i := range len(of) {
			if j.data[j.at] == of[i] {
				j.at++
				return true
			}
		}
	}
	return false
}

func (j *jsonText) passDigits() bool {
	start := j.at
	for j.at < len(j.data) && j.data[j.at] >= '0' && j.data[j.at] <= '9' {
		j.at++
	}
	return j.at > start
}

// skip consumes any value.
func (j *jsonText) skip(nesting int) error {
	if nesting > maxNesting {
		return j.errorf("nested more than %d deep", maxNesting)
	}
	switch j.next() {
	case '[':
		_, err := j.list(func() error { return j.skip(nesting + 1) })
		return err
	case '{':
		return j.object(func(string) error { return j.skip(nesting + 1) })
	case '"':
		_, err := j.string()
		return err
	}
	for _, word := range []string{"null", "true", "false"} {
		if len(j.data)-j.at >= len(word) && string(j.data[j.at:j.at+len(word)]) == word {
			j.at += len(word)
			return nil
		}
	}
	_, err := j.number()
	return err
}
