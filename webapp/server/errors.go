package server

import (
	"bytes"
	"encoding/json"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
)

const errorPageName = "error.html"

// failure is an error response that this server generates itself.
type failure struct {
	status  int
	code    string // stable, for programs
	heading string // for people
	message string
}

var (
	nothingHere = failure{http.StatusNotFound, "not_found", "There is nothing here",
		"The address may be mistyped, or what was here has gone."}
	noFunction = failure{http.StatusNotFound, "no_function", "There is no such function",
		"There is no such function. The page /api shows those that there are."}
	readingOnly = failure{http.StatusMethodNotAllowed, "method_not_allowed", "This can only be read",
		"This page can only be read (GET or HEAD)."}
	uploadOnly = failure{http.StatusMethodNotAllowed, "method_not_allowed", "This is for uploads",
		"A photo can be sent here (PUT), and nothing else."}
	uploadRefused = failure{http.StatusForbidden, "upload_refused", "This upload is refused",
		"This address is for one photo, of the size and type that were given and with the headers that came with it, for 10 minutes. " +
			"Please get another one from upload-url."}
	uploadTooLarge = failure{http.StatusRequestEntityTooLarge, "too_large", "The photo is too large",
		"The photo is larger than 16 MiB."}
	lengthRequired = failure{http.StatusLengthRequired, "length_required", "The length is missing",
		"The request needs a Content-Length."}
	bodyIncomplete = failure{http.StatusBadRequest, "body_incomplete", "The request did not arrive",
		"The request’s body did not arrive in full, or too slowly. Please try again."}
	tooManyBodies = failure{http.StatusServiceUnavailable, "busy", "Too much at once",
		"Too much is being sent from your address at once. Please try again."}
	tooManyUploads = failure{http.StatusServiceUnavailable, "busy", "Too many photos at once",
		"Too many photos are being sent at once. Please try again."}
	unavailable = failure{http.StatusServiceUnavailable, "unavailable", "Snaptask can’t be reached",
		"Snaptask can’t be reached at the moment. Please try again."}
	outcomeUnknown = failure{http.StatusServiceUnavailable, "outcome_unknown", "Snaptask did not confirm this",
		"It is not known whether this was done. Please look, or repeat the request."}
)

// errorPages writes failures: HTML for people, and for programs JSON in the form of the functions' errors.
type errorPages struct {
	page *template.Template // nil without a build
}

func newErrorPages(files fs.FS) (errorPages, error) {
	if !hasIndex(files) {
		return errorPages{}, nil
	}
	page, err := template.ParseFS(files, errorPageName)
	return errorPages{page}, err
}

func (e errorPages) write(w http.ResponseWriter, r *http.Request, f failure) {
	recordOf(r).code = f.code
	id := callID(r)
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept")
	h.Set(callIDHeader, id)
	if body := (&bytes.Buffer{}); e.page != nil && isForPeople(r) && e.page.Execute(body, f.forPeople(id)) == nil {
		h.Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(f.status)
		_, _ = body.WriteTo(w)
		return
	}
	h.Set("Content-Type", "application/json")
	w.WriteHeader(f.status)
	type details struct {
		Code      string `json:"code"`
		Message   string `json:"message"`
		RequestID string `json:"requestId"`
	}
	_ = json.NewEncoder(w).Encode(map[string]details{"error": {f.code, f.message, id}})
}

// forPeople returns the data of the template error.html.
func (f failure) forPeople(id string) any {
	return struct {
		Status                      int
		Heading, Message, RequestID string
	}{f.status, f.heading, f.message, id}
}

// isForPeople reports whether a browser will show the response as a page: only then does it explicitly accept HTML.
func isForPeople(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}
