package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"snaptask/functions/internal/fault"

	"github.com/google/uuid"
	handler "github.com/openfaas/templates-sdk/go-http"
)

// MaxJSON is how many bytes of JSON a request may have.
const MaxJSON = 256 << 10

// Request is what a client sent, with readers that answer in faults.
type Request struct {
	Body   []byte
	Query  url.Values
	Bearer string // the token of the Authorization header; empty without one
	CallID string
	sent   handler.Request
}

func newRequest(sent handler.Request) (*Request, error) {
	r := &Request{Body: sent.Body, Bearer: bearer(sent.Header.Get("Authorization")), CallID: sent.Header.Get(CallIDHeader), sent: sent}
	query, err := url.ParseQuery(sent.QueryString)
	if err != nil {
		return r, fault.New(fault.Invalid, "invalid_query", "The query string is not valid.")
	}
	for name, values := range query {
		if !utf8.ValidString(name) || slices.ContainsFunc(values, func(v string) bool { return !utf8.ValidString(v) }) {
			return r, fault.New(fault.Invalid, "invalid_query", "The query string is not valid UTF-8.")
		}
	}
	r.Query = query
	return r, nil
}

// Context ends when the client goes away or the function's time is over.
func (r *Request) Context() context.Context {
	if ctx := r.sent.Context(); ctx != nil {
		return ctx
	}
	return context.Background()
}

// Header is the first value of a header that the client sent.
func (r *Request) Header(name string) string { return r.sent.Header.Get(name) }

// TaskID reads ?id=, which must be there and a UUID.
func (r *Request) TaskID() (uuid.UUID, error) {
	text := r.Query.Get("id")
	if text == "" {
		return uuid.UUID{}, fault.InvalidFields(map[string]string{"id": "is required in the query: ?id=..."})
	}
	id, err := ParseID(text)
	if err != nil {
		return uuid.UUID{}, fault.InvalidFields(map[string]string{"id": err.Error()})
	}
	return id, nil
}

// ParseID reads a UUID in its usual form of 36 characters.
func ParseID(text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil || len(text) != 36 {
		return uuid.UUID{}, errors.New("must be a UUID, such as 01890a5d-ac96-774b-bcce-b302099a8057")
	}
	return id, nil
}

// JSON decodes the body into the struct that event points to: one object of at most MaxJSON bytes of UTF-8 with known
// fields of the right types, and nothing after it.
func (r *Request) JSON(event any) error {
	switch {
	case len(r.Body) > MaxJSON:
		return fault.New(fault.TooLarge, "too_large", fmt.Sprintf("The request has more than %d KiB.", MaxJSON>>10))
	case !utf8.Valid(r.Body):
		return fault.New(fault.Invalid, "invalid_json", "The request is not valid UTF-8.")
	case len(bytes.TrimSpace(r.Body)) == 0:
		return fault.New(fault.Invalid, "invalid_json", "The request has no body; a JSON object is wanted.")
	case bytes.TrimSpace(r.Body)[0] != '{':
		return fault.New(fault.Invalid, "invalid_json", "The request is not a JSON object.")
	}
	decoder := json.NewDecoder(bytes.NewReader(r.Body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(event); err != nil {
		return jsonFault(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return fault.New(fault.Invalid, "invalid_json", "The request has more than one JSON object.")
	}
	return nil
}

func jsonFault(err error) error {
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) && wrongType.Field != "" {
		return fault.InvalidFields(map[string]string{wrongType.Field: "must be " + typeName(wrongType.Type)})
	}
	if quoted, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		if name, err := strconv.Unquote(quoted); err == nil {
			return fault.InvalidFields(map[string]string{name: "is not a field of this request"})
		}
	}
	return fault.New(fault.Invalid, "invalid_json", "The request is not valid JSON.")
}

func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64, reflect.Uint32, reflect.Uint64:
		return "a whole number"
	}
	return "a string"
}

func bearer(authorization string) string {
	scheme, token, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
