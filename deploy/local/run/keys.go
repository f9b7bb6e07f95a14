package run

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"path/filepath"

	"snaptask/deploy/local/state"
)

// Names of secrets in stack.yml.
const (
	mysqlDSN         = "mysql-dsn"
	tokenSigningKey  = "token-signing-key"
	s3AccessKey      = "s3-access-key"
	s3SecretKey      = "s3-secret-key"
	clientAddressKey = "client-address-key" // shared with the web server
)

// keys is the subfolder of the secrets that are created at the first start.
const keys = "keys"

// signingKeys returns the key pair for tokens in PEM.
func signingKeys(folder *state.Folder) (private, public []byte, err error) {
	private, err = folder.LoadOrCreate(filepath.Join(keys, tokenSigningKey), func() ([]byte, error) {
		_, key, err := ed25519.GenerateKey(nil)
		if err != nil {
			return nil, err
		}
		der, err := x509.MarshalPKCS8PrivateKey(key)
		return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), err
	})
	if err != nil {
		return nil, nil, err
	}
	damaged := errors.New("the key in " + filepath.Join(folder.Path, keys, tokenSigningKey) + " can't be read")
	block, _ := pem.Decode(private)
	if block == nil {
		return nil, nil, damaged
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, nil, errors.Join(damaged, err)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, nil, damaged
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	return private, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), err
}

// secret returns a random secret, created at the first start.
func secret(folder *state.Folder, name string) (string, error) {
	return folder.Secret(filepath.Join(keys, name))
}
