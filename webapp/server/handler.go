package server

import (
	"io/fs"
	"net/http"
)

// newHandler returns the handler for everything that this server serves: the app's pages and assets, /openapi.yaml and its page
// /api, /config.json, /healthz, /function/NAME for the functions in openapi.yaml, and /uploads/ for photos on their way to the object
// store. If files contains no build of the app, pages and functions answer 503.
func newHandler(c Config, files fs.FS) (http.Handler, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	app, err := c.app()
	if err != nil {
		return nil, err
	}
	errorPages, err := newErrorPages(files)
	if err != nil {
		return nil, err
	}
	pages, forward := http.Handler(http.HandlerFunc(notBuilt)), http.Handler(http.HandlerFunc(notBuilt))
	if hasIndex(files) {
		names, err := functionNames(files)
		if err != nil {
			return nil, err
		}
		if forward, err = newForwarder(c, names, errorPages); err != nil {
			return nil, err
		}
		if pages, err = newPages(files, errorPages); err != nil {
			return nil, err
		}
	}

	mux := http.NewServeMux()
	mux.Handle("/function/{name}", forward)
	if c.forwardsUploads() {
		uploads, err := newUploads(c, errorPages)
		if err != nil {
			return nil, err
		}
		mux.Handle("/uploads/{user}/{task}/{id}", uploads)
	}
	for _, closed := range []string{"/function/", "/async-function/", "/system/", "/uploads/"} {
		mux.HandleFunc(closed, func(w http.ResponseWriter, r *http.Request) { errorPages.write(w, r, nothingHere) })
	}
	readOnly := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet && r.Method != http.MethodHead {
				w.Header().Set("Allow", "GET, HEAD")
				errorPages.write(w, r, readingOnly)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	mux.Handle("/config.json", readOnly(serveAppConfig(app)))
	mux.Handle(healthPath, readOnly(http.HandlerFunc(healthy)))
	mux.Handle("/", readOnly(pages))
	bodies := newBodies(maxBodies)
	return guarded(c.guards(), bodies.bound(c, errorPages, withRoute(mux))), nil
}

const healthPath = "/healthz"

func healthy(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte("ok\n"))
}

// guards returns the security headers of every response. The app shows images as blobs, since it fetches them with a token.
func (c Config) guards() map[string]string {
	connect := "'self'"
	for _, elsewhere := range []string{c.PublicGatewayURL, c.ObjectsPublicURL} {
		if elsewhere != "" {
			connect += " " + elsewhere + "/"
		}
	}
	return map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; " +
			"connect-src " + connect + "; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Permissions-Policy":           "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
		"Referrer-Policy":              "no-referrer",
		"X-Content-Type-Options":       "nosniff",
		"X-Frame-Options":              "DENY",
	}
}

func guarded(guards map[string]string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range guards {
			w.Header().Set(name, value)
		}
		next.ServeHTTP(w, r)
	})
}
