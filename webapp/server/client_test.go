package server

import (
	"net/http"
	"time"
)

// testTransport and testClient send the requests of these tests. http.DefaultTransport would not do: every httptest.Server that closes
// also closes the idle connections of that one, and with them a request that another test is about to send. As there, a request with
// Expect waits for the answer before its body: the body of one that is refused would reset the connection.
var (
	testTransport = &http.Transport{ExpectContinueTimeout: time.Second}
	testClient    = &http.Client{Transport: testTransport}
)
