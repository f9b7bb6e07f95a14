package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

func TestUnknownUsersAreNotFound(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	for what, do := range map[string]func() error{
		"disable": func() error { return s.DisableUser(ctx, "nobody") },
		"enable":  func() error { return s.EnableUser(ctx, "nobody") },
		"reset":   func() error { return s.ResetPassword(ctx, "nobody", "h") },
		"remove":  func() error { return s.RemoveUser(ctx, "nobody") },
	} {
		t.Run(what, func(t *testing.T) { requireFault(t, fault.NotFound, do()) })
	}
}

func TestAccountsAreListedInPages(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	for _, name := range []string{"carol", "Ada", "bob"} {
		require.NoError(t, s.AddUser(ctx, name, "h"))
	}
	require.NoError(t, s.DisableUser(ctx, "BOB"))
	first, err := s.Accounts(ctx, "", 2)
	require.NoError(t, err)
	rest, err := s.Accounts(ctx, first[1].Username, 2)
	require.NoError(t, err)
	var names []string
	for _, a := range append(first, rest...) {
		names = append(names, a.Username)
		require.WithinDuration(t, time.Now(), a.CreatedAt, time.Minute)
		require.Equal(t, a.Username != "bob", a.DisabledAt.IsZero())
	}
	require.Equal(t, []string{"Ada", "bob", "carol"}, names)
}

// TestNamesFromBeforeTheRulesKeepWorking adds names that Credentials.Validate refuses now. One of combining marks is equal to an
// empty one in the collation.
func TestNamesFromBeforeTheRulesKeepWorking(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	names := []string{"\u0301\u0302\u0303", "ada", "ada\u3164", "ada\u2800", "ada  lovelace", "🐈🐈🐈"}
	for i, name := range names {
		require.NoError(t, s.AddUser(ctx, name, fmt.Sprint(i)))
	}
	for i, name := range names {
		found, err := s.UserByName(ctx, auth.TrimUsername(name))
		require.NoError(t, err)
		require.Equal(t, name, found.Username)
		require.Equal(t, fmt.Sprint(i), found.PasswordHash)
	}
	listed := []string{}
	for after := ""; ; {
		page, err := s.Accounts(ctx, after, 1)
		require.NoError(t, err)
		if len(page) == 0 {
			break
		}
		listed = append(listed, page[0].Username)
		after = page[0].Username
	}
	require.ElementsMatch(t, names, listed)
}

func TestADisabledUserHasNoSessionEvenFromParallelLogins(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	ada := testbed.SignIn(t, s)
	var wait sync.WaitGroup
	opened := make(chan task.Owner, 16)
	for range cap(opened) {
		owner := task.Owner{UserID: ada.UserID, SessionID: testbed.NewID(t)}
		wait.Go(func() {
			if s.AddSession(ctx, owner, "none", time.Now().Add(time.Hour)) == nil {
				opened <- owner
			}
		})
	}
	require.NoError(t, s.DisableUser(ctx, ada.Username))
	require.NoError(t, s.DisableUser(ctx, ada.Username), "disabling twice must succeed")
	wait.Wait()
	close(opened)
	_, err := s.UserOf(ctx, ada.Owner)
	requireFault(t, fault.Unauthorized, err)
	for owner := range opened {
		_, err := s.UserOf(ctx, owner)
		requireFault(t, fault.Unauthorized, err)
	}

	require.NoError(t, s.EnableUser(ctx, ada.Username))
	_, err = s.UserOf(ctx, ada.Owner)
	requireFault(t, fault.Unauthorized, err)
	testbed.SignInAgain(t, s, ada, time.Now().Add(time.Hour))
}

func TestAResetPasswordEndsSessionsAndForgetsFailures(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	ada, eve := testbed.SignIn(t, s), testbed.SignIn(t, s)
	for i := range 10 {
		_, a, err := s.NewLogin(ctx, ada.Username, fmt.Sprint("192.0.2.", i), task.Device{})
		require.NoError(t, err)
		require.NoError(t, s.BeginAttempt(ctx, a))
	}
	_, _, err := s.NewLogin(ctx, ada.Username, "198.51.100.1", task.Device{})
	requireFault(t, fault.Throttled, err)

	require.NoError(t, s.ResetPassword(ctx, ada.Username, "new"))
	_, err = s.UserOf(ctx, ada.Owner)
	requireFault(t, fault.Unauthorized, err)
	_, err = s.UserOf(ctx, eve.Owner)
	require.NoError(t, err, "another user's session")
	user, _, err := s.NewLogin(ctx, ada.Username, "198.51.100.1", task.Device{})
	require.NoError(t, err)
	require.Equal(t, "new", user.PasswordHash)
	renewed := task.Owner{UserID: ada.UserID, SessionID: testbed.NewID(t)}
	requireFault(t, fault.Unauthorized, s.AddSession(ctx, renewed, "none", time.Now().Add(time.Hour)))
}
