package housekeeping

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	gettasks "snaptask/functions/get-tasks"
	"snaptask/functions/internal/testbed"
	login "snaptask/functions/login"
	"snaptask/functions/telemetry/collectortest"

	handler "github.com/openfaas/templates-sdk/go-http"
	"github.com/stretchr/testify/require"
)

// command runs housekeeping.
func command(t *testing.T, input string, args ...string) (code int, out, messages string) {
	t.Helper()
	var o, m bytes.Buffer
	code = Run(t.Context(), args, strings.NewReader(input), &o, &m)
	return code, o.String(), m.String()
}

func call(t *testing.T, handle func(handler.Request) (handler.Response, error), method, token, body string) handler.Response {
	t.Helper()
	r := handler.Request{Method: method, Body: []byte(body), Header: http.Header{"Authorization": {"Bearer " + token}}}
	r.WithContext(t.Context())
	response, err := handle(r)
	require.NoError(t, err)
	return response
}

// TestUserCommandsTakeEffectImmediately opens housekeeping and functions from settings and secrets, as images do. Functions read
// these only once, so this is one test.
func TestUserCommandsTakeEffectImmediately(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	privateDER, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	publicDER, err := x509.MarshalPKIXPublicKey(public)
	require.NoError(t, err)
	bucket := testbed.NewBucket(t)
	secrets := t.TempDir()
	for name, value := range map[string]string{
		"mysql-dsn":         testbed.Database(t),
		"s3-access-key":     bucket.AccessKey,
		"s3-secret-key":     bucket.SecretKey,
		"token-signing-key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: privateDER})),
		"token-public-keys": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: publicDER})),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(secrets, name), []byte(value), 0o600))
	}
	t.Setenv("SECRETS_DIR", secrets)
	t.Setenv("S3_ENDPOINT", bucket.Endpoint)
	t.Setenv("S3_BUCKET", bucket.Bucket)
	t.Setenv("CLASSIFIER_ADDRESS", testbed.Setting(t, "TEST_CLASSIFIER_ADDRESS"))

	const first, second = "the first password", "the second password"
	var said strings.Builder
	do := func(input string, args ...string) {
		t.Helper()
		code, out, messages := command(t, input, args...)
		require.Equal(t, Done, code, "%v: %s", args, messages)
		said.WriteString(out + messages)
	}
	signIn := func(password string, status int) (token string) {
		t.Helper()
		answer := call(t, login.Handle, http.MethodPost, "", fmt.Sprintf(`{"username": "ada", "password": %q}`, password))
		require.Equal(t, status, answer.StatusCode, "%s", answer.Body)
		var session struct{ Token string }
		require.NoError(t, json.Unmarshal(answer.Body, &session))
		return session.Token
	}
	works := func(token string, status int) {
		t.Helper()
		require.Equal(t, status, call(t, gettasks.Handle, http.MethodGet, token, "").StatusCode)
	}

	do(first+"\n", "user", "add", "ada", "--password-stdin")
	one := signIn(first, http.StatusOK)
	works(one, http.StatusOK)
	do("", "user", "disable", "ada")
	works(one, http.StatusUnauthorized)
	signIn(first, http.StatusUnauthorized)
	do("", "user", "enable", "ada")
	works(one, http.StatusUnauthorized)
	two := signIn(first, http.StatusOK)
	do(second, "user", "reset-password", "--password-stdin", "ada")
	works(two, http.StatusUnauthorized)
	signIn(first, http.StatusUnauthorized)
	three := signIn(second, http.StatusOK)
	collector := collectortest.New(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	do("", "sweep")
	works(three, http.StatusOK)
	do("", "user", "list")
	do("", "user", "delete", "ada")
	works(three, http.StatusUnauthorized)
	signIn(second, http.StatusUnauthorized)
	require.NotContains(t, said.String(), first)
	require.NotContains(t, said.String(), second)
	require.Contains(t, said.String(), `"part":"orphans"`)
	requireTraced(t, collector, said.String(), "prune", "database")
	requireTraced(t, collector, said.String(), "orphans", "objects")

	t.Setenv("S3_BUCKET", "no-such-bucket")
	code, _, messages := command(t, "", "sweep")
	require.Equal(t, Failed, code)
	require.Contains(t, messages, `"level":"ERROR"`)
}

// requireTraced checks that a part of the sweep is a trace, which its log line names, with its calls of a server.
func requireTraced(t *testing.T, collector *collectortest.Collector, log, part, server string) {
	t.Helper()
	found := regexp.MustCompile(`"part":"` + part + `","ms":[0-9.]+,"trace_id":"([0-9a-f]{32})"`).FindStringSubmatch(log)
	require.NotEmpty(t, found, log)
	require.Equal(t, "housekeeping", collector.Wait(t, found[1], "sweep "+part).Service)
	require.True(t, slices.ContainsFunc(collector.Trace(found[1]), func(s collectortest.Span) bool {
		return s.Attributes["peer.service"] == server
	}), "%s does not call %s", part, server)
}

func TestCommandRefusesWrongUse(t *testing.T) {
	t.Setenv("SECRETS_DIR", t.TempDir())
	for name, c := range map[string]struct {
		args string
		code int
		says string
	}{
		"help":                {"help", Done, "housekeeping sweep"},
		"nothing":             {"", Misused, "name a command"},
		"unknown":             {"dust", Misused, `no command "dust"`},
		"sweep with more":     {"sweep everything", Misused, `no command "sweep everything"`},
		"no secrets":          {"sweep", Misused, "s3-secret-key"},
		"no secret":           {"user list", Misused, "mysql-dsn"},
		"unknown, no secrets": {"user promote ada", Misused, `no user command "promote"`},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, messages := command(t, "", strings.Fields(c.args)...)
			require.Equal(t, c.code, code)
			require.Contains(t, out+messages, c.says)
			require.Equal(t, c.code == Done, messages == "")
		})
	}
}

func TestBackupIsNotWrittenWhereOthersMayReadIt(t *testing.T) {
	t.Parallel()
	for mode, refused := range map[os.FileMode]bool{0o644: true, 0o640: true, 0o602: true, 0o600: false, 0o400: false} {
		file, err := os.Create(filepath.Join(t.TempDir(), "backup.tar"))
		require.NoError(t, err)
		require.NoError(t, file.Chmod(mode))
		require.Equal(t, refused, othersMayRead(file), "%o", mode)
		if refused {
			var messages bytes.Buffer
			require.Equal(t, Misused, Run(t.Context(), []string{"backup"}, nil, file, &messages))
			require.Contains(t, messages.String(), "umask 077")
			info, err := file.Stat()
			require.NoError(t, err)
			require.Zero(t, info.Size())
		}
		require.NoError(t, file.Close())
	}
	require.False(t, othersMayRead(io.Discard))
}

func TestBackupCommandsRefuseWrongUse(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"backup", "file"}, {"restore", "--force"}, {"restore", "--over"}, {"backup", "--replace"}, {"restore", "--replace", "x"}, {"verify", "x"}, {"wait", "5"}} {
		code, _, messages := command(t, "", args...)
		require.Equal(t, Misused, code, "%v: %s", args, messages)
	}
	in := strings.NewReader(strings.Repeat("no backup ", 1_000_000))
	var messages bytes.Buffer
	require.Equal(t, Misused, Run(t.Context(), []string{"verify"}, in, io.Discard, &messages))
	require.Contains(t, messages.String(), "not a Snaptask backup")
	require.Zero(t, in.Len(), "all input must be read, or kubectl exec does not end")
}
