package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

// The headers in which the web server tells a client's address, and proves that it is the web server who says so: the
// HMAC-SHA256 of the address under a key that only it and the functions know, in hex. Whoever calls the gateway directly
// can write what he likes, but no proof.
const (
	ClientAddressHeader = "X-Client-Address"
	ClientProofHeader   = "X-Client-Address-Proof"
)

// ClientAddress is the address that header tells if its proof is right under key, and empty otherwise or without a key.
func ClientAddress(key []byte, header func(name string) string) string {
	address := header(ClientAddressHeader)
	proof, err := hex.DecodeString(header(ClientProofHeader))
	if len(key) == 0 || err != nil {
		return ""
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(address))
	if !hmac.Equal(proof, mac.Sum(nil)) {
		return ""
	}
	return address
}
