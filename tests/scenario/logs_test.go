package scenario

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRevealsFindsSecrets(t *testing.T) {
	t.Parallel()
	secrets := []string{"0123456789abcdef"}
	for log, want := range map[string]string{
		`{"cause":"0123456789abcdef"}`:                         "the secret 0123456789abcdef",
		`MDEyMzQ1Njc4OWFiY2RlZg==`:                             "the secret 0123456789abcdef",
		`{"body":"wrong-password"}`:                            "the secret wrong-password",
		`"token":"eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIwMWEy.c2ln"`: "a token",
		`Authorization: Bearer abcdefghijkl`:                   "credentials",
		`snaptask:secret@tcp(127.0.0.1:3306)/snaptask`:         "a DSN",
		"\xff\xd8\xff\xe0":                                     "bytes that are not text",
		`/9j/4AAQSkZJRgABAQ`:                                   "image bytes",
		`$argon2id$v=19$m=19456,t=2`:                           "a password hash",
	} {
		require.Equal(t, []string{want}, Reveals(log, secrets))
	}
	require.Equal(t, []string{"image bytes"}, Reveals(`{"body":"\u0010JFIF\u0000"}`, secrets))
	require.Empty(t, Reveals(`{"callId":"3HUEJEL5JFIF2E2VH4KNIHDRSV"}`, secrets), "an id may contain any letters")
	require.Empty(t, Reveals(`{"level":"INFO","msg":"request","function":"login","callId":"0d9a","status":401,"ms":41.2}`, secrets))
}
