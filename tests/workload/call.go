package workload

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"snaptask/tests/client"
)

// answer is the result of a call.
type answer[T any] struct {
	value  T
	begun  time.Time
	status int // 200 if value is valid, or Lost
	err    error
}

// failed reports whether the call has no result because something was not available.
func (a answer[T]) failed() bool {
	return a.status == Lost || a.status == http.StatusServiceUnavailable || a.status == http.StatusTooManyRequests
}

// unknown reports whether the call may or may not have taken effect. If it failed in another way, it has not.
func (a answer[T]) unknown() bool {
	var failure *client.Error
	return a.status == Lost || errors.As(a.err, &failure) && failure.Code == "outcome_unknown"
}

// call makes a call and fails the test if its status is neither among those that are always allowed nor expected.
func call[T any](w *Workload, kind string, do func() (T, error), expected ...int) answer[T] {
	a := answer[T]{begun: time.Now()}
	a.value, a.err = do()
	a.status = client.Status(a.err)
	w.count(kind, a.status)
	var violation *client.Violation
	allowed := append(expected, Lost, http.StatusOK, http.StatusNotFound, http.StatusConflict, http.StatusTooManyRequests, http.StatusServiceUnavailable)
	if errors.As(a.err, &violation) || !slices.Contains(allowed, a.status) {
		w.t.Errorf("%s: %v", kind, a.err)
	}
	return a
}

// callUntilDone repeats a call until it does not fail; the answer must have an expected status.
func callUntilDone[T any](w *Workload, kind string, do func() (T, error), expected ...int) answer[T] {
	for begun := time.Now(); ; Pause(w.t.Context(), 200*time.Millisecond) {
		a := call(w, kind, do, expected...)
		if a.failed() && time.Since(begun) < w.Recovery {
			continue
		}
		if !slices.Contains(expected, a.status) {
			w.t.Errorf("%s: finally %v", kind, a.err)
		}
		return a
	}
}

// none adapts a call that returns only an error.
func none(do func() error) func() (struct{}, error) {
	return func() (struct{}, error) { return struct{}{}, do() }
}
