package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"testing"

	"snaptask/functions/stack"

	"github.com/stretchr/testify/require"
)

// cluster holds Secrets by namespace and name.
type cluster map[string]map[string]string

func (c cluster) secrets(_ context.Context, namespace string) (map[string]string, error) {
	return maps.Clone(c[namespace]), nil
}

func (c cluster) create(_ context.Context, namespace string, values map[string]string) error {
	if c[namespace] == nil {
		c[namespace] = map[string]string{}
	}
	maps.Copy(c[namespace], values)
	return nil
}

// everything are the Secrets of one namespace for servers and functions.
var everything = slices.Compact(slices.Sorted(slices.Values(slices.Concat(ofServers, ofFunctions))))

// report is the command's line about a namespace.
func report(created, kept int) string {
	return fmt.Sprintf("namespace here: %d Secrets created, %d kept", created, kept)
}

func made(t *testing.T, c cluster, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), args, c, &out))
	for _, values := range c {
		for name, value := range values {
			if name != "minio-root-user" {
				require.NotContains(t, out.String(), value, name)
			}
		}
	}
	return out.String()
}

func TestSecretsAreCreatedOnce(t *testing.T) {
	t.Parallel()
	c := cluster{}
	require.Contains(t, made(t, c, "here"), report(len(everything), 0))
	first := maps.Clone(c["here"])
	require.ElementsMatch(t, everything, slices.Collect(maps.Keys(first)))
	require.Contains(t, made(t, c, "here"), report(0, len(everything)))
	require.Equal(t, first, c["here"])
}

func TestFunctionsHaveTheSecretsOfTheStack(t *testing.T) {
	t.Parallel()
	file, err := stack.Read("../../../stack.yml")
	require.NoError(t, err)
	used := map[string]bool{}
	for name, f := range file.Functions {
		for _, secret := range f.Secrets {
			require.Contains(t, ofFunctions, secret, name)
			used[secret] = true
		}
	}
	for _, secret := range ofFunctions {
		require.True(t, used[secret], "no function uses %s", secret)
	}
}

func TestEachNamespaceGetsItsSecretsAndSharedOnesAgree(t *testing.T) {
	t.Parallel()
	c := cluster{}
	made(t, c, "snaptask", "openfaas-fn")
	require.ElementsMatch(t, ofServers, slices.Collect(maps.Keys(c["snaptask"])))
	require.ElementsMatch(t, ofFunctions, slices.Collect(maps.Keys(c["openfaas-fn"])))
	for _, name := range shared() {
		require.Equal(t, c["snaptask"][name], c["openfaas-fn"][name], name)
	}
	require.NotContains(t, c["snaptask"], "token-signing-key")
	require.NotContains(t, c["openfaas-fn"], "mysql-root-password")
	for _, name := range []string{"mysql-dsn", "s3-access-key", "s3-secret-key"} {
		require.NotContains(t, c["openfaas-fn"], name, "housekeeping's account may do everything")
	}
	require.Regexp(t, `^snaptask:\w{26}@tcp\(mysql\.snaptask:3306\)/snaptask$`, c["snaptask"]["mysql-dsn"])
	require.Regexp(t, `^snaptask_read:\w{26}@tcp\(mysql\.snaptask:3306\)/snaptask$`, c["openfaas-fn"]["mysql-dsn-read"])
	require.Equal(t, "root:"+c["snaptask"]["mysql-root-password"]+"@tcp(mysql.snaptask:3306)/", c["snaptask"]["mysql-admin-dsn"])
}

func TestSecretLostInOneNamespaceIsCopiedFromTheOther(t *testing.T) {
	t.Parallel()
	c := cluster{}
	made(t, c, "snaptask", "openfaas-fn")
	dsn := c["snaptask"]["mysql-dsn-read"]
	delete(c["snaptask"], "mysql-dsn-read")
	delete(c["openfaas-fn"], "s3-secret-key-read")
	made(t, c, "snaptask", "openfaas-fn")
	require.Equal(t, dsn, c["snaptask"]["mysql-dsn-read"])
	require.Equal(t, c["snaptask"]["s3-secret-key-read"], c["openfaas-fn"]["s3-secret-key-read"])
}

func TestPublicKeyBelongsToSigningKey(t *testing.T) {
	t.Parallel()
	c := cluster{}
	made(t, c, "here")
	delete(c["here"], "token-public-keys")
	made(t, c, "here")
	private, _ := pem.Decode([]byte(c["here"]["token-signing-key"]))
	key, err := x509.ParsePKCS8PrivateKey(private.Bytes)
	require.NoError(t, err)
	public, _ := pem.Decode([]byte(c["here"]["token-public-keys"]))
	parsed, err := x509.ParsePKIXPublicKey(public.Bytes)
	require.NoError(t, err)
	require.Equal(t, key.(ed25519.PrivateKey).Public(), parsed)
}

func TestInconsistentSecretsAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cluster cluster
		args    []string
		problem string
	}{
		"no namespace":               {cluster{}, nil, "namespace"},
		"three":                      {cluster{}, []string{"a", "b", "c"}, "namespace"},
		"a flag":                     {cluster{}, []string{"-h"}, "namespace"},
		"two databases":              {cluster{"a": {"mysql-dsn-read": "hunter1"}, "b": {"mysql-dsn-read": "hunter2"}}, []string{"a", "b"}, "mysql-dsn-read differs between a and b"},
		"half of a database":         {cluster{"a": {"mysql-dsn": "hunter1"}}, []string{"a"}, "mysql-migration-dsn is missing"},
		"half of a store":            {cluster{"a": {"s3-access-key": "hunter1"}}, []string{"a"}, "s3-secret-key is missing"},
		"half of an account":         {cluster{"a": {"s3-access-key": "hunter1", "s3-secret-key": "hunter2", "s3-access-key-read": "hunter3"}}, []string{"a"}, "create both of the Secrets s3-access-key-read and s3-secret-key-read"},
		"root's password lost":       {cluster{"a": {"mysql-migration-dsn": "hunter1"}}, []string{"a"}, "restore mysql-root-password"},
		"signing key lost":           {cluster{"a": {"token-public-keys": "hunter1"}}, []string{"a"}, "token-public-keys exists without token-signing-key"},
		"invalid signing key":        {cluster{"a": {"token-signing-key": "hunter1"}}, []string{"a"}, "token-signing-key is not an Ed25519"},
		"invalid signing key in PEM": {cluster{"a": {"token-signing-key": "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n"}}, []string{"a"}, "token-signing-key is not an Ed25519"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := run(t.Context(), c.args, c.cluster, &bytes.Buffer{})
			require.ErrorContains(t, err, c.problem)
			require.NotContains(t, err.Error(), "hunter")
		})
	}
}

func TestExternalServersKeepTheirSecretsAndGetNoRootPassword(t *testing.T) {
	t.Parallel()
	const dsn = "app:secret@tcp(db.example.org:6446)/tasks?tls=true"
	own := map[string]string{"mysql-dsn": dsn, "mysql-migration-dsn": "owner:hidden@tcp(db.example.org:6446)/tasks?tls=true"}
	c := cluster{"here": maps.Clone(own)}
	all := len(everything) - 2 // root's password and DSN
	require.Contains(t, made(t, c, "here"), report(all-len(own), len(own)))
	for _, name := range []string{"mysql-dsn", "mysql-dsn-read", "mysql-dsn-signin", "mysql-dsn-write"} {
		require.Equal(t, dsn, c["here"][name], name)
	}
	require.NotContains(t, c["here"], "mysql-root-password")
	require.NotContains(t, c["here"], "mysql-admin-dsn")
	require.Contains(t, c["here"], "minio-root-password")
	require.Contains(t, made(t, c, "here"), report(0, all))

	own["s3-access-key"], own["s3-secret-key"] = "access", "hidden-too"
	c = cluster{"here": maps.Clone(own)}
	made(t, c, "here", "there")
	require.NotContains(t, c["here"], "minio-root-password")
	require.Equal(t, "access", c["there"]["s3-access-key-read"])

	own["s3-access-key-read"], own["s3-secret-key-read"] = "reader", "hidden-three"
	c = cluster{"here": maps.Clone(own)}
	made(t, c, "here")
	require.Equal(t, "reader", c["here"]["s3-access-key-read"])
	require.Equal(t, "access", c["here"]["s3-access-key-write"])
}
