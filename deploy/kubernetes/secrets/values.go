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

// The Secrets, by where they are needed.
var (
	ofServers = []string{
		"mysql-root-password", "mysql-admin-dsn", "mysql-migration-dsn", "mysql-dsn",
		"minio-root-user", "minio-root-password", "s3-access-key", "s3-secret-key", "client-address-key",
	}
	ofFunctions = []string{
		"mysql-dsn", "s3-access-key", "s3-secret-key", "token-signing-key", "token-public-keys", "client-address-key",
	}
)

// shared are the Secrets that are the same in both namespaces.
func shared() []string {
	return slices.DeleteFunc(slices.Clone(ofFunctions), func(name string) bool { return !slices.Contains(ofServers, name) })
}

// complete adds every value that is missing. The database runs in the namespace servers.
func complete(values map[string]string, servers string) error {
	add := func(name string, value func() string) {
		if _, ok := values[name]; !ok {
			values[name] = value()
		}
	}
	dsn := func(user, password, database string) func() string {
		return func() string { return fmt.Sprintf("%s:%s@tcp(mysql.%s:3306)/%s", user, password, servers, database) }
	}
	add("mysql-root-password", password)
	add("mysql-admin-dsn", dsn("root", values["mysql-root-password"], ""))
	add("mysql-migration-dsn", dsn("snaptask_migration", password(), "snaptask"))
	add("mysql-dsn", dsn("snaptask", password(), "snaptask"))
	add("minio-root-user", func() string { return "snaptask-root" })
	add("minio-root-password", password)
	add("s3-access-key", func() string { return rand.Text()[:20] })
	add("s3-secret-key", password)
	add("client-address-key", password)
	if _, ok := values["token-signing-key"]; !ok {
		if _, public := values["token-public-keys"]; public {
			return errors.New("there are token-public-keys but no token-signing-key: restore it, or delete both and have everybody sign in again")
		}
		key, err := signingKey()
		if err != nil {
			return err
		}
		values["token-signing-key"] = key
	}
	if _, ok := values["token-public-keys"]; !ok {
		public, err := publicKey(values["token-signing-key"])
		if err != nil {
			return err
		}
		values["token-public-keys"] = public
	}
	return nil
}

// password is 130 random bits, in letters and digits, which need no quotes anywhere.
func password() string { return rand.Text() }

func signingKey() (string, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), err
}

// publicKey gives the public key of a signing key, both as PEM.
func publicKey(signing string) (string, error) {
	unreadable := errors.New("the Secret token-signing-key is no Ed25519 private key in PKCS #8 PEM")
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
