package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"snaptask/functions/internal/config"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/task"

	handler "github.com/openfaas/templates-sdk/go-http"
)

// readOrigins reads CORS_ORIGINS: the origins, separated by commas, whose pages may call functions from a browser.
func readOrigins(c *config.Reader) []string {
	var origins []string
	for _, origin := range strings.FieldsFunc(c.Text("CORS_ORIGINS", ""), func(r rune) bool { return r == ',' || r == ' ' }) {
		u, err := url.Parse(origin)
		if err != nil || u.Scheme == "" || u.Host == "" || strings.Contains(u.Host, "*") || origin != strings.ToLower(u.Scheme+"://"+u.Host) {
			c.Fail("CORS_ORIGINS", "%q is not an origin, such as https://tasks.example.org", origin)
		}
		origins = append(origins, origin)
	}
	return origins
}

// checkOrigin refuses a browser's CORS preflight request from a page that may not call the function.
func checkOrigin(origins []string, r handler.Request) error {
	if origin := r.Header.Get("Origin"); origin != "" && !slices.Contains(origins, origin) {
		return fault.New(fault.Forbidden, "origin_not_allowed", "Pages of this origin may not call this function.")
	}
	return nil
}

// preflight returns the verb that answers a preflight request.
func (f *Function[Deps]) preflight() verb[Deps] {
	return func(context.Context, *Deps, task.Owner, handler.Request) (any, error) {
		return handler.Response{StatusCode: http.StatusOK, Header: http.Header{
			"Content-Type":                 {"text/plain; charset=utf-8"},
			"Allow":                        {f.allowed()},
			"Access-Control-Allow-Methods": {f.allowed()},
			"Access-Control-Allow-Headers": {"Authorization, Content-Type, If-None-Match, " + CallIDHeader},
			"Access-Control-Max-Age":       {"600"},
		}}, nil
	}
}

// allowOrigin lets a page of an allowed origin read the response.
func allowOrigin(origins []string, r handler.Request, header http.Header) {
	if len(origins) == 0 {
		return
	}
	header.Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); slices.Contains(origins, origin) {
		header.Set("Access-Control-Allow-Origin", origin)
		header.Set("Access-Control-Expose-Headers", "ETag, Link, Retry-After, "+CallIDHeader)
	}
}
