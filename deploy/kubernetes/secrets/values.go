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

// The accounts of functions: DB_ACCOUNT and S3_ACCOUNT in stack.yml. Housekeeping's have no name.
var (
	mysqlAccounts = []string{"read", "signin", "write"}
	s3Accounts    = []string{"delete", "read", "upload", "write"}
)

// The Secrets of each namespace.
var (
	ofAccounts = slices.Concat(named("mysql-dsn", mysqlAccounts), named("s3-access-key", s3Accounts), named("s3-secret-key", s3Accounts))
	ofServers  = slices.Concat([]string{
		"mysql-root-password", "mysql-admin-dsn", "mysql-migration-dsn", "mysql-dsn",
		"minio-root-user", "minio-root-password", "s3-access-key", "s3-secret-key", "client-address-key", "upload-event-token",
	}, ofAccounts)
	ofFunctions = slices.Concat([]string{"token-signing-key", "token-public-keys", "client-address-key", "upload-event-token"}, ofAccounts)
)

// named returns the names of a Secret that each account has.
func named(secret string, accounts []string) (names []string) {
	for _, account := range accounts {
		names = append(names, secret+"-"+account)
	}
	return names
}

// shared returns the Secrets that are the same in both namespaces.
func shared() []string {
	return slices.DeleteFunc(slices.Clone(ofFunctions), func(name string) bool { return !slices.Contains(ofServers, name) })
}

// complete adds the missing values for servers in the namespace servers. DSNs or keys without the root password of their server
// belong to an external server, for which it adds none: accounts that are missing are those of mysql-dsn and s3-access-key.
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
	} else if external {
		for _, name := range named("mysql-dsn", mysqlAccounts) {
			add(name, values["mysql-dsn"])
		}
	} else {
		add("mysql-root-password", password())
		add("mysql-admin-dsn", dsn("root", values["mysql-root-password"], ""))
		add("mysql-migration-dsn", dsn("snaptask_migration", password(), "snaptask"))
		add("mysql-dsn", dsn("snaptask", password(), "snaptask"))
		for _, account := range mysqlAccounts {
			add("mysql-dsn-"+account, dsn("snaptask_"+account, password(), "snaptask"))
		}
	}
	if external, err := isExternal(has, "minio-root-password", "s3-access-key", "s3-secret-key"); err != nil {
		return err
	} else if external {
		if err := sameKeys(values, has); err != nil {
			return err
		}
	} else {
		add("minio-root-user", "snaptask-root")
		add("minio-root-password", password())
		for _, name := range append(named("s3-access-key", s3Accounts), "s3-access-key") {
			add(name, rand.Text()[:20])
		}
		for _, name := range append(named("s3-secret-key", s3Accounts), "s3-secret-key") {
			add(name, password())
		}
	}
	add("client-address-key", password())
	add("upload-event-token", password())
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

// sameKeys sets the keys of each account without any to those of s3-access-key and s3-secret-key.
func sameKeys(values map[string]string, has func(string) bool) error {
	for _, account := range s3Accounts {
		access, secret := "s3-access-key-"+account, "s3-secret-key-"+account
		switch {
		case has(access) != has(secret):
			return fmt.Errorf("create both of the Secrets %s and %s, or neither", access, secret)
		case !has(access):
			values[access], values[secret] = values["s3-access-key"], values["s3-secret-key"]
		}
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
