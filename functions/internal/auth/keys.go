package auth

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// parsePublicKeys parses one or more Ed25519 public keys, each a PEM block. A damaged block is an error: tokens signed
// with its key would be refused.
func parsePublicKeys(text string) ([]ed25519.PublicKey, error) {
	var keys []ed25519.PublicKey
	rest := []byte(text)
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
		key, ok := parsed.(ed25519.PublicKey)
		if err != nil || !ok {
			return nil, fmt.Errorf("block %d is not an Ed25519 public key in PEM", len(keys)+1)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errors.New("holds no PEM block")
	}
	// pem.Decode skips a damaged block.
	if begun := strings.Count(text, "-----BEGIN "); len(keys) < begun {
		return nil, fmt.Errorf("only %d of %d blocks can be read", len(keys), begun)
	}
	return keys, nil
}

// parsePrivateKey parses an Ed25519 private key, PKCS #8 in PEM.
func parsePrivateKey(text string) (ed25519.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("holds no PEM block")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := parsed.(ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, errors.New("is not an Ed25519 private key in PKCS #8 PEM")
	}
	return key, nil
}
