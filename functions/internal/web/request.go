package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/task"

	"github.com/google/uuid"
	handler "github.com/openfaas/templates-sdk/go-http"
)

// Request is a request whose token or secret has been verified and whose body has been read. Body is []byte for the raw bytes, NoBody
// to ignore them, and any struct for a JSON object.
type Request[Body any] struct {
	Body   Body
	Query  url.Values
	header http.Header
}

// NoBody is the Body of a request whose body is ignored.
type NoBody struct{}

// Verb returns a verb for Function.Verbs that reads the request's query and body and calls do with them.
func Verb[Deps, Body any](do func(*Deps, context.Context, task.Owner, Request[Body]) (any, error)) verb[Deps] {
	return func(ctx context.Context, deps *Deps, owner task.Owner, sent handler.Request) (any, error) {
		r := Request[Body]{header: sent.Header}
		var err error
		if r.Query, err = parseQuery(sent.QueryString); err != nil {
			return nil, err
		}
		switch body := any(&r.Body).(type) {
		case *NoBody:
		case *[]byte:
			*body = sent.Body
		default:
			if err := decodeJSON(sent.Body, body); err != nil {
				return nil, err
			}
		}
		return do(deps, ctx, owner, r)
	}
}

// Header returns the first value of a header.
func (r Request[Body]) Header(name string) string { return r.header.Get(name) }

// Token returns the token of the request's session.
func (r Request[Body]) Token() string { return bearer(r.header.Get("Authorization")) }

// Has reports whether the client has a copy of the reply with this ETag.
func (r Request[Body]) Has(etag string) bool {
	return strings.Contains(r.header.Get("If-None-Match"), etag)
}

// TaskID returns ?id=, a UUID in its usual form of 36 characters.
func (r Request[Body]) TaskID() (uuid.UUID, error) {
	text := r.Query.Get("id")
	if text == "" {
		return uuid.UUID{}, fault.InvalidField("id", "is required in the query: ?id=...")
	}
	id, err := uuid.Parse(text)
	if err != nil || len(text) != 36 {
		return uuid.UUID{}, fault.InvalidField("id", "must be a UUID, such as 01890a5d-ac96-774b-bcce-b302099a8057")
	}
	return id, nil
}

// parseQuery parses a query string. It must be valid UTF-8 and have each parameter at most once.
func parseQuery(text string) (url.Values, error) {
	query, err := url.ParseQuery(text)
	if err != nil {
		return nil, fault.New(fault.Invalid, "invalid_query", "The query string is not valid.")
	}
	repeated := map[string]string{}
	for name, values := range query {
		if !utf8.ValidString(name) || slices.ContainsFunc(values, func(v string) bool { return !utf8.ValidString(v) }) {
			return nil, fault.New(fault.Invalid, "invalid_query", "The query string is not valid UTF-8.")
		}
		if len(values) > 1 {
			repeated[name] = "is there more than once"
		}
	}
	if len(repeated) > 0 {
		return nil, fault.InvalidFields(repeated)
	}
	return query, nil
}
