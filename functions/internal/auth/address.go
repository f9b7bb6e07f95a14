package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"

	"snaptask/functions/internal/config"
)

// The headers in which the web server passes on a client's address and proves that it set it: the HMAC-SHA256, in hex, of
// the address under a key that only it and the functions have. A client that calls the gateway directly can set the
// address, but not the proof.
const (
	ClientAddressHeader = "X-Client-Address"
	ClientProofHeader   = "X-Client-Address-Proof"
)

// Clients reads clients' addresses from requests.
type Clients struct {
	key []byte
}

// NewClients returns Clients that trust addresses with a proof under key. Without a key they trust none.
func NewClients(key []byte) *Clients { return &Clients{key} }

// OpenClients returns Clients with the secret client-address-key, which may be missing.
func OpenClients(c *config.Reader) *Clients {
	return NewClients([]byte(c.OptionalSecret("client-address-key")))
}

// Address returns the client's address from a request's headers, or "" if it is missing or its proof is wrong.
func (c *Clients) Address(header func(name string) string) string {
	address := header(ClientAddressHeader)
	proof, err := hex.DecodeString(header(ClientProofHeader))
	if len(c.key) == 0 || err != nil {
		return ""
	}
	mac := hmac.New(sha256.New, c.key)
	mac.Write([]byte(address))
	if !hmac.Equal(proof, mac.Sum(nil)) {
		return ""
	}
	return address
}
