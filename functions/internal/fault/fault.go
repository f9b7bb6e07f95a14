// Package fault names the ways in which a request can fail. A fault separates what a client may read from the cause, which
// only the log may show.
package fault

import (
	"errors"
	"time"
)

// Kind classifies faults; package web maps each kind to an HTTP status.
type Kind int

const (
	Internal         Kind = iota // a bug
	Invalid                      // the request's JSON or fields are wrong
	Unauthorized                 // no session, or one that has ended
	Forbidden                    // not allowed here: a quota, registration switched off, a page of another origin
	NotFound                     // no such thing, or it belongs to another user
	MethodNotAllowed             // the function has no such verb
	Conflict                     // the state has changed: stale version, name taken
	TooLarge                     // more bytes or pixels than the limit
	UnsupportedMedia             // a media type that is not accepted
	Unprocessable                // an accepted media type, but damaged data
	Throttled                    // too many attempts; try again later
	Unavailable                  // too busy, or a dependency is unreachable; try again later
)

// Error is a fault: Code and Message are for the client, Cause is for the log.
type Error struct {
	Kind       Kind
	Code       string            // short and stable, for programs: "no_picture"
	Message    string            // one sentence, for people
	Fields     map[string]string // the problem of each invalid field of the request
	RetryAfter time.Duration     // when to try again; 0 if unknown
	Cause      error             // never shown to a client
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Code + ": " + e.Message + ": " + e.Cause.Error()
	}
	return e.Code + ": " + e.Message
}

func (e *Error) Unwrap() error { return e.Cause }

// New returns a fault without a cause.
func New(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// InvalidFields returns the fault of a request with invalid fields, given the problem of each.
func InvalidFields(fields map[string]string) *Error {
	return &Error{Kind: Invalid, Code: "invalid_fields", Message: "Some fields are not valid.", Fields: fields}
}

// InvalidField returns the fault of a request with one invalid field.
func InvalidField(name, problem string) *Error {
	return InvalidFields(map[string]string{name: problem})
}

// Unreachable returns the fault of a dependency, such as "The database", that is down or does not answer in time.
func Unreachable(dependency string, cause error) *Error {
	return &Error{
		Kind: Unavailable, Code: "unavailable",
		Message:    dependency + " can't be reached at the moment. Please try again.",
		RetryAfter: 2 * time.Second,
		Cause:      cause,
	}
}

// OutcomeUnknown returns the fault of a write whose result was lost, for example because the connection failed after COMMIT
// was sent: it may or may not have taken effect. Every write can be repeated safely.
func OutcomeUnknown(cause error) *Error {
	return &Error{
		Kind: Unavailable, Code: "outcome_unknown",
		Message:    "It is not known whether this was done. Please look, or repeat the request.",
		RetryAfter: 2 * time.Second,
		Cause:      cause,
	}
}

// QuotaExceeded returns the fault of a write that would exceed a quota. The message says which one, and its limit.
func QuotaExceeded(message string) *Error {
	return &Error{Kind: Forbidden, Code: "quota_exceeded", Message: message}
}

// Is reports whether err is, or wraps, a fault of the given kind.
func Is(err error, kind Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == kind
}
