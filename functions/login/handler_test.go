package function

import (
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/credentials"
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
	f := function.With(&deps{auth.NewClients(clientKey), testbed.Signer(), users, credentials.New(users)}, nil)
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

func TestComposedAndDecomposedTextSignIn(t *testing.T) {
	t.Parallel()
	users := testbed.Store(t)
	addUser(t, users, "José", "pässwort")
	addUser(t, users, "before the rules \u3164", "pa\u0308sswort")
	login := loginAt(t, users)
	for _, body := range []string{
		`{"username": "José", "password": "pässwort"}`,
		`{"username": "Jose\u0301", "password": "pa\u0308sswort"}`,
		`{"username": "before the rules \u3164", "password": "pa\u0308sswort"}`,
	} {
		require.Equal(t, http.StatusOK, login(body).Status, body)
	}
	require.Equal(t, http.StatusUnauthorized, login(`{"username": "José", "password": "passwort"}`).Status)
	require.Equal(t, http.StatusUnauthorized, login(`{"username": "before the rules", "password": "pa\u0308sswort"}`).Status)
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

// from returns headers with a client's address and a proof of it under key.
func from(address string, key []byte) http.Header {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(address))
	return http.Header{auth.ClientAddressHeader: {address}, auth.ClientProofHeader: {hex.EncodeToString(mac.Sum(nil))}}
}

// later moves the times until which passwords must wait, as if this time had passed. A negative time makes them wait for longer.
func later(t *testing.T, dsn string, seconds int) {
	t.Helper()
	pool, err := sql.Open("mysql", dsn)
	require.NoError(t, err)
	defer pool.Close()
	_, err = pool.Exec(`UPDATE password_failures SET not_before = not_before - INTERVAL ? SECOND`, seconds)
	require.NoError(t, err)
}

func TestAnAttackDelaysNeitherKnownDevicesNorOtherNames(t *testing.T) {
	t.Parallel()
	dsn := testbed.Database(t)
	users := testbed.StoreAt(t, dsn)
	addUser(t, users, "ada", "correct horse")
	addUser(t, users, "grace", "correct horse")
	const right = `{"username": "ada", "password": "correct horse"}`
	var session auth.Session
	loginAt(t, users)(right).JSON(t, &session)

	statuses := map[int]int{}
	for i := range 1000 {
		answer := loginFrom(t, users, from(fmt.Sprint("192.0.2.", i%50), clientKey))(`{"username": "ada", "password": "wrong"}`)
		statuses[answer.Status]++
		if answer.Status == http.StatusTooManyRequests {
			seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
			require.NoError(t, err)
			require.True(t, seconds > 0 && seconds <= 40, "%d s", seconds)
		}
	}
	t.Logf("answers by status: %v", statuses)
	require.GreaterOrEqual(t, statuses[http.StatusUnauthorized], 10, "the first guesses need not wait")
	require.Less(t, statuses[http.StatusUnauthorized], 20)
	require.Equal(t, 1000, statuses[http.StatusUnauthorized]+statuses[http.StatusTooManyRequests])

	later(t, dsn, -20) // a slow machine may take long for what follows
	owner := loginFrom(t, users, from("198.51.100.1", clientKey))
	known := fmt.Sprintf(`{"username": "ada", "password": "correct horse", "device": %q}`, session.Device)
	require.Equal(t, http.StatusOK, owner(known).Status, "from a device that has signed in before")
	require.Equal(t, http.StatusOK, loginFrom(t, users, from("192.0.2.1", clientKey))(known).Status, "even from an attacker's address")
	wait := owner(right)
	require.Equal(t, http.StatusTooManyRequests, wait.Status)
	require.Equal(t, "too_many_attempts", wait.Fault(t).Code)
	require.Equal(t, http.StatusOK, loginFrom(t, users, from("192.0.2.1", clientKey))(`{"username": "grace", "password": "correct horse"}`).Status)

	later(t, dsn, 20+60)
	require.Equal(t, http.StatusOK, owner(right).Status, "from a new device")
}

func TestADeviceIsTheUsersUntilItSignsInAgain(t *testing.T) {
	t.Parallel()
	users := testbed.Store(t)
	addUser(t, users, "ada", "correct horse")
	addUser(t, users, "eve", "battery staple")
	login := loginAt(t, users)
	var first, second, hers auth.Session
	login(`{"username": "ada", "password": "correct horse"}`).JSON(t, &first)
	login(fmt.Sprintf(`{"username": "ada", "password": "correct horse", "device": %q}`, first.Device)).JSON(t, &second)
	login(fmt.Sprintf(`{"username": "eve", "password": "battery staple", "device": %q}`, first.Device)).JSON(t, &hers)
	signer := testbed.Signer()
	require.Equal(t, signer.Device(first.Device), signer.Device(second.Device))
	require.NotEqual(t, signer.Device(first.Device).ID, signer.Device(hers.Device).ID)
	for _, device := range []string{first.Token, "garbage", ""} {
		answer := login(fmt.Sprintf(`{"username": "ada", "password": "correct horse", "device": %q}`, device))
		require.Equal(t, http.StatusOK, answer.Status, "a device that is not valid counts as none")
	}
}

func TestAnAddressCountsOnlyIfItIsProven(t *testing.T) {
	t.Parallel()
	dsn := testbed.Database(t)
	users := testbed.StoreAt(t, dsn)
	const body = `{"username": "nobody", "password": "wrong"}`
	for _, header := range []http.Header{nil, from("192.0.2.1", []byte("guessed")), {auth.ClientAddressHeader: {"192.0.2.2"}}, nil, from("192.0.2.3", nil)} {
		require.Equal(t, http.StatusUnauthorized, loginFrom(t, users, header)(body).Status)
	}
	later(t, dsn, -30)
	require.Equal(t, http.StatusTooManyRequests, loginFrom(t, users, from("192.0.2.4", []byte("guessed")))(body).Status, "calls without a proven address count together")
	require.Equal(t, http.StatusUnauthorized, loginFrom(t, users, from("192.0.2.4", clientKey))(body).Status)
}

func TestASuccessfulLoginForgivesEarlierFailures(t *testing.T) {
	t.Parallel()
	users := testbed.Store(t)
	addUser(t, users, "ada", "correct horse")
	login := loginAt(t, users)
	for range 4 {
		for range 4 {
			require.Equal(t, http.StatusUnauthorized, login(`{"username": "ada", "password": "wrong"}`).Status)
		}
		require.Equal(t, http.StatusOK, login(`{"username": "ada", "password": "correct horse"}`).Status)
	}
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
