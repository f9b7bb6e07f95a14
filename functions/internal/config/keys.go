package config

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"strings"
)

func (r *reader) publicKeys(name string) []ed25519.PublicKey {
	var keys []ed25519.PublicKey
	text := r.secret(name)
	rest := []byte(text)
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
		key, ok := parsed.(ed25519.PublicKey)
		if err != nil || !ok {
			r.fail(name, "block %d is not an Ed25519 public key in PEM", len(keys)+1)
			return nil
		}
		keys = append(keys, key)
	}
	// pem.Decode passes over a damaged block, and then every token signed with its key would be refused.
	switch begun := strings.Count(text, "-----BEGIN "); {
	case len(keys) == 0:
		r.fail(name, "holds no PEM block")
	case len(keys) < begun:
		r.fail(name, "only %d of %d blocks can be read", len(keys), begun)
		return nil
	}
	return keys
}

func (r *reader) privateKey(name string) ed25519.PrivateKey {
	block, _ := pem.Decode([]byte(r.secret(name)))
	if block == nil {
		r.fail(name, "holds no PEM block")
		return nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := parsed.(ed25519.PrivateKey)
	if err != nil || !ok {
		r.fail(name, "is not an Ed25519 private key in PKCS #8 PEM")
	}
	return key
}
