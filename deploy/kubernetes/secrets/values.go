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

// complete adds every value that is missing. The database runs in the namespace servers. Where there are addresses or keys
// already but no root's password for them, they belong to a server of somebody else, and nothing is made for its root.
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
	if foreign, err := someoneElses(has, "mysql-root-password", "mysql-dsn", "mysql-migration-dsn"); err != nil {
		return err
	} else if !foreign {
		add("mysql-root-password", password())
		add("mysql-admin-dsn", dsn("root", values["mysql-root-password"], ""))
		add("mysql-migration-dsn", dsn("snaptask_migration", password(), "snaptask"))
		add("mysql-dsn", dsn("snaptask", password(), "snaptask"))
	}
	if foreign, err := someoneElses(has, "minio-root-password", "s3-access-key", "s3-secret-key"); err != nil {
		return err
	} else if !foreign {
		add("minio-root-user", "snaptask-root")
		add("minio-root-password", password())
		add("s3-access-key", rand.Text()[:20])
		add("s3-secret-key", password())
	}
	add("client-address-key", password())
	if !has("token-signing-key") {
		if has("token-public-keys") {
			return errors.New("there are token-public-keys but no token-signing-key: restore it, or delete both and have everybody sign in again")
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

// someoneElses says whether the server that two Secrets are for is not ours; then both must be there.
func someoneElses(has func(string) bool, root, one, two string) (bool, error) {
	if has(root) || !has(one) && !has(two) {
		return false, nil
	}
	for _, name := range []string{one, two} {
		if !has(name) {
			return false, fmt.Errorf("the Secret %s is missing: with a server of your own make both %s and %s; with ours, restore %s", name, one, two, root)
		}
	}
	return true, nil
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
