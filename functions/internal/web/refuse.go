package web

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"

	"snaptask/functions/internal/fault"
	"snaptask/functions/telemetry"

	handler "github.com/openfaas/templates-sdk/go-http"
)

// status maps a fault's kind to its HTTP status.
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

// Refuse returns the response to a request that failed: a fault's status, code and message, or, for any other error, 500
// without its text. It logs the cause with the call's id, and notes the code for the call's own log line.
func Refuse(ctx context.Context, err error, callID string) handler.Response {
	var f *fault.Error
	if !errors.As(err, &f) {
		f = &fault.Error{Kind: fault.Internal, Code: "internal", Message: "Something went wrong on our side.", Cause: err}
	}
	telemetry.Fail(ctx, f.Code)
	if f.Cause != nil {
		slog.LogAttrs(ctx, telemetry.Level(status[f.Kind]), "request failed", slog.String("callId", callID), telemetry.TraceField(ctx),
			slog.String("code", f.Code), slog.String("cause", oneLine(f.Cause.Error())))
	}
	response, err := encodeJSON(errorBody{errorDetail{f.Code, f.Message, f.Fields, callID}})
	if err != nil {
		panic(err) // encoding a struct of strings can't fail
	}
	response.StatusCode = status[f.Kind]
	if f.RetryAfter > 0 {
		response.Header.Set("Retry-After", strconv.Itoa(int(math.Ceil(f.RetryAfter.Seconds()))))
	}
	if f.Kind == fault.Unauthorized {
		response.Header.Set("WWW-Authenticate", "Bearer")
	}
	return response
}

// oneLine returns an error's text for the log, without line feeds and cut off after 500 bytes.
func oneLine(text string) string {
	const most = 500
	text = strings.ReplaceAll(text, "\n", " ")
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}
