package function

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

var clientKey = []byte("shared with the web server")

func loginAt(t *testing.T, users *store.Store) func(body string) testbed.Answer {
	return loginFrom(t, users, nil)
}

// loginFrom is loginAt with headers that contain the client's address.
func loginFrom(t *testing.T, users *store.Store, header http.Header) func(body string) testbed.Answer {
	f := function.With(&deps{auth.NewClients(clientKey), auth.NewPasswords(), testbed.Signer(), users}, nil)
	return func(body string) testbed.Answer {
		return testbed.Do(t, f.Handle, testbed.Call{Method: http.MethodPost, Body: []byte(body), Header: header})
	}
}

func addUser(t *testing.T, users *store.Store, name, password string) {
	t.Helper()
	hash := auth.Hash(password)
	require.NoError(t, users.AddUser(t.Context(), name, hash))
}

func TestLoginReturnsATokenOfAValidSession(t *testing.T) {
	t.Parallel()
	users := testbed.Store(t)
	addUser(t, users, "Ada", "correct horse")

	answer := loginAt(t, users)(`{"username": " ada ", "password": "correct horse"}`)
	require.Equal(t, http.StatusOK, answer.Status)
	var got auth.Session
	answer.JSON(t, &got)
	require.Equal(t, "Ada", got.Username)
	require.WithinDuration(t, time.Now().Add(time.Hour), got.ExpiresAt.Time(), time.Minute)

	owner, err := testbed.Verifier().Owner(got.Token)
	require.NoError(t, err)
	_, _, err = users.Tasks(t.Context(), owner, testbed.Everything())
	require.NoError(t, err)
}

func TestWrongPasswordAndUnknownUserGetTheSameAnswer(t *testing.T) {
	t.Parallel()
	users := testbed.Store(t)
	addUser(t, users, "ada", "correct horse")
	login := loginAt(t, users)

	wrong := login(`{"username": "ada", "password": "battery staple"}`)
	require.Equal(t, http.StatusUnauthorized, wrong.Status)
	for _, body := range []string{
		`{"username": "nobody", "password": "correct horse"}`,
		`{"username": "", "password": ""}`,
		`{"username": "ada", "password": "` + strings.Repeat("x", 5000) + `"}`,
		`{"username": "ada' OR '1'='1", "password": "x"}`,
		`{}`,
	} {
		unknown := login(body)
		require.Equal(t, wrong.Status, unknown.Status)
		require.Equal(t, string(wrong.Body), string(unknown.Body))
		require.Equal(t, wrong.Header, unknown.Header)
	}
}

func TestLoginThrottlesExistingAndUnknownAccountsAlike(t *testing.T) {
	t.Parallel()
	users := testbed.Store(t)
	addUser(t, users, "jose", "correct horse")
	addUser(t, users, "grace", "correct horse")
	login := loginAt(t, users)

	answers := map[string][]int{}
	for _, names := range [][]string{
		{"jose", "JOSE", "José", "jose \u200d", "jo\u200dse   \u200d"},
		{"nobody", "NOBODY", "Nobodý", "nobody \u200d", "no\u200dbody   \u200d"},
	} {
		for i := range 11 {
			answer := login(`{"username": "` + names[i%len(names)] + `", "password": "wrong"}`)
			answers[names[0]] = append(answers[names[0]], answer.Status)
			if answer.Status == http.StatusTooManyRequests {
				seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
				require.NoError(t, err)
				require.True(t, seconds > 0 && seconds <= 15*60, "%d s", seconds)
			}
		}
	}
	require.Equal(t, answers["jose"], answers["nobody"])
	require.Equal(t, http.StatusUnauthorized, answers["jose"][9])
	require.Equal(t, http.StatusTooManyRequests, answers["jose"][10])
	require.Equal(t, http.StatusTooManyRequests, login(`{"username": "jose", "password": "correct horse"}`).Status)
	require.Equal(t, http.StatusOK, login(`{"username": "grace", "password": "correct horse"}`).Status)
}

func TestASuccessfulLoginForgivesEarlierFailures(t *testing.T) {
	t.Parallel()
	users := testbed.Store(t)
	addUser(t, users, "ada", "correct horse")
	login := loginAt(t, users)
	for range 3 {
		for range 9 {
			require.Equal(t, http.StatusUnauthorized, login(`{"username": "ada", "password": "wrong"}`).Status)
		}
		require.Equal(t, http.StatusOK, login(`{"username": "ada", "password": "correct horse"}`).Status)
	}
}

func TestLoginThrottlesAProvenAddressAcrossAccounts(t *testing.T) {
	t.Parallel()
	users := testbed.Store(t)
	headers := func(address string, key []byte) http.Header {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(address))
		return http.Header{auth.ClientAddressHeader: {address}, auth.ClientProofHeader: {hex.EncodeToString(mac.Sum(nil))}}
	}
	// 300 failures from one address, each for another account.
	for i := range 300 {
		_, _, err := users.BeginLogin(t.Context(), fmt.Sprint("nobody-", i), "192.0.2.7")
		require.NoError(t, err)
	}
	body := `{"username": "somebody", "password": "wrong"}`
	require.Equal(t, http.StatusTooManyRequests, loginFrom(t, users, headers("192.0.2.7", clientKey))(body).Status)
	require.Equal(t, http.StatusUnauthorized, loginFrom(t, users, headers("192.0.2.8", clientKey))(body).Status)
	require.Equal(t, http.StatusUnauthorized, loginFrom(t, users, headers("192.0.2.7", []byte("guessed")))(body).Status, "not proven, so not counted")
	require.Equal(t, http.StatusUnauthorized, loginAt(t, users)(body).Status)
}

func TestConcurrentCorrectLoginsAreNotThrottled(t *testing.T) {
	t.Parallel()
	users := testbed.Store(t)
	addUser(t, users, "ada", "correct horse")
	login := loginAt(t, users)
	const people = 24
	statuses := make(chan int, people)
	for range people {
		go func() { statuses <- login(`{"username": "ada", "password": "correct horse"}`).Status }()
	}
	for range people {
		require.Equal(t, http.StatusOK, <-statuses)
	}
}
