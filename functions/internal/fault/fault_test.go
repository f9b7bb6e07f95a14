package fault

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestErrorIncludesTheCause(t *testing.T) {
	t.Parallel()
	require.EqualError(t, New(NotFound, "task_not_found", "No such task."), "task_not_found: No such task.")

	cause := errors.New("dial tcp: connection refused")
	f := Unreachable("The database", cause)
	require.EqualError(t, f, "unavailable: The database can't be reached at the moment. Please try again.: dial tcp: connection refused")
	require.ErrorIs(t, f, cause)
	require.NotContains(t, f.Message, "dial tcp")
	require.Equal(t, Unavailable, f.Kind)
	require.Equal(t, 2*time.Second, f.RetryAfter)
}

func TestIsFindsTheKindThroughWrapping(t *testing.T) {
	t.Parallel()
	conflict := New(Conflict, "taken", "Taken.")
	for name, c := range map[string]struct {
		err  error
		kind Kind
		want bool
	}{
		"the fault itself":          {conflict, Conflict, true},
		"wrapped":                   {fmt.Errorf("store: %w", conflict), Conflict, true},
		"joined":                    {errors.Join(errors.New("x"), conflict), Conflict, true},
		"another kind":              {conflict, NotFound, false},
		"no fault is not Internal":  {errors.New("x"), Internal, false},
		"no error":                  {nil, Internal, false},
		"fields are Invalid":        {InvalidFields(map[string]string{"title": "is required"}), Invalid, true},
		"the cause's kind is inner": {&Error{Kind: Unavailable, Cause: conflict}, Conflict, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, Is(c.err, c.kind))
		})
	}
}
