// Package config reads settings from the environment and secrets from files. Each package declares what it needs with a
// Reader, which collects everything that is missing or wrong, so that an operator sees all of it at once.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Reader reads settings and secrets and collects their problems. A method that finds a problem returns a value that must
// not be used; Err reports it.
type Reader struct {
	secrets  string // folder
	problems []error
}

// New returns a Reader of this process's environment and of the secrets in SECRETS_DIR (default /var/openfaas/secrets).
func New() *Reader {
	return &Reader{secrets: cmp.Or(os.Getenv("SECRETS_DIR"), "/var/openfaas/secrets")}
}

// Err returns every problem found so far, joined, or nil. It never contains a secret's value.
func (r *Reader) Err() error { return errors.Join(r.problems...) }

// Fail adds a problem with the named setting or secret.
func (r *Reader) Fail(name, format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf("%s: "+format, append([]any{name}, args...)...))
}

// Text returns a setting, or fallback if it is not set.
func (r *Reader) Text(name, fallback string) string { return cmp.Or(os.Getenv(name), fallback) }

// Int returns a setting that is a whole number and not less than least.
func (r *Reader) Int(name string, fallback, least int) int {
	n, err := strconv.Atoi(r.Text(name, strconv.Itoa(fallback)))
	if err != nil || n < least {
		r.Fail(name, "must be a whole number from %d", least)
	}
	return n
}

// Duration returns a setting that is a duration in the form of time.ParseDuration and not less than least.
func (r *Reader) Duration(name string, fallback, least time.Duration) time.Duration {
	d, err := time.ParseDuration(r.Text(name, fallback.String()))
	if err != nil || d < least {
		r.Fail(name, "must be a duration from %v, such as 500ms or 168h", least)
	}
	return d
}

// OneOf returns a setting that has one of the given values, the first of which is the default.
func (r *Reader) OneOf(name string, values ...string) string {
	text := r.Text(name, values[0])
	if !slices.Contains(values, text) {
		r.Fail(name, "must be one of %s", strings.Join(values, ", "))
	}
	return text
}

// URL returns a setting that is an http or https URL.
func (r *Reader) URL(name, fallback string) string {
	text := r.Text(name, fallback)
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		r.Fail(name, "must be http://HOST:PORT or https://HOST:PORT")
	}
	return text
}

// Secret returns the text of the named secret without surrounding white space.
func (r *Reader) Secret(name string) string {
	data, err := os.ReadFile(filepath.Join(r.secrets, name))
	text := strings.TrimSpace(string(data))
	switch {
	case err != nil:
		r.Fail(name, "the secret can't be read: %w", err)
	case text == "":
		r.Fail(name, "the secret is empty")
	}
	return text
}

// SecretOf returns the secret NAME-ACCOUNT, or NAME if account is empty.
func (r *Reader) SecretOf(name, account string) string {
	if account != "" {
		name += "-" + account
	}
	return r.Secret(name)
}

// OptionalSecret is like Secret, but returns "" if there is no such secret.
func (r *Reader) OptionalSecret(name string) string {
	if _, err := os.Stat(filepath.Join(r.secrets, name)); errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return r.Secret(name)
}
