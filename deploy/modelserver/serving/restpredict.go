package serving

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"snaptask/deploy/modelserver/savedmodel"
)

// restRequest is the body of a REST predict request: a tensor, row by row in "instances" or whole in "inputs".
type restRequest struct {
	signature string
	rows      bool // "instances"; the answer then has "predictions", else "outputs"
	shape     []int
	values    []float32
}

// maxValues is the most numbers in one request: as floats they are as large as the largest gRPC message.
const maxValues = maxMessage / 4

// decodeRest decodes a body, whose tensor may have the input's name. size is the expected number of values.
func decodeRest(body []byte, input string, size int) (*restRequest, error) {
	j := &jsonText{data: body}
	r := &restRequest{signature: savedmodel.DefaultSignature}
	tensor := &restTensor{text: j, rank: -1, values: make([]float32, 0, size)}
	found := false
	if j.next() != '{' {
		return nil, j.errorf("the request is not an object")
	}
	err := j.object(func(key string) error {
		switch key {
		case "signature_name":
			name, err := j.string()
			if err == nil && name != "" {
				r.signature = name
			}
			return err
		case "instances", "inputs":
			if found {
				return errors.New("only one of the keys 'inputs' and 'instances' may be given")
			}
			found, r.rows = true, key == "instances"
			if r.rows {
				return tensor.readInstances(input)
			}
			return tensor.readInput(input, 0)
		}
		return j.skip(1)
	})
	switch {
	case err != nil:
		return nil, err
	case j.next() != 0 || j.at < len(body):
		return nil, j.errorf("the document has more than one value")
	case !found:
		return nil, errors.New("missing 'inputs' or 'instances' key")
	}
	r.shape, r.values = tensor.shape, tensor.values
	return r, nil
}

// restTensor collects the numbers of nested lists, all of one length at each level.
type restTensor struct {
	text   *jsonText
	rank   int   // the level of the numbers; -1 until the first is read
	shape  []int // -1 where still unknown
	values []float32
}

func (t *restTensor) readInstances(input string) error {
	if t.text.next() != '[' {
		return errors.New("the value of 'instances' is not a list")
	}
	t.shape = []int{-1}
	n, err := t.text.list(func() error { return t.readInput(input, 1) })
	if err == nil && n == 0 {
		return errors.New("the list 'instances' is empty")
	}
	t.shape[0] = n
	return err
}

// readInput reads a tensor, or an object that contains one under the name of the input.
func (t *restTensor) readInput(input string, level int) error {
	if t.text.next() != '{' {
		return t.read(level)
	}
	members := 0
	err := t.text.object(func(name string) error {
		members++
		switch {
		case name != input:
			return fmt.Errorf("JSON object: does not have named input: %s", name)
		case members > 1:
			return fmt.Errorf("JSON object: has the input %s more than once", name)
		}
		return t.read(level)
	})
	if err == nil && members == 0 {
		return fmt.Errorf("JSON object: does not have the input %s", input)
	}
	return err
}

func (t *restTensor) read(level int) error {
	if t.text.next() != '[' {
		return t.readNumber(level)
	}
	switch {
	case level >= maxNesting:
		return t.text.errorf("nested more than %d deep", maxNesting)
	case t.rank >= 0 && level >= t.rank:
		return fmt.Errorf("a list is found at level: %d. Expected at level: < %d", level, t.rank)
	case level == len(t.shape):
		t.shape = append(t.shape, -1)
	}
	n, err := t.text.list(func() error { return t.read(level + 1) })
	if err != nil {
		return err
	}
	if n == 0 && t.rank < 0 {
		t.rank = level + 1
	}
	if t.shape[level] < 0 {
		t.shape[level] = n
	}
	if t.shape[level] != n {
		return fmt.Errorf("a list of size: %d is found at level: %d. Expected size: %d", n, level, t.shape[level])
	}
	return nil
}

func (t *restTensor) readNumber(level int) error {
	if t.rank < 0 {
		t.rank = level
	}
	if level != t.rank {
		return fmt.Errorf("a value is found at level: %d. Expected at level: %d", level, t.rank)
	}
	if len(t.values) == maxValues {
		return fmt.Errorf("the request has more than %d numbers", maxValues)
	}
	value, err := t.text.number()
	t.values = append(t.values, value)
	return err
}

// encodeRest returns the answer to a predict request: "predictions" for "instances", "outputs" for "inputs".
func encodeRest(rows bool, outputs []float32, shape []int) []byte {
	key := "outputs"
	if rows {
		key = "predictions"
	}
	text := make([]byte, 0, 16*len(outputs)+64)
	text = append(text, "{\n    \""+key+"\": "...)
	text, _ = appendTensor(text, outputs, shape)
	return append(text, "\n}\n"...)
}

// appendTensor appends a tensor as nested lists and returns the values that are left.
func appendTensor(text []byte, values []float32, shape []int) (longer []byte, rest []float32) {
	if len(shape) == 0 {
		return appendNumber(text, values[0]), values[1:]
	}
	text = append(text, '[')
	for i := range shape[0] {
		if i > 0 {
			text = append(text, ", "...)
		}
		text, values = appendTensor(text, values, shape[1:])
	}
	return append(text, ']'), values
}

// appendNumber writes infinities and NaN as TensorFlow Serving does, although JSON does not have them.
func appendNumber(text []byte, value float32) []byte {
	switch {
	case math.IsInf(float64(value), 1):
		return append(text, "Infinity"...)
	case math.IsInf(float64(value), -1):
		return append(text, "-Infinity"...)
	}
	return strconv.AppendFloat(text, float64(value), 'g', -1, 32)
}
