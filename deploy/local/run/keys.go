package run

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"

	"snaptask/deploy/local/state"
)

// keys is the subfolder for the secrets that are created at the first start.
const keys = "keys"

// Names of secrets in stack.yml.
const (
	mysqlDSN         = "mysql-dsn"
	tokenSigningKey  = "token-signing-key"
	tokenPublicKeys  = "token-public-keys"
	s3AccessKey      = "s3-access-key"
	s3SecretKey      = "s3-secret-key"
	clientAddressKey = "client-address-key" // shared with the web server
)

// Names of the secrets of servers and their administrators.
const (
	mysqlApplication = "mysql-application"
	mysqlMigration   = "mysql-migration"
	s3AdminAccessKey = "s3-administrator-access-key"
	s3AdminSecretKey = "s3-administrator-secret-key"
	gatewayPassword  = "gateway-password"
)

// loadSecrets returns all secrets except mysql-dsn by name; the first call creates them.
func loadSecrets(folder *state.Folder) (map[string]string, error) {
	secrets := map[string]string{}
	for _, name := range []string{
		s3AccessKey, s3SecretKey, clientAddressKey, mysqlApplication, mysqlMigration, s3AdminAccessKey, s3AdminSecretKey, gatewayPassword,
	} {
		secret, err := folder.Secret(filepath.Join(keys, name))
		if err != nil {
			return nil, err
		}
		secrets[name] = secret
	}
	private, public, err := signingKeys(folder)
	secrets[tokenSigningKey], secrets[tokenPublicKeys] = string(private), string(public)
	return secrets, err
}

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
	var key ed25519.PrivateKey
	if block, _ := pem.Decode(private); block != nil {
		parsed, _ := x509.ParsePKCS8PrivateKey(block.Bytes)
		key, _ = parsed.(ed25519.PrivateKey)
	}
	if key == nil {
		return nil, nil, errors.New(filepath.Join(folder.Path, keys, tokenSigningKey) + " is not an Ed25519 private key in PEM")
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	return private, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), err
}

// writeSecrets writes a folder that contains exactly the named secrets, as OpenFaaS mounts it.
func writeSecrets(folder string, names []string, secrets map[string]string) error {
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	for _, name := range names {
		secret, ok := secrets[name]
		if !ok {
			return errors.New("no secret " + name)
		}
		if err := state.WriteFile(filepath.Join(folder, name), []byte(secret)); err != nil {
			return err
		}
	}
	return nil
}
