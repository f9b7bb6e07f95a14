// Package fault names the ways a request can fail. A fault carries what a client may read and, apart from it, the
// cause that only the log may show.
package fault

import (
	"errors"
	"time"
)

// Kind says who is to act on a fault, and so decides the HTTP status that package web gives it.
type Kind int

const (
	Internal         Kind = iota // a defect of ours
	Invalid                      // the request's JSON or fields are wrong
	Unauthorized                 // no session, or one that has ended
	Forbidden                    // not allowed here, whoever asks
	NotFound                     // there is no such thing, or it is another user's
	MethodNotAllowed             // the function has no such verb
	Conflict                     // true when asked, not any more
	TooLarge                     // more bytes or pixels than the limit
	UnsupportedMedia             // bytes of a kind that is not accepted
	Unprocessable                // the right kind of bytes, but broken
	Throttled                    // too many tries; later again
	Unavailable                  // MySQL, the object store or the classifier is away; later again
)

// Error is a fault: Code and Message are for the client, Cause is for the log.
type Error struct {
	Kind       Kind
	Code       string            // short and stable, for programs: "title_required"
	Message    string            // one sentence, for people
	Fields     map[string]string // what is wrong with each named field of the request, if fields are at fault
	RetryAfter time.Duration     // when trying again makes sense; 0 if it says nothing
	Cause      error             // never shown to a client
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Code + ": " + e.Message + ": " + e.Cause.Error()
	}
	return e.Code + ": " + e.Message
}

func (e *Error) Unwrap() error { return e.Cause }

// New is a fault without a cause.
func New(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// InvalidFields is the fault of a request whose named fields break a rule.
func InvalidFields(fields map[string]string) *Error {
	return &Error{Kind: Invalid, Code: "invalid_fields", Message: "Some fields are not valid.", Fields: fields}
}

// Away is the fault of a dependency, such as "The database", that can't be reached or does not answer in time.
func Away(dependency string, cause error) *Error {
	return &Error{
		Kind: Unavailable, Code: "unavailable",
		Message:    dependency + " can't be reached at the moment. Please try again.",
		RetryAfter: 2 * time.Second,
		Cause:      cause,
	}
}

// Is says whether err is, or wraps, a fault of the given kind.
func Is(err error, kind Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == kind
}
