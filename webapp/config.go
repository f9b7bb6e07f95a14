package webapp

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
	"strings"
)

// Config is what the web server must be told.
type Config struct {
	FunctionURL  string // FUNCTION_URL: where a function runs, {name} standing for its name: http://127.0.0.1:31112/function/{name}
	Registration bool   // REGISTRATION=on|off: whether the app offers to make an account; the function register decides

	ClientAddressKey []byte         // secret client-address-key, shared with functions that count failures by address; may be missing
	TrustedProxies   []netip.Prefix // TRUSTED_PROXIES: networks of proxies before this server, such as 10.0.0.0/8
}

// DefaultFunctionURL is OpenFaaS's gateway inside its cluster.
const DefaultFunctionURL = "http://gateway.openfaas:8080/function/{name}"

// ConfigFromEnv reads FUNCTION_URL, REGISTRATION and TRUSTED_PROXIES through getenv, and the secret in SECRETS_DIR; what
// is not set gets its default (DefaultFunctionURL, on, none, /var/openfaas/secrets).
func ConfigFromEnv(getenv func(string) string) (Config, error) {
	c := Config{FunctionURL: getenv("FUNCTION_URL"), Registration: true}
	if c.FunctionURL == "" {
		c.FunctionURL = DefaultFunctionURL
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
	secrets := cmp.Or(getenv("SECRETS_DIR"), "/var/openfaas/secrets")
	c.ClientAddressKey, err = os.ReadFile(filepath.Join(secrets, "client-address-key"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Config{}, err
	}
	c.ClientAddressKey = bytes.TrimSpace(c.ClientAddressKey)
	return c, c.check()
}

func (c Config) check() error {
	if !strings.Contains(c.FunctionURL, "{name}") {
		return errors.New("FUNCTION_URL must hold {name} where the function's name goes")
	}
	u, err := c.urlOf("name")
	if err != nil {
		return fmt.Errorf("FUNCTION_URL: %w", err)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return errors.New("FUNCTION_URL must be a full http or https address")
	}
	return nil
}

// urlOf is where the named function answers.
func (c Config) urlOf(function string) (*url.URL, error) {
	return url.Parse(strings.ReplaceAll(c.FunctionURL, "{name}", function))
}

// appConfig is /config.json: what the browser's side needs to know, none of it secret. The limits are the functions'
// own, told here so that the app can say so before it sends something in vain.
type appConfig struct {
	Registration bool      `json:"registration"`
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
		Registration: c.Registration,
		Limits: appLimits{
			PictureBytes: 16 << 20,
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
