package web

import (
	"net/http"
	"strings"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/task"
)

// authorizer checks a request's header Authorization and returns on whose behalf the request is. The fault is Unauthorized.
type authorizer func(authorization string) (task.Owner, error)

// byToken returns an authorizer for the tokens of users.
func byToken(tokens *auth.Verifier) authorizer {
	return func(authorization string) (task.Owner, error) { return tokens.Owner(bearer(authorization)) }
}

// bySecret returns an authorizer for a program that calls with its secret, as the token of Bearer or as the password of Basic,
// whatever the username: some object stores can send only a URL's credentials. There is no owner.
func bySecret(caller *auth.Caller) authorizer {
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
