// Package config reads a function's settings from the environment and its secrets from files, and checks them all
// before the first request is served by them.
package config

import (
	"cmp"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Config is what a function may be set to. Only the parts asked for in Load are filled in.
type Config struct {
	Database   Database
	Tokens     Tokens
	Signing    Signing
	Objects    Objects
	Classifier Classifier
	Registry   Registry
	Clients    Clients
	Sweep      Sweep
}

// Database is how MySQL is reached.
type Database struct {
	DSN         string        // secret mysql-dsn: USER:PASSWORD@tcp(HOST:PORT)/DATABASE
	MaxOpen     int           // DB_MAX_OPEN: connections at once
	MaxLifetime time.Duration // DB_MAX_LIFETIME: after which a connection is replaced
	Timeout     time.Duration // DB_TIMEOUT: for one statement
}

// Tokens is how the tokens that clients bring are checked.
type Tokens struct {
	PublicKeys []ed25519.PublicKey // secret token-public-keys: PEM, one or several
}

// Signing is how tokens are made.
type Signing struct {
	PrivateKey ed25519.PrivateKey // secret token-signing-key: PEM, PKCS #8
	Lifetime   time.Duration      // SESSION_LIFETIME
}

// Objects is how the store of pictures is reached.
type Objects struct {
	Endpoint  string        // S3_ENDPOINT: http://HOST:PORT
	Region    string        // S3_REGION
	Bucket    string        // S3_BUCKET
	AccessKey string        // secret s3-access-key
	SecretKey string        // secret s3-secret-key
	Timeout   time.Duration // S3_TIMEOUT: for one call
}

// Classifier is how TensorFlow Serving is reached.
type Classifier struct {
	Protocol string        // CLASSIFIER_PROTOCOL: grpc or rest
	Address  string        // CLASSIFIER_ADDRESS: HOST:PORT or dns:///NAME:PORT, for grpc
	RESTURL  string        // CLASSIFIER_REST_URL: http://HOST:PORT, for rest
	Model    string        // CLASSIFIER_MODEL: the name it is served under
	Timeout  time.Duration // CLASSIFIER_TIMEOUT: for one picture
}

// Registry says who may register.
type Registry struct {
	Open bool // REGISTRATION: on or off
}

// Clients is how a client's address is known.
type Clients struct {
	AddressKey []byte // secret client-address-key, shared with the web server; without it addresses are not known
}

// Sweep is how housekeeping cleans up.
type Sweep struct {
	OrphanAge time.Duration // ORPHAN_AGE: after which a picture that nothing names counts as an upload that died
}

// Part fills in one part of a Config.
type Part func(*reader, *Config)

// Load reads the given parts. Its error names everything that is missing or wrong at once, without secret values.
func Load(parts ...Part) (Config, error) {
	var c Config
	r := reader{folder: cmp.Or(os.Getenv("SECRETS_DIR"), "/var/openfaas/secrets")}
	for _, part := range parts {
		part(&r, &c)
	}
	return c, errors.Join(r.problems...)
}

// ForDatabase fills in Config.Database.
func ForDatabase(r *reader, c *Config) {
	c.Database = Database{
		DSN:         r.secret("mysql-dsn"),
		MaxOpen:     r.number("DB_MAX_OPEN", 2),
		MaxLifetime: r.duration("DB_MAX_LIFETIME", 5*time.Minute),
		Timeout:     r.duration("DB_TIMEOUT", 5*time.Second),
	}
}

// ForTokens fills in Config.Tokens.
func ForTokens(r *reader, c *Config) {
	c.Tokens.PublicKeys = r.publicKeys("token-public-keys")
}

// ForSigning fills in Config.Signing.
func ForSigning(r *reader, c *Config) {
	c.Signing = Signing{PrivateKey: r.privateKey("token-signing-key"), Lifetime: r.duration("SESSION_LIFETIME", 7*24*time.Hour)}
}

// ForObjects fills in Config.Objects.
func ForObjects(r *reader, c *Config) {
	c.Objects = Objects{
		Endpoint:  r.url("S3_ENDPOINT", "http://minio.snaptask:9000"),
		Region:    r.text("S3_REGION", "us-east-1"),
		Bucket:    r.text("S3_BUCKET", "snaptask"),
		AccessKey: r.secret("s3-access-key"),
		SecretKey: r.secret("s3-secret-key"),
		Timeout:   r.duration("S3_TIMEOUT", 8*time.Second),
	}
}

// ForClassifier fills in Config.Classifier.
func ForClassifier(r *reader, c *Config) {
	c.Classifier = Classifier{
		Protocol: r.oneOf("CLASSIFIER_PROTOCOL", "grpc", "rest"),
		Address:  r.text("CLASSIFIER_ADDRESS", "dns:///tensorflow-serving.snaptask:8500"),
		RESTURL:  r.url("CLASSIFIER_REST_URL", "http://tensorflow-serving.snaptask:8501"),
		Model:    r.text("CLASSIFIER_MODEL", "efficientnet"),
		Timeout:  r.duration("CLASSIFIER_TIMEOUT", 20*time.Second),
	}
}

// ForRegistry fills in Config.Registry.
func ForRegistry(r *reader, c *Config) {
	c.Registry.Open = r.oneOf("REGISTRATION", "on", "off") == "on"
}

// ForClients fills in Config.Clients.
func ForClients(r *reader, c *Config) {
	if _, err := os.Stat(filepath.Join(r.folder, clientAddressKey)); !errors.Is(err, fs.ErrNotExist) {
		c.Clients.AddressKey = []byte(r.secret(clientAddressKey))
	}
}

const clientAddressKey = "client-address-key"

// ForSweep fills in Config.Sweep.
func ForSweep(r *reader, c *Config) {
	c.Sweep.OrphanAge = r.duration("ORPHAN_AGE", time.Hour)
}

// Origins reads CORS_ORIGINS: the origins, separated by commas, whose pages may call functions from a browser.
func Origins() ([]string, error) {
	var origins []string
	for _, origin := range strings.FieldsFunc(os.Getenv("CORS_ORIGINS"), func(c rune) bool { return c == ',' || c == ' ' }) {
		u, err := url.Parse(origin)
		if err != nil || u.Scheme == "" || u.Host == "" || strings.Contains(u.Host, "*") || origin != strings.ToLower(u.Scheme+"://"+u.Host) {
			return nil, fmt.Errorf("CORS_ORIGINS: %q is not an origin, such as https://tasks.example.org", origin)
		}
		origins = append(origins, origin)
	}
	return origins, nil
}

// reader reads settings and keeps what is wrong with them.
type reader struct {
	folder   string
	problems []error
}

func (r *reader) fail(name, format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf("%s: "+format, append([]any{name}, args...)...))
}

func (r *reader) text(name, otherwise string) string { return cmp.Or(os.Getenv(name), otherwise) }

func (r *reader) number(name string, otherwise int) int {
	n, err := strconv.Atoi(r.text(name, strconv.Itoa(otherwise)))
	if err != nil || n < 1 {
		r.fail(name, "must be a whole number from 1")
	}
	return n
}

func (r *reader) duration(name string, otherwise time.Duration) time.Duration {
	d, err := time.ParseDuration(r.text(name, otherwise.String()))
	if err != nil || d <= 0 {
		r.fail(name, "must be a duration, such as 5s or 168h")
	}
	return d
}

// oneOf reads a setting with few values, the first of which is the default.
func (r *reader) oneOf(name string, values ...string) string {
	text := r.text(name, values[0])
	for _, v := range values {
		if text == v {
			return v
		}
	}
	r.fail(name, "must be one of %s", strings.Join(values, ", "))
	return values[0]
}

func (r *reader) url(name, otherwise string) string {
	text := r.text(name, otherwise)
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		r.fail(name, "must be http://HOST:PORT or https://HOST:PORT")
	}
	return text
}

func (r *reader) secret(name string) string {
	data, err := os.ReadFile(filepath.Join(r.folder, name))
	text := strings.TrimSpace(string(data))
	switch {
	case err != nil:
		r.fail(name, "the secret can't be read: %w", err)
	case text == "":
		r.fail(name, "the secret is empty")
	}
	return text
}
