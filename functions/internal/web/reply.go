package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"snaptask/functions/internal/fault"

	handler "github.com/openfaas/templates-sdk/go-http"
)

const jsonType = "application/json; charset=utf-8"

// fast is what writes its own JSON, of about size bytes.
type fast interface {
	size() int
	appendJSON([]byte) []byte
}

// JSON is the answer 200 with v as its body.
func JSON(v any) (handler.Response, error) {
	if f, ok := v.(fast); ok {
		return Bytes(jsonType, f.appendJSON(make([]byte, 0, f.size()))), nil
	}
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false) // nobody takes it for a page, and a text of "<" would become six times as long
	if err := encoder.Encode(v); err != nil {
		return handler.Response{}, err
	}
	return Bytes(jsonType, bytes.TrimRight(body.Bytes(), "\n")), nil
}

// Bytes is the answer 200 with a body of the given media type.
func Bytes(mediaType string, body []byte) handler.Response {
	return handler.Response{StatusCode: http.StatusOK, Body: body, Header: http.Header{"Content-Type": {mediaType}}}
}

// Time writes a moment as clients read it: RFC 3339, UTC, to the microsecond.
func Time(t time.Time) string { return string(appendTime(nil, t)) }

// status is the one table from a fault's kind to its HTTP status.
var status = map[fault.Kind]int{
	fault.Internal:         http.StatusInternalServerError,
	fault.Invalid:          http.StatusBadRequest,
	fault.Unauthorized:     http.StatusUnauthorized,
	fault.Forbidden:        http.StatusForbidden,
	fault.NotFound:         http.StatusNotFound,
	fault.MethodNotAllowed: http.StatusMethodNotAllowed,
	fault.Conflict:         http.StatusConflict,
	fault.TooLarge:         http.StatusRequestEntityTooLarge,
	fault.UnsupportedMedia: http.StatusUnsupportedMediaType,
	fault.Unprocessable:    http.StatusUnprocessableEntity,
	fault.Throttled:        http.StatusTooManyRequests,
	fault.Unavailable:      http.StatusServiceUnavailable,
}

type errorBody struct {
	Error errorDetail `json:"error"`
}

type errorDetail struct {
	Code      string            `json:"code"`
	Message   string            `json:"message"`
	Fields    map[string]string `json:"fields,omitempty"`
	RequestID string            `json:"requestId"`
}

// Refuse is the answer to a request that failed with err: its fault's status and words, and 500 without any of its
// text for every other error. What has a cause is logged with it under the call's id.
func Refuse(err error, callID string) handler.Response {
	var f *fault.Error
	if !errors.As(err, &f) {
		f = &fault.Error{Kind: fault.Internal, Code: "internal", Message: "Something went wrong on our side.", Cause: err}
	}
	if f.Cause != nil {
		slog.Error("request failed", "callId", callID, "code", f.Code, "cause", oneLine(f.Cause.Error()))
	}
	body, err := json.Marshal(errorBody{errorDetail{f.Code, f.Message, f.Fields, callID}})
	if err != nil {
		panic(err) // a struct of strings always encodes
	}
	r := Bytes(jsonType, body)
	r.StatusCode = status[f.Kind]
	if f.RetryAfter > 0 {
		r.Header.Set("Retry-After", strconv.Itoa(int(math.Ceil(f.RetryAfter.Seconds()))))
	}
	if f.Kind == fault.Unauthorized {
		r.Header.Set("WWW-Authenticate", "Bearer")
	}
	return r
}

// oneLine keeps a log entry short, whatever a driver puts into its errors.
func oneLine(text string) string {
	const most = 500
	text = strings.ReplaceAll(text, "\n", " ")
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}
