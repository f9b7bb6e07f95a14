package function

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

func registerAt(t *testing.T, users *store.Store, open bool) func(body string) testbed.Answer {
	f := function.With(&deps{open, 2, auth.NewClients(nil), auth.NewPasswords(), users}, testbed.Verifier())
	return func(body string) testbed.Answer {
		return testbed.Do(t, f.Handle, testbed.Call{Method: http.MethodPost, Body: []byte(body)})
	}
}

func TestRegistrationsOfAProvenAddressAreLimited(t *testing.T) {
	t.Parallel()
	users, key := testbed.Store(t), []byte("shared with the web server")
	f := function.With(&deps{true, 2, auth.NewClients(key), auth.NewPasswords(), users}, testbed.Verifier())
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("192.0.2.1"))
	proven := http.Header{auth.ClientAddressHeader: {"192.0.2.1"}, auth.ClientProofHeader: {hex.EncodeToString(mac.Sum(nil))}}
	register := func(name string, header http.Header) testbed.Answer {
		body := fmt.Appendf(nil, `{"username": %q, "password": "correct horse"}`, name)
		return testbed.Do(t, f.Handle, testbed.Call{Method: http.MethodPost, Body: body, Header: header})
	}
	require.Equal(t, http.StatusOK, register("one", proven).Status)
	require.Equal(t, http.StatusOK, register("two", proven).Status)
	refused := register("three", proven)
	require.Equal(t, http.StatusTooManyRequests, refused.Status)
	require.Equal(t, "too_many_registrations", refused.Fault(t).Code)
	require.NotEmpty(t, refused.Header.Get("Retry-After"))
	require.Equal(t, http.StatusOK, register("four", nil).Status)
}

func TestRegister(t *testing.T) {
	t.Parallel()
	users := testbed.Store(t)
	register := registerAt(t, users, true)

	answer := register(`{"username": "  Ada ", "password": "correct horse"}`)
	require.Equal(t, http.StatusOK, answer.Status)
	require.JSONEq(t, `{"username": "Ada"}`, string(answer.Body))

	stored, err := users.UserByName(t.Context(), "ada")
	require.NoError(t, err)
	require.Contains(t, stored.PasswordHash, "$argon2id$")
	matches, err := auth.Matches(stored.PasswordHash, "correct horse")
	require.NoError(t, err)
	require.True(t, matches)

	taken := register(`{"username": "ADA", "password": "another one"}`)
	require.Equal(t, http.StatusConflict, taken.Status)
	require.Equal(t, "username_taken", taken.Fault(t).Code)
}

func TestRegisterRefuses(t *testing.T) {
	t.Parallel()
	register := registerAt(t, testbed.Store(t), true)
	for name, c := range map[string]struct{ body, field string }{
		"a short name":        {`{"username": "  ab ", "password": "correct horse"}`, "username"},
		"a long name":         {`{"username": "` + strings.Repeat("a", 65) + `", "password": "correct horse"}`, "username"},
		"an unseen name":      {`{"username": "\u200d\u200d\u200d", "password": "correct horse"}`, "username"},
		"a short password":    {`{"username": "ada", "password": "1234567"}`, "password"},
		"a long password":     {`{"username": "ada", "password": "` + strings.Repeat("x", 129) + `"}`, "password"},
		"a missing password":  {`{"username": "ada"}`, "password"},
		"an unknown field":    {`{"username": "ada", "password": "correct horse", "admin": true}`, "admin"},
		"a number for a name": {`{"username": 7, "password": "correct horse"}`, "username"},
	} {
		answer := register(c.body)
		require.Equal(t, http.StatusBadRequest, answer.Status, name)
		require.Contains(t, answer.Fault(t).Fields, c.field, name)
	}
	require.Equal(t, http.StatusBadRequest, register(`{"username"`).Status)
}

func TestRegisterSwitchedOff(t *testing.T) {
	t.Parallel()
	users := testbed.Store(t)
	answer := registerAt(t, users, false)(`{"username": "ada", "password": "correct horse"}`)
	require.Equal(t, http.StatusForbidden, answer.Status)
	nobody, err := users.UserByName(t.Context(), "ada")
	require.NoError(t, err)
	require.Empty(t, nobody.Username)
}

func TestNamesThatLookLikeOthersAreRefused(t *testing.T) {
	t.Parallel()
	register := registerAt(t, testbed.Store(t), true)
	name := func(text string) testbed.Answer {
		return register(fmt.Sprintf(`{"username": %q, "password": "correct horse"}`, text))
	}
	require.Equal(t, http.StatusOK, name("José").Status)
	for _, taken := range []string{"josé", "JOSE\u0301", "ｊｏｓé", " José "} {
		answer := name(taken)
		require.Equal(t, http.StatusConflict, answer.Status, taken)
		require.Equal(t, "username_taken", answer.Fault(t).Code, taken)
	}
	for _, refused := range []string{"José\u3164", "José\u2800", "Jo\u200bsé", "Jo\u00adsé", "\u202eJosé", "José\ufe0f", "Jos  é", "\u0301\u0302\u0303", "\u3164\u3164\u3164"} {
		answer := name(refused)
		require.Equal(t, http.StatusBadRequest, answer.Status, "%q", refused)
		require.Contains(t, answer.Fault(t).Fields, "username", "%q", refused)
	}
}
