package objects

import "net/http"

// testClient sends the requests of these tests. http.DefaultTransport would not do: every httptest.Server that closes
// also closes the idle connections of that one, and with them a request that another test is about to send.
var testClient = &http.Client{Transport: &http.Transport{}}
