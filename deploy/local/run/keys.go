package run

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"

	"snaptask/db"
	"snaptask/deploy/local/s3"
	"snaptask/deploy/local/state"
)

// keys is the subfolder for the secrets that are created at the first start.
const keys = "keys"

// Names of secrets in stack.yml.
const (
	tokenSigningKey  = "token-signing-key"
	tokenPublicKeys  = "token-public-keys"
	clientAddressKey = "client-address-key" // shared with the web server
	uploadEventToken = "upload-event-token" // shared with the object store
)

// Names of the secrets of servers and their administrators.
const (
	mysqlAdmin       = "mysql-administrator"
	mysqlMigration   = "mysql-migration"
	s3AdminAccessKey = "s3-administrator-access-key"
	s3AdminSecretKey = "s3-administrator-secret-key"
	gatewayPassword  = "gateway-password"
)

// mysqlPassword returns the name of the secret with the password of an account in the database.
func mysqlPassword(account string) string { return "mysql-" + account }

// s3Keys returns the names of the secrets with the keys of an account in the object store.
func s3Keys(account string) (access, secret string) {
	if account == housekeepingName {
		return "s3-access-key", "s3-secret-key"
	}
	return "s3-access-key-" + account, "s3-secret-key-" + account
}

// loadSecrets returns all secrets by name, except the addresses of the database; the first call creates them.
func loadSecrets(folder *state.Folder) (map[string]string, error) {
	names := []string{clientAddressKey, uploadEventToken, mysqlAdmin, mysqlMigration, s3AdminAccessKey, s3AdminSecretKey, gatewayPassword}
	for _, account := range db.AccountNames() {
		names = append(names, mysqlPassword(account))
	}
	for account := range s3.Permissions {
		access, secret := s3Keys(account)
		names = append(names, access, secret)
	}
	secrets := map[string]string{}
	for _, name := range names {
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
