package server

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

const unusedFunctionURL = "http://127.0.0.1:9/function/{name}"

// build returns files like those of a Vite build.
func build() fstest.MapFS {
	return fstest.MapFS{
		".gitkeep":                  {},
		"index.html":                {Data: []byte("<!doctype html><title>Snaptask</title>")},
		"assets/index-Dk3f9a.js":    {Data: []byte("console.log(1)")},
		"assets/index-Dk3f9a.js.gz": {Data: []byte("packed")},
		"assets/index-Dk3f9a.js.br": {Data: []byte("small")},
		"assets/plain-Ab12.css":     {Data: []byte("p{}")},
		"error.html":                {Data: []byte("<!doctype html><h1>{{.Heading}}</h1>{{.Message}} {{.Status}} {{.RequestID}}")},
		"favicon.ico":               {Data: []byte("icon")},
		"icon-192.png":              {Data: []byte("icon")},
		"manifest.webmanifest":      {Data: []byte("{}")},
		"robots.txt":                {Data: []byte("User-agent: *")},
		"api.html":                  {Data: []byte("<!doctype html><title>The functions</title>")},
		"openapi.yaml":              {Data: []byte("paths: {/function/create-task: {}, /function/get-tasks: {}, /function/predict-image: {}}")},
	}
}

func serverOver(t *testing.T, c Config, files fs.FS) *httptest.Server {
	t.Helper()
	handler, err := newHandler(c, files)
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func ask(t *testing.T, method, url string, header http.Header) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	require.NoError(t, err)
	request.Header = header
	if request.Header == nil {
		request.Header = http.Header{}
	}
	if request.Header.Get("Accept-Encoding") == "" {
		request.Header.Set("Accept-Encoding", "identity")
	}
	// A client would follow redirects and decompress gzip.
	response, err := testTransport.RoundTrip(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(body)
}

func TestPages(t *testing.T) {
	t.Parallel()
	server := serverOver(t, Config{FunctionURL: unusedFunctionURL}, build())
	const index, forever, checked = "text/html; charset=utf-8", "public, max-age=31536000, immutable", "no-cache"
	for name, want := range map[string]struct {
		path, contentType, cacheControl string
		status                          int
	}{
		"start page":              {"/", index, checked, 200},
		"index by name":           {"/index.html", index, checked, 200},
		"a view of the app":       {"/tasks/0190", index, checked, 200},
		"asset":                   {"/assets/index-Dk3f9a.js", "text/javascript; charset=utf-8", forever, 200},
		"file at the root":        {"/robots.txt", "text/plain; charset=utf-8", checked, 200},
		"icon of a tab":           {"/favicon.ico", "image/x-icon", checked, 200},
		"icon of the manifest":    {"/icon-192.png", "image/png", checked, 200},
		"the manifest":            {"/manifest.webmanifest", "application/manifest+json", checked, 200},
		"the contract":            {"/openapi.yaml", "application/yaml", checked, 200},
		"its page":                {"/api", index, checked, 200},
		"missing asset":           {"/assets/index-old", "application/json", "no-store", 404},
		"missing file":            {"/logo.png", "application/json", "no-store", 404},
		"hidden file":             {"/.gitkeep", "application/json", "no-store", 404},
		"compressed form by name": {"/assets/index-Dk3f9a.js.gz", "application/json", "no-store", 404},
		"better form by name":     {"/assets/index-Dk3f9a.js.br", "application/json", "no-store", 404},
		"the error page":          {"/error.html", "application/json", "no-store", 404},
		"its other name":          {"/error", index, checked, 200},
		"the gateway's API":       {"/system/functions", "application/json", "no-store", 404},
		"async functions":         {"/async-function/login", "application/json", "no-store", 404},
		"no function":             {"/function/", "application/json", "no-store", 404},
		"health":                  {"/healthz", "text/plain; charset=utf-8", "no-store", 200},
		"the app's settings":      {"/config.json", "application/json", checked, 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, _ := ask(t, http.MethodGet, server.URL+want.path, nil)
			require.Equal(t, want.status, response.StatusCode)
			require.Equal(t, want.contentType, response.Header.Get("Content-Type"))
			require.Equal(t, want.cacheControl, response.Header.Get("Cache-Control"))
			for header, value := range (Config{}).guards() {
				require.Equal(t, []string{value}, response.Header.Values(header))
			}
		})
	}
}

func TestPageOfTheContractIsNotTheApp(t *testing.T) {
	t.Parallel()
	server := serverOver(t, Config{FunctionURL: unusedFunctionURL}, build())
	_, page := ask(t, http.MethodGet, server.URL+"/api", nil)
	require.Contains(t, page, "The functions")
	_, view := ask(t, http.MethodGet, server.URL+"/api/more", nil)
	require.Contains(t, view, "Snaptask")
}

func TestPolicyAllowsNothingInlineOrForeign(t *testing.T) {
	t.Parallel()
	policy := Config{}.guards()["Content-Security-Policy"]
	for _, loophole := range []string{"unsafe", "http:", "https:", "data:", "*"} {
		require.NotContains(t, policy, loophole)
	}
	require.Contains(t, policy, "default-src 'none'")
	require.Contains(t, policy, "frame-ancestors 'none'")
}

func TestPagesAreReadOnly(t *testing.T) {
	t.Parallel()
	server := serverOver(t, Config{FunctionURL: unusedFunctionURL}, build())
	for _, path := range []string{"/", "/tasks", "/assets/index-Dk3f9a.js", "/config.json", "/healthz"} {
		response, _ := ask(t, http.MethodPost, server.URL+path, nil)
		require.Equal(t, http.StatusMethodNotAllowed, response.StatusCode, path)
		require.Equal(t, "GET, HEAD", response.Header.Get("Allow"), path)

		response, body := ask(t, http.MethodHead, server.URL+path, nil)
		require.Equal(t, http.StatusOK, response.StatusCode, path)
		require.Empty(t, body, path)
	}
}

func TestUnchangedPageIsNotSentAgain(t *testing.T) {
	t.Parallel()
	server := serverOver(t, Config{FunctionURL: unusedFunctionURL}, build())
	first, _ := ask(t, http.MethodGet, server.URL+"/", nil)
	require.NotEmpty(t, first.Header.Get("ETag"))
	again, body := ask(t, http.MethodGet, server.URL+"/", http.Header{"If-None-Match": {first.Header.Get("ETag")}})
	require.Equal(t, http.StatusNotModified, again.StatusCode)
	require.Empty(t, body)
}

func TestPolicyAllowsThePublicGateway(t *testing.T) {
	t.Parallel()
	server := serverOver(t, Config{FunctionURL: unusedFunctionURL, PublicGatewayURL: "https://gateway.test"}, build())
	answer, body := ask(t, http.MethodGet, server.URL+"/config.json", nil)
	require.Contains(t, answer.Header.Get("Content-Security-Policy"), "connect-src 'self' https://gateway.test/; ")
	require.Contains(t, body, `"gateway":"https://gateway.test"`)
}

func TestCompressedFormIsOnlySentIfAccepted(t *testing.T) {
	t.Parallel()
	server := serverOver(t, Config{FunctionURL: unusedFunctionURL}, build())
	etags := map[string]bool{}
	for accepted, want := range map[string]struct{ body, coding string }{
		"gzip":                    {"packed", "gzip"},
		"gzip, deflate, br, zstd": {"small", "br"},
		"br;q=0, GZIP ; q=0.5, *": {"packed", "gzip"},
		"gzip;q=0":                {"console.log(1)", ""},
		"br":                      {"small", "br"},
		"identity, x-gzip;q=1":    {"console.log(1)", ""},
	} {
		response, body := ask(t, http.MethodGet, server.URL+"/assets/index-Dk3f9a.js", http.Header{"Accept-Encoding": {accepted}})
		require.Equal(t, want.body, body, accepted)
		require.Equal(t, want.coding, response.Header.Get("Content-Encoding"), accepted)
		require.Equal(t, "Accept-Encoding", response.Header.Get("Vary"), accepted)
		etags[response.Header.Get("ETag")] = true
	}
	require.Len(t, etags, 3, "each form has an ETag of its own")
	response, _ := ask(t, http.MethodGet, server.URL+"/assets/plain-Ab12.css", http.Header{"Accept-Encoding": {"br, gzip"}})
	require.Empty(t, response.Header.Values("Content-Encoding"), "the build has no compressed form of it")
	require.Empty(t, response.Header.Values("Vary"))
}

func TestBrowsersGetErrorsAsPages(t *testing.T) {
	t.Parallel()
	closed := serverOver(t, Config{FunctionURL: unusedFunctionURL}, build())
	browser := func() http.Header {
		return http.Header{"Accept": {"text/html,application/xhtml+xml,*/*;q=0.8"}, "X-Call-Id": {"call-1"}}
	}
	for path, want := range map[string]struct {
		status  int
		heading string
	}{
		"/logo.png":             {http.StatusNotFound, "There is nothing here"},
		"/assets/index-old.js":  {http.StatusNotFound, "There is nothing here"},
		"/system/functions":     {http.StatusNotFound, "There is nothing here"},
		"/function/figlet":      {http.StatusNotFound, "There is no such function"},
		"/function/get-tasks":   {http.StatusServiceUnavailable, "Snaptask can’t be reached"},
		"/assets/%3Cscript%3E.": {http.StatusNotFound, "There is nothing here"},
	} {
		answer, body := ask(t, http.MethodGet, closed.URL+path, browser())
		require.Equal(t, want.status, answer.StatusCode, path)
		require.Equal(t, "text/html; charset=utf-8", answer.Header.Get("Content-Type"), path)
		require.Equal(t, "no-store", answer.Header.Get("Cache-Control"), path)
		require.Equal(t, "Accept", answer.Header.Get("Vary"), path)
		require.Contains(t, body, "<h1>"+want.heading+"</h1>", path)
		require.Contains(t, body, "call-1", path)
	}
	answer, body := ask(t, http.MethodGet, closed.URL+"/function/get-tasks", nil)
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	requireError(t, answer, body)
}

func TestAppConfig(t *testing.T) {
	t.Parallel()
	for _, registration := range []bool{true, false} {
		server := serverOver(t, Config{FunctionURL: unusedFunctionURL, Registration: registration}, build())
		_, body := ask(t, http.MethodGet, server.URL+"/config.json", nil)
		var got appConfig
		require.NoError(t, json.Unmarshal([]byte(body), &got))
		require.Empty(t, got.Gateway, "this server is the default")
		require.Equal(t, registration, got.Registration)
		require.Equal(t, 16<<20, got.Limits.PictureBytes)
		require.NotContains(t, body, "127.0.0.1", "the address of functions is internal")
	}
}

func TestAnswerWithoutABuildExplainsHowToBuild(t *testing.T) {
	t.Parallel()
	server := serverOver(t, Config{FunctionURL: unusedFunctionURL}, fstest.MapFS{".gitkeep": {}})
	for _, path := range []string{"/", "/function/get-tasks"} {
		response, body := ask(t, http.MethodGet, server.URL+path, nil)
		require.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
		require.Contains(t, body, "npm run build")
	}
	response, _ := ask(t, http.MethodGet, server.URL+"/healthz", nil)
	require.Equal(t, http.StatusOK, response.StatusCode)
}

// Without a build of the app there is nothing to compare.
func TestEmbeddedBuildIsComplete(t *testing.T) {
	t.Parallel()
	files := embedded()
	packed, err := fs.Glob(files, "assets/*.gz")
	require.NoError(t, err)
	smaller, err := fs.Glob(files, "assets/*.br")
	require.NoError(t, err)
	require.Len(t, smaller, len(packed))
	if hasIndex(files) {
		names, err := functionNames(files)
		require.NoError(t, err)
		require.NotEmpty(t, names)
		page, err := newErrorPages(files)
		require.NoError(t, err)
		var filled strings.Builder
		require.NoError(t, page.page.Execute(&filled, nothingHere.forPeople("<call>")))
		for _, asset := range regexp.MustCompile(`(?:href|src)="/(assets/[^"]+)"`).FindAllStringSubmatch(filled.String(), -1) {
			_, err := fs.Stat(files, asset[1])
			require.NoError(t, err, "the error page names an asset that does not exist")
		}
		require.Contains(t, filled.String(), "&lt;call&gt;")
		require.NotContains(t, filled.String(), "<style")
		require.NotContains(t, filled.String(), "/src/")
	}
	require.Equal(t, hasIndex(files), len(packed) > 0, "a build has compressed assets")
	scripts := 0
	for _, name := range packed {
		file, err := files.Open(name)
		require.NoError(t, err)
		unpacked, err := gzip.NewReader(file)
		require.NoError(t, err, name)
		got, err := io.ReadAll(unpacked)
		require.NoError(t, err, name)
		want, err := fs.ReadFile(files, name[:len(name)-len(".gz")])
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
		if strings.HasSuffix(name, ".js.gz") {
			info, err := file.Stat()
			require.NoError(t, err)
			scripts += int(info.Size())
		}
	}
	require.Less(t, scripts, 100_000, "compressed bytes of JavaScript")
}

func TestConfigFromEnv(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		url, registration, public string
		want                      Config
		wrong                     string
	}{
		"defaults":         {want: Config{FunctionURL: defaultFunctionURL, Registration: true}},
		"each by its name": {url: "http://{name}:8080", registration: "off", want: Config{FunctionURL: "http://{name}:8080"}},
		"on":               {url: "https://g/{name}", registration: "on", want: Config{FunctionURL: "https://g/{name}", Registration: true}},
		"no pattern":       {url: "http://gateway:8080", wrong: "{name}"},
		"no host":          {url: "/function/{name}", wrong: "full http"},
		"other scheme":     {url: "ftp://gateway/{name}", wrong: "full http"},
		"unknown switch":   {url: "http://{name}", registration: "yes", wrong: "REGISTRATION"},
		"public gateway": {
			url: "http://{name}", public: "https://g.test:8443/base/",
			want: Config{FunctionURL: "http://{name}", Registration: true, PublicGatewayURL: "https://g.test:8443/base"},
		},
		"public, no host":  {public: "g.test", wrong: "PUBLIC_GATEWAY_URL"},
		"public, query":    {public: "https://g.test?a=b", wrong: "PUBLIC_GATEWAY_URL"},
		"public, policies": {public: "https://g.test/; script-src *", wrong: "PUBLIC_GATEWAY_URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ConfigFromEnv(func(key string) string {
				return map[string]string{"FUNCTION_URL": test.url, "REGISTRATION": test.registration, "PUBLIC_GATEWAY_URL": test.public}[key]
			})
			if test.wrong != "" {
				require.ErrorContains(t, err, test.wrong)
				return
			}
			require.NoError(t, err)
			test.want.MaxConnections, test.want.ConnectionsPerAddress = 1024, 256
			test.want.S3Bucket, test.want.Uploads = "snaptask", "direct"
			require.Equal(t, test.want, got)
		})
	}
}

func TestSettingsOfUploads(t *testing.T) {
	t.Parallel()
	const store, public = "http://minio.snaptask:9000", "https://photos.test/base/"
	for name, c := range map[string]struct {
		endpoint, public, uploads, want string
		wrong                           string
	}{
		"no object store":              {want: "direct"},
		"an object store":              {endpoint: store, want: "both"},
		"one that browsers reach":      {public: public, want: "both"},
		"direct":                       {endpoint: store, uploads: "direct", want: "direct"},
		"event":                        {endpoint: store, uploads: "event", want: "event"},
		"event without object store":   {uploads: "event", wrong: "S3_ENDPOINT"},
		"both without object store":    {uploads: "both", wrong: "S3_ENDPOINT"},
		"unknown":                      {endpoint: store, uploads: "all", wrong: "UPLOADS"},
		"endpoint without scheme":      {endpoint: "minio:9000", wrong: "S3_ENDPOINT"},
		"public address without host":  {public: "photos", wrong: "OBJECTS_PUBLIC_URL"},
		"public address with policies": {public: "https://photos.test/; script-src *", wrong: "OBJECTS_PUBLIC_URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ConfigFromEnv(func(key string) string {
				return map[string]string{"S3_ENDPOINT": c.endpoint, "OBJECTS_PUBLIC_URL": c.public, "UPLOADS": c.uploads}[key]
			})
			if c.wrong != "" {
				require.ErrorContains(t, err, c.wrong)
				return
			}
			require.NoError(t, err)
			_, body := ask(t, http.MethodGet, serverOver(t, got, build()).URL+"/config.json", nil)
			var app appConfig
			require.NoError(t, json.Unmarshal([]byte(body), &app))
			require.Equal(t, c.want, app.Uploads)
			require.NotContains(t, body, "minio")
		})
	}
}

func TestCountsAreWholeNumbers(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"MAX_CONNECTIONS", "CONNECTIONS_PER_ADDRESS"} {
		for _, text := range []string{"0", "-1", "many"} {
			_, err := ConfigFromEnv(func(key string) string { return map[string]string{name: text}[key] })
			require.ErrorContains(t, err, name)
		}
	}
}
