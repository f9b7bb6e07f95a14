package web

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"unicode/utf8"

	"snaptask/functions/internal/fault"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxJSON is the maximum size of a JSON body in bytes.
const MaxJSON = 256 << 10

var byteOrderMark = []byte("\ufeff")

// decodeJSON decodes a body into the struct that into points to. The body must be one object of at most MaxJSON bytes of
// UTF-8, after an optional byte order mark, with nothing after it. It has known fields of the right types, each at most once,
// with exactly their names, and no half of a surrogate pair.
func decodeJSON(body []byte, into any) error {
	if len(body) > MaxJSON {
		return fault.New(fault.TooLarge, "too_large", fmt.Sprintf("The request has more than %d KiB.", MaxJSON>>10))
	}
	body = bytes.TrimPrefix(body, byteOrderMark)
	trimmed := bytes.TrimSpace(body)
	switch {
	case !utf8.Valid(body):
		return invalidJSON("The request is not valid UTF-8.")
	case len(trimmed) == 0:
		return invalidJSON("The request has no body; send a JSON object.")
	case trimmed[0] != '{':
		return invalidJSON("The request is not a JSON object.")
	}
	if err := json.Unmarshal(body, into, json.RejectUnknownMembers(true)); err != nil {
		return jsonFault(err)
	}
	return nil
}

func invalidJSON(message string) error { return fault.New(fault.Invalid, "invalid_json", message) }

func jsonFault(err error) error {
	var semantic *json.SemanticError
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.As(err, &semantic) && errors.Is(err, json.ErrUnknownName):
		return fault.InvalidField(semantic.JSONPointer.LastToken(), "is not a field of this request")
	case errors.As(err, &semantic) && semantic.JSONPointer != "":
		return fault.InvalidField(semantic.JSONPointer.LastToken(), "must be "+typeName(semantic.GoType))
	case errors.As(err, &syntactic) && errors.Is(err, jsontext.ErrDuplicateName):
		return fault.InvalidField(syntactic.JSONPointer.LastToken(), "is there more than once")
	}
	return invalidJSON("The request is not valid JSON.")
}

func typeName(t reflect.Type) string {
	switch kind := t.Kind(); {
	case kind == reflect.Bool:
		return "true or false"
	case kind >= reflect.Int && kind <= reflect.Uint64:
		return "a whole number"
	}
	return "a string"
}
