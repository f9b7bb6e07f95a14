package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
)

// The Secrets of each namespace.
var (
	ofServers = []string{
		"mysql-root-password", "mysql-admin-dsn", "mysql-migration-dsn", "mysql-dsn",
		"minio-root-user", "minio-root-password", "s3-access-key", "s3-secret-key", "client-address-key",
	}
	ofFunctions = []string{
		"mysql-dsn", "s3-access-key", "s3-secret-key", "token-signing-key", "token-public-keys", "client-address-key",
	}
)

// shared returns the Secrets that are the same in both namespaces.
func shared() []string {
	return slices.DeleteFunc(slices.Clone(ofFunctions), func(name string) bool { return !slices.Contains(ofServers, name) })
}

// complete adds the missing values for servers in the namespace servers. DSNs or keys without the root password of their server
// belong to an external server, for which it adds none.
func complete(values map[string]string, servers string) error {
	has := func(name string) bool { _, ok := values[name]; return ok }
	add := func(name, value string) {
		if !has(name) {
			values[name] = value
		}
	}
	dsn := func(user, password, database string) string {
		return fmt.Sprintf("%s:%s@tcp(mysql.%s:3306)/%s", user, password, servers, database)
	}
	if external, err := isExternal(has, "mysql-root-password", "mysql-dsn", "mysql-migration-dsn"); err != nil {
		return err
	} else if !external {
		add("mysql-root-password", password())
		add("mysql-admin-dsn", dsn("root", values["mysql-root-password"], ""))
		add("mysql-migration-dsn", dsn("snaptask_migration", password(), "snaptask"))
		add("mysql-dsn", dsn("snaptask", password(), "snaptask"))
	}
	if external, err := isExternal(has, "minio-root-password", "s3-access-key", "s3-secret-key"); err != nil {
		return err
	} else if !external {
		add("minio-root-user", "snaptask-root")
		add("minio-root-password", password())
		add("s3-access-key", rand.Text()[:20])
		add("s3-secret-key", password())
	}
	add("client-address-key", password())
	if !has("token-signing-key") {
		if has("token-public-keys") {
			return errors.New("token-public-keys exists without token-signing-key: restore it, or delete both, after which everybody must sign in again")
		}
		key, err := signingKey()
		if err != nil {
			return err
		}
		values["token-signing-key"] = key
	}
	if !has("token-public-keys") {
		public, err := publicKey(values["token-signing-key"])
		if err != nil {
			return err
		}
		values["token-public-keys"] = public
	}
	return nil
}

// isExternal reports whether two Secrets belong to an external server, which has no root Secret here. If so, both must exist.
func isExternal(has func(string) bool, root, one, two string) (bool, error) {
	if has(root) || !has(one) && !has(two) {
		return false, nil
	}
	for _, name := range []string{one, two} {
		if !has(name) {
			return false, fmt.Errorf("the Secret %s is missing: for an external server create both %s and %s; otherwise restore %s", name, one, two, root)
		}
	}
	return true, nil
}

// password returns 130 random bits as letters and digits, which need no quoting.
func password() string { return rand.Text() }

func signingKey() (string, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), err
}

// publicKey returns the public key of a signing key, both in PEM.
func publicKey(signing string) (string, error) {
	unreadable := errors.New("the Secret token-signing-key is not an Ed25519 private key in PKCS #8 PEM")
	block, _ := pem.Decode([]byte(signing))
	if block == nil {
		return "", unreadable
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := parsed.(ed25519.PrivateKey)
	if err != nil || !ok {
		return "", unreadable
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), err
}
