package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/minio/minio-go/v7/pkg/signer"
	"github.com/secure-io/sio-go"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/argon2"
)

// standIn implements the calls of MinIO that the command makes; `make test-cluster` tests it with the real server.
type standIn struct {
	sync.Mutex
	root     credentials
	buckets  []string
	policies map[string]policy
	users    map[string]string // access key -> secret key
	attached map[string]string // access key -> policy
	untilSet int               // how often the server does not know the webhook yet
	events   []string          // the notification of the bucket
	problems []string
}

const region = "us-east-1"

func (m *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.Lock()
	defer m.Unlock()
	body, _ := io.ReadAll(r.Body)
	if !m.signed(r) {
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, `<Error><Code>SignatureDoesNotMatch</Code><Message>signature</Message></Error>`)
		return
	}
	query := r.URL.Query()
	switch call := r.Method + " " + r.URL.Path; {
	case call == "GET /":
		io.WriteString(w, `<ListAllMyBucketsResult></ListAllMyBucketsResult>`)
	case call == "PUT /minio/admin/v3/add-canned-policy":
		var p policy
		if json.Unmarshal(body, &p) != nil {
			m.problems = append(m.problems, "the policy is not JSON")
		}
		m.policies[query.Get("name")] = p
	case call == "PUT /minio/admin/v3/add-user":
		var user struct{ SecretKey, Status string }
		if err := json.Unmarshal(unseal(m.root.secret, body), &user); err != nil || user.Status != "enabled" {
			m.problems = append(m.problems, "unreadable user")
		}
		m.users[query.Get("accessKey")] = user.SecretKey
	case call == "PUT /minio/admin/v3/set-user-or-group-policy" && query.Get("isGroup") == "false":
		if _, ok := m.users[query.Get("userOrGroup")]; !ok {
			m.problems = append(m.problems, "a policy for an unknown user")
		}
		m.attached[query.Get("userOrGroup")] = query.Get("policyName")
	case call == "PUT /pictures/" && query.Has("notification"):
		var all struct {
			Queues []struct {
				ARN    string   `xml:"Queue"`
				Events []string `xml:"Event"`
				Filter []string `xml:"Filter>S3Key>FilterRule>Value"`
			} `xml:"QueueConfiguration"`
		}
		if xml.Unmarshal(body, &all) != nil || len(all.Queues) != 1 {
			m.problems = append(m.problems, "unreadable notification")
		}
		if m.untilSet--; m.untilSet >= 0 {
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, `<Error><Code>InvalidArgument</Code><Message>A specified destination ARN does not exist</Message></Error>`)
			return
		}
		m.events = slices.Concat([]string{all.Queues[0].ARN}, all.Queues[0].Events, all.Queues[0].Filter)
	case r.Method == "HEAD":
		if !slices.Contains(m.buckets, strings.Trim(r.URL.Path, "/")) {
			w.WriteHeader(http.StatusNotFound)
		}
	case r.Method == "PUT" && strings.Count(strings.Trim(r.URL.Path, "/"), "/") == 0:
		m.buckets = append(m.buckets, strings.Trim(r.URL.Path, "/"))
	default:
		m.problems = append(m.problems, "unknown call: "+call)
		w.WriteHeader(http.StatusNotImplemented)
	}
}

// signed reports whether signing the request again yields the same signature.
func (m *standIn) signed(r *http.Request) bool {
	again := r.Clone(r.Context())
	again.URL.Host, again.Host = r.Host, r.Host
	names := strings.Split(strings.SplitN(strings.SplitN(r.Header.Get("Authorization")+"SignedHeaders=,", "SignedHeaders=", 2)[1], ",", 2)[0], ";")
	for name := range again.Header {
		if !slices.Contains(names, strings.ToLower(name)) {
			again.Header.Del(name)
		}
	}
	before, _, _ := strings.Cut(r.Header.Get("X-Amz-Date"), "T")
	return len(before) == 8 && strings.Contains(r.Header.Get("Authorization"), "Credential="+m.root.access+"/"+before+"/"+region+"/s3/") &&
		strings.HasSuffix(r.Header.Get("Authorization"), signatureOf(again, m.root))
}

func signatureOf(r *http.Request, root credentials) string {
	signedNow := signer.SignV4(*r, root.access, root.secret, "", region).Header.Get("Authorization")
	_, signature, _ := strings.Cut(signedNow, "Signature=")
	return signature
}

// unseal returns nil if the text was not sealed with this secret.
func unseal(secret string, sealed []byte) []byte {
	if len(sealed) < 41 || sealed[32] != 0 {
		return nil
	}
	stream, err := sio.AES_256_GCM.Stream(argon2.IDKey([]byte(secret), sealed[:32], 1, 64<<10, 4, 32))
	if err != nil {
		return nil
	}
	plain, err := io.ReadAll(stream.DecryptReader(bytes.NewReader(sealed[41:]), sealed[33:41], nil))
	if err != nil {
		return nil
	}
	return plain
}

// start serves a MinIO and sets the command's secrets and settings in the environment, so the test can't be parallel.
func start(t *testing.T, secrets map[string]string) *standIn {
	t.Helper()
	m := &standIn{root: credentials{"root", "root-password"}, policies: map[string]policy{}, users: map[string]string{}, attached: map[string]string{}}
	s := httptest.NewServer(m)
	t.Cleanup(s.Close)
	folder := t.TempDir()
	t.Setenv("SECRETS_DIR", folder)
	t.Setenv("S3_ENDPOINT", s.URL)
	t.Setenv("S3_BUCKET", "pictures")
	t.Setenv("S3_REGION", "")
	all := map[string]string{
		"minio-root-user": m.root.access, "minio-root-password": m.root.secret, "s3-access-key": "housekeeping", "s3-secret-key": "secret-of-housekeeping",
	}
	for _, name := range []string{"read", "write", "delete", "upload"} {
		all["s3-access-key-"+name], all["s3-secret-key-"+name] = name, "secret-of-"+name
	}
	for name, value := range all {
		if other, ok := secrets[name]; ok {
			value = other
		}
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(value+"\n"), 0o600))
	}
	return m
}

func TestAccountsMayOnlyDoWhatTheyHaveTo(t *testing.T) {
	m := start(t, nil)
	require.NoError(t, run(t.Context(), nil))
	require.NoError(t, run(t.Context(), []string{"-wait", "1s"}), "a second time")
	require.Empty(t, m.problems)
	require.Equal(t, []string{"pictures"}, m.buckets)
	require.Len(t, m.users, len(actions))
	for name := range actions {
		require.Equal(t, "secret-of-"+name, m.users[name])
		require.Equal(t, "pictures-"+name, m.attached[name])
	}
	allow := func(action, resource string) statement {
		return statement{"Allow", []string{action}, []string{"arn:aws:s3:::" + resource}}
	}
	get, put, remove := allow("s3:GetObject", "pictures/*"), allow("s3:PutObject", "pictures/*"), allow("s3:DeleteObject", "pictures/*")
	require.Equal(t, map[string]policy{
		"pictures-read":         {"2012-10-17", []statement{get}},
		"pictures-write":        {"2012-10-17", []statement{get, put, remove}},
		"pictures-delete":       {"2012-10-17", []statement{remove}},
		"pictures-upload":       {"2012-10-17", []statement{allow("s3:PutObject", "pictures/uploads/*")}},
		"pictures-housekeeping": {"2012-10-17", []statement{get, put, remove, allow("s3:ListBucket", "pictures")}},
	}, m.policies)
}

func TestServerTellsOfUploadsOnceItKnowsTheWebhook(t *testing.T) {
	m := start(t, nil)
	m.untilSet = 1
	require.NoError(t, run(t.Context(), []string{"-wait", "1m"}))
	require.Empty(t, m.problems)
	require.Equal(t, []string{"arn:minio:sqs::UPLOADS:webhook", "s3:ObjectCreated:*", "uploads/"}, m.events)

	m.untilSet = 1
	require.ErrorContains(t, run(t.Context(), nil), "no target arn:minio:sqs::UPLOADS:webhook")
}

func TestErrorsNameTheCause(t *testing.T) {
	for name, c := range map[string]struct {
		secrets map[string]string
		env     [2]string
		args    []string
		problem string
	}{
		"another password": {secrets: map[string]string{"minio-root-password": "hunter1"}, args: []string{"-wait", "1h"}, problem: "signature"},
		"an empty secret":  {secrets: map[string]string{"s3-secret-key-read": ""}, problem: "s3-secret-key-read is empty"},
		"root's own":       {secrets: map[string]string{"s3-access-key": "root"}, problem: "s3-access-key: must differ from that of root"},
		"no server":        {env: [2]string{"S3_ENDPOINT", "http://127.0.0.1:1"}, problem: "can't be reached"},
		"no address":       {env: [2]string{"S3_ENDPOINT", "minio:9000"}, problem: "S3_ENDPOINT: must be"},
		"an argument":      {args: []string{"now"}, problem: `unexpected argument "now"`},
	} {
		t.Run(name, func(t *testing.T) {
			m := start(t, c.secrets)
			if c.env[0] != "" {
				t.Setenv(c.env[0], c.env[1])
			}
			err := run(t.Context(), c.args)
			require.ErrorContains(t, err, c.problem)
			require.NotContains(t, err.Error(), "hunter")
			require.Empty(t, m.users)
		})
	}
}
