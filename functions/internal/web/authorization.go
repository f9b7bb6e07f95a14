package web

import (
	"net/http"
	"strings"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/task"
)

// userOf returns a check of a header Authorization that returns the owner of its token.
func userOf(tokens *auth.Verifier) func(string) (task.Owner, error) {
	return func(authorization string) (task.Owner, error) { return tokens.Owner(bearer(authorization)) }
}

// nobodyWith returns a check of a header Authorization that accepts the caller's secret, as the token of Bearer or as the password of
// Basic, whatever its username: some object stores can send only a URL's credentials. The owner is nobody.
func nobodyWith(caller *auth.Caller) func(string) (task.Owner, error) {
	return func(authorization string) (task.Owner, error) {
		secret := bearer(authorization)
		if _, password, basic := (&http.Request{Header: http.Header{"Authorization": {authorization}}}).BasicAuth(); basic {
			secret = password
		}
		return task.Owner{}, caller.Check(secret)
	}
}

func bearer(authorization string) string {
	scheme, token, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
