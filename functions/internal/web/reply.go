package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"

	handler "github.com/openfaas/templates-sdk/go-http"
)

// Empty is the reply {}.
type Empty struct{}

// Page is a reply with a part of a list, as a JSON array.
type Page struct {
	Items any
	Next  url.Values // the query of the next part, which the Link header names; nil for the last part
}

// Bytes is a reply that is not JSON. The client may cache it, but must revalidate it each time.
type Bytes struct {
	Type string // media type
	ETag string
	Body []byte
}

// NotModified is the reply 304 to a client that has a copy of the Bytes with this ETag.
type NotModified Bytes

// encode returns the response for what a verb returned: one of the replies above, or any other value as JSON.
func encode(result any) (handler.Response, error) {
	switch reply := result.(type) {
	case Page:
		response, err := encodeJSON(reply.Items)
		if err == nil && reply.Next != nil {
			// RFC 8288. The reference is relative: a function does not know its own path.
			response.Header.Set("Link", "<?"+reply.Next.Encode()+`>; rel="next"`)
		}
		return response, err
	case Bytes:
		return reply.response(http.StatusOK), nil
	case NotModified:
		return Bytes(reply).response(http.StatusNotModified), nil
	case handler.Response:
		return reply, nil
	default:
		return encodeJSON(result)
	}
}

func encodeJSON(v any) (handler.Response, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false) // escaped, a "<" takes six times as many bytes
	err := encoder.Encode(v)
	return handler.Response{
		StatusCode: http.StatusOK,
		Body:       bytes.TrimRight(body.Bytes(), "\n"),
		Header:     http.Header{"Content-Type": {"application/json; charset=utf-8"}},
	}, err
}

func (b Bytes) response(status int) handler.Response {
	return handler.Response{StatusCode: status, Body: b.Body, Header: http.Header{
		"Content-Type":  {b.Type},
		"Etag":          {b.ETag},
		"Cache-Control": {"private, no-cache"},
		"Vary":          {"Authorization"},
	}}
}
