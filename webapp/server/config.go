package server

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Config contains the web server's settings.
type Config struct {
	FunctionURL  string // FUNCTION_URL: URL of a function, with {name} in place of its name: http://127.0.0.1:31112/function/{name}
	Registration bool   // REGISTRATION=on|off: whether the app offers registration; the function register decides

	// PUBLIC_GATEWAY_URL: where browsers call functions, as PUBLIC_GATEWAY_URL/function/NAME, if not through this server:
	// https://gateway.example.org. The functions' CORS_ORIGINS must then contain this server's origin.
	PublicGatewayURL string

	// S3_ENDPOINT and S3_BUCKET (snaptask): the object store to which this server forwards uploads, as the function upload-url has
	// them. OBJECTS_PUBLIC_URL, also as there: where browsers send uploads instead, such as https://photos.example.org.
	S3Endpoint, S3Bucket string
	ObjectsPublicURL     string
	Uploads              string // UPLOADS=both|direct|event: how the app sends photos

	ClientAddressKey []byte         // secret client-address-key, shared with functions that limit failed logins by address; optional
	TrustedProxies   []netip.Prefix // TRUSTED_PROXIES: networks of proxies in front of this server, such as 10.0.0.0/8

	MaxConnections        int // MAX_CONNECTIONS: beyond which those without a request are closed
	ConnectionsPerAddress int // CONNECTIONS_PER_ADDRESS: of these, from one address that is not a trusted proxy
}

// defaultFunctionURL is the OpenFaaS gateway within its cluster.
const defaultFunctionURL = "http://gateway.openfaas:8080/function/{name}"

// ConfigFromEnv reads FUNCTION_URL (defaultFunctionURL), REGISTRATION (on), PUBLIC_GATEWAY_URL, S3_ENDPOINT, S3_BUCKET,
// OBJECTS_PUBLIC_URL, UPLOADS (both, or direct without an object store), TRUSTED_PROXIES, MAX_CONNECTIONS (1024) and
// CONNECTIONS_PER_ADDRESS (256) with getenv, and the secret client-address-key in SECRETS_DIR (/var/openfaas/secrets).
func ConfigFromEnv(getenv func(string) string) (Config, error) {
	c := Config{
		FunctionURL:      cmp.Or(getenv("FUNCTION_URL"), defaultFunctionURL),
		Registration:     true,
		PublicGatewayURL: strings.TrimRight(getenv("PUBLIC_GATEWAY_URL"), "/"),
		S3Endpoint:       getenv("S3_ENDPOINT"),
		S3Bucket:         cmp.Or(getenv("S3_BUCKET"), "snaptask"),
		ObjectsPublicURL: strings.TrimRight(getenv("OBJECTS_PUBLIC_URL"), "/"),
		Uploads:          getenv("UPLOADS"),
	}
	if c.Uploads == "" {
		c.Uploads = "direct"
		if c.S3Endpoint != "" || c.ObjectsPublicURL != "" {
			c.Uploads = "both"
		}
	}
	switch value := getenv("REGISTRATION"); value {
	case "", "on":
	case "off":
		c.Registration = false
	default:
		return Config{}, fmt.Errorf("REGISTRATION must be on or off, not %q", value)
	}
	var err error
	if c.TrustedProxies, err = parseProxies(getenv("TRUSTED_PROXIES")); err != nil {
		return Config{}, err
	}
	if c.MaxConnections, err = count(getenv, "MAX_CONNECTIONS", 1024); err != nil {
		return Config{}, err
	}
	if c.ConnectionsPerAddress, err = count(getenv, "CONNECTIONS_PER_ADDRESS", 256); err != nil {
		return Config{}, err
	}
	secrets := cmp.Or(getenv("SECRETS_DIR"), "/var/openfaas/secrets")
	c.ClientAddressKey, err = os.ReadFile(filepath.Join(secrets, "client-address-key"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Config{}, err
	}
	c.ClientAddressKey = bytes.TrimSpace(c.ClientAddressKey)
	return c, c.check()
}

func count(getenv func(string) string, name string, fallback int) (int, error) {
	text := getenv(name)
	if text == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s must be a whole number from 1, not %q", name, text)
	}
	return n, nil
}

func (c Config) check() error {
	if !strings.Contains(c.FunctionURL, "{name}") {
		return errors.New("FUNCTION_URL must contain {name} in place of the function's name")
	}
	if u, err := c.urlOf("name"); err != nil || !isFull(u) {
		return errors.New("FUNCTION_URL must be a full http or https URL")
	}
	if u, err := url.Parse(c.S3Endpoint); c.S3Endpoint != "" && (err != nil || !isFull(u)) {
		return errors.New("S3_ENDPOINT must be a full http or https URL, such as http://minio.snaptask:9000")
	}
	switch c.Uploads {
	case "", "direct":
	case "both", "event":
		if c.S3Endpoint == "" && c.ObjectsPublicURL == "" {
			return fmt.Errorf("UPLOADS=%s needs S3_ENDPOINT or OBJECTS_PUBLIC_URL", c.Uploads)
		}
	default:
		return fmt.Errorf("UPLOADS must be both, direct or event, not %q", c.Uploads)
	}
	if !isPublic(c.PublicGatewayURL) {
		return errors.New("PUBLIC_GATEWAY_URL must be a full http or https URL without query, such as https://gateway.example.org")
	}
	if !isPublic(c.ObjectsPublicURL) {
		return errors.New("OBJECTS_PUBLIC_URL must be a full http or https URL without query, such as https://photos.example.org")
	}
	return nil
}

// isPublic reports whether text is empty or a URL that can stand in the Content-Security-Policy.
func isPublic(text string) bool {
	u, err := url.Parse(text)
	return text == "" || err == nil && isFull(u) && u.RawQuery == "" && u.Fragment == "" && u.User == nil && !strings.ContainsAny(text, ";, '")
}

// forwardsUploads reports whether uploads come through this server.
func (c Config) forwardsUploads() bool { return c.S3Endpoint != "" && c.ObjectsPublicURL == "" }

func isFull(u *url.URL) bool { return (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" }

// urlOf returns the URL of the named function.
func (c Config) urlOf(function string) (*url.URL, error) {
	return url.Parse(strings.ReplaceAll(c.FunctionURL, "{name}", function))
}

// appConfig is the content of /config.json, the app's settings, which anyone can read. The limits are those of the functions, so
// that the app can refuse the same input.
type appConfig struct {
	Gateway      string    `json:"gateway"` // prefix of /function/NAME; "" for this server
	Registration bool      `json:"registration"`
	Uploads      string    `json:"uploads"` // both, direct or event
	Limits       appLimits `json:"limits"`
}

type appLimits struct {
	PictureBytes int      `json:"pictureBytes"`
	PictureTypes []string `json:"pictureTypes"`
	TitleLength  int      `json:"titleLength"` // characters
	BodyBytes    int      `json:"bodyBytes"`
}

func (c Config) app() ([]byte, error) {
	return json.Marshal(appConfig{
		Gateway:      c.PublicGatewayURL,
		Registration: c.Registration,
		Uploads:      cmp.Or(c.Uploads, "direct"),
		Limits: appLimits{
			PictureBytes: maxUpload,
			PictureTypes: []string{"image/jpeg", "image/png", "image/webp"},
			TitleLength:  255,
			BodyBytes:    65_535,
		},
	})
}

func serveAppConfig(body []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write(body)
	})
}
