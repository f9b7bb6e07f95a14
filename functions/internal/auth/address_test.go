package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOnlyAProvenAddressIsTrusted(t *testing.T) {
	t.Parallel()
	key := []byte("the key of the web server")
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("192.0.2.7"))
	proof := hex.EncodeToString(mac.Sum(nil))
	for name, c := range map[string]struct {
		key                  []byte
		address, proof, want string
	}{
		"proven":          {key, "192.0.2.7", proof, "192.0.2.7"},
		"no proof":        {key, "192.0.2.7", "", ""},
		"another's proof": {key, "192.0.2.8", proof, ""},
		"garbage":         {key, "192.0.2.7", "zz", ""},
		"another key":     {[]byte("guessed"), "192.0.2.7", proof, ""},
		"no key is set":   {nil, "192.0.2.7", proof, ""},
		"no headers":      {key, "", "", ""},
		"truncated proof": {key, "192.0.2.7", proof[:10], ""},
		"empty address":   {key, "", proof, ""},
	} {
		headers := map[string]string{ClientAddressHeader: c.address, ClientProofHeader: c.proof}
		require.Equal(t, c.want, NewClients(c.key).Address(func(name string) string { return headers[name] }), name)
	}
}
