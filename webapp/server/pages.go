package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

const indexName = "index.html"

// page is one file of the build, with its compressed forms.
type page struct {
	contentType  string
	cacheControl string
	etag         string // of the plain bytes, without quotes
	plain        []byte
	compressed   map[string][]byte // by content coding
}

// codings are the content codings of the build's compressed assets, best first, with their files' suffixes.
var codings = []struct{ name, suffix string }{{"br", ".br"}, {"gzip", ".gz"}}

// pages serves the built app from memory, which takes a few hundred kilobytes.
type pages struct {
	byPath     map[string]page // path below the root, without the leading slash
	errorPages errorPages
}

func newPages(files fs.FS, errorPages errorPages) (http.Handler, error) {
	p := pages{byPath: map[string]page{}, errorPages: errorPages}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), ".") || isCompressed(name) || name == errorPageName {
			return err
		}
		one, err := readPage(files, name)
		p.byPath[name] = one
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the built app: %w", err)
	}
	return p, nil
}

func readPage(files fs.FS, name string) (page, error) {
	plain, err := fs.ReadFile(files, name)
	if err != nil {
		return page{}, err
	}
	compressed := map[string][]byte{}
	for _, coding := range codings {
		if form, err := fs.ReadFile(files, name+coding.suffix); err == nil {
			compressed[coding.name] = form
		}
	}
	sum := sha256.Sum256(plain)
	return page{
		contentType:  contentType(name),
		cacheControl: cacheControl(name),
		etag:         hex.EncodeToString(sum[:12]),
		plain:        plain,
		compressed:   compressed,
	}, nil
}

func isCompressed(name string) bool {
	return path.Ext(name) == ".br" || path.Ext(name) == ".gz"
}

// contentType does not use package mime, whose table depends on the machine.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".ico":
		return "image/x-icon"
	case ".json":
		return "application/json"
	case ".webmanifest":
		return "application/manifest+json"
	case ".yaml":
		return "application/yaml"
	case ".txt":
		return "text/plain; charset=utf-8"
	default:
		return "application/octet-stream"
	}
}

// cacheControl returns "immutable" for assets, whose names contain a hash of their bytes, and "no-cache" for everything else.
func cacheControl(name string) string {
	if strings.HasPrefix(name, "assets/") {
		return "public, max-age=31536000, immutable"
	}
	return "no-cache"
}

func (p pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	found, ok := p.byPath[name]
	if !ok {
		found, ok = p.byPath[name+".html"]
	}
	if !ok && isAppPath(name) {
		found, ok = p.byPath[indexName]
	}
	if !ok {
		p.errorPages.write(w, r, nothingHere)
		return
	}
	found.serve(w, r)
}

// isAppPath reports whether the app's router may know the path, which is then neither an asset nor a name with an extension.
func isAppPath(name string) bool {
	return !strings.HasPrefix(name, "assets/") && !strings.Contains(path.Base("/"+name), ".")
}

func (p page) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", p.contentType)
	h.Set("Cache-Control", p.cacheControl)
	body, etag := p.plain, p.etag
	if len(p.compressed) > 0 {
		h.Set("Vary", "Accept-Encoding")
	}
	for _, coding := range codings {
		if form, ok := p.compressed[coding.name]; ok && accepts(r.Header.Values("Accept-Encoding"), coding.name) {
			h.Set("Content-Encoding", coding.name)
			body, etag = form, etag+"-"+coding.name
			break
		}
	}
	h.Set("ETag", strconv.Quote(etag))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// accepts reports whether Accept-Encoding (RFC 9110, section 12.5.3) names the coding with a weight above zero.
func accepts(values []string, wanted string) bool {
	for _, coding := range strings.Split(strings.Join(values, ","), ",") {
		name, params, _ := strings.Cut(coding, ";")
		if !strings.EqualFold(strings.TrimSpace(name), wanted) {
			continue
		}
		weight, weighted := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(params), " ", ""), "q=")
		q, err := strconv.ParseFloat(weight, 64)
		return !weighted || (err == nil && q > 0)
	}
	return false
}

func notBuilt(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, "The web app is not built into this binary yet.\n\n"+
		"In the folder webapp: npm ci && npm run build\n"+
		"then compile and start the server again.",
		http.StatusServiceUnavailable)
}
