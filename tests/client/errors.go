package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// Error is an answer with a status other than 200, in the form of the contract.
type Error struct {
	Status        int
	Code, Message string
}

func (e *Error) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Message) }

// Violation is an answer that violates the contract.
type Violation struct {
	Answer
	Reason string
}

func (v *Violation) Error() string {
	return fmt.Sprintf("answered %d, which violates the contract: %s; headers %v, body %.400s", v.Status, v.Reason, v.Header, v.Body)
}

// Status returns the status of the answer to a call that returned err, or 0 if there was no answer.
func Status(err error) int {
	var failure *Error
	var violation *Violation
	switch {
	case err == nil:
		return http.StatusOK
	case errors.As(err, &failure):
		return failure.Status
	case errors.As(err, &violation):
		return violation.Status
	default:
		return 0
	}
}

// Err returns nil for status 200, an Error for any other, and a Violation for an answer that does not follow the contract.
func (a Answer) Err() error {
	if a.Header.Get("X-Call-Id") == "" || a.Header.Get("Content-Type") == "" {
		return a.violates("no X-Call-Id or no Content-Type")
	}
	if a.Status == http.StatusOK {
		return nil
	}
	var body struct{ Error Error }
	if err := json.Unmarshal(a.Body, &body); err != nil || body.Error.Code == "" || body.Error.Message == "" {
		return a.violates("not in the form of an error")
	}
	if a.Status == http.StatusTooManyRequests || a.Status == http.StatusServiceUnavailable {
		if seconds, err := strconv.Atoi(a.Header.Get("Retry-After")); err != nil || seconds < 1 {
			return a.violates("no Retry-After")
		}
	}
	body.Error.Status = a.Status
	return &body.Error
}

func (a Answer) violates(reason string) error { return &Violation{a, reason} }
