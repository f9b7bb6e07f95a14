package scenario

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TwoPeopleNeverMeet has each of two people try what is the other's.
func TwoPeopleNeverMeet(t *testing.T, a Snaptask) {
	ada, eve := a.SignIn(t, "ada"), a.SignIn(t, "eve")
	mine := a.Create(t, ada, "mine")
	a.Must(t, http.StatusOK, nil, "PUT", "predict-image?id="+mine.ID, ada, string(Photo(t, "rocket.jpg")))

	var hers []Task
	a.Must(t, http.StatusOK, &hers, "GET", "get-tasks", eve, "")
	require.Empty(t, hers)
	a.Must(t, http.StatusNotFound, nil, "GET", "get-tasks?id="+mine.ID, eve, "")
	a.Must(t, http.StatusNotFound, nil, "GET", "get-image?id="+mine.ID, eve, "")
	a.Must(t, http.StatusNotFound, nil, "PUT", "predict-image?id="+mine.ID, eve, string(Photo(t, "rocket.jpg")))
	a.Must(t, http.StatusNotFound, nil, "DELETE", "delete-task?id="+mine.ID, eve, "")
	a.Must(t, http.StatusOK, nil, "GET", "get-image?id="+mine.ID, ada, "")

	wrong := a.Must(t, http.StatusUnauthorized, nil, "POST", "login", "", `{"username": "ada", "password": "wrong-password"}`)
	unknown := a.Must(t, http.StatusUnauthorized, nil, "POST", "login", "", `{"username": "nobody", "password": "wrong-password"}`)
	withoutID := func(got Answer) string { return strings.ReplaceAll(string(got.Body), got.Header.Get("X-Call-Id"), "") }
	require.Equal(t, withoutID(wrong), withoutID(unknown))
}

// InvokedByPOST calls a function that only reads, under one of the names that it has there, as faas-cli invoke does.
func InvokedByPOST(t *testing.T, a Snaptask, function string) {
	var all []Task
	a.Must(t, http.StatusOK, &all, "POST", function+"?limit=5", a.SignIn(t, Demo), "")
}
