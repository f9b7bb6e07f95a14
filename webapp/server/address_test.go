package server

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClientAddressIsTheLastHopBeforeTrustedProxies(t *testing.T) {
	t.Parallel()
	trusted, err := parseProxies("10.0.0.0/8, fd00::/8")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		remote    string
		forwarded []string
		want      string
	}{
		"direct":                        {"192.0.2.7:1234", nil, "192.0.2.7"},
		"direct, with a forged header":  {"192.0.2.7:1234", []string{"198.51.100.1"}, "192.0.2.7"},
		"through a proxy":               {"10.1.2.3:1234", []string{"192.0.2.7"}, "192.0.2.7"},
		"through two proxies":           {"10.1.2.3:1234", []string{"192.0.2.7, 10.9.9.9"}, "192.0.2.7"},
		"forged header through a proxy": {"10.1.2.3:1234", []string{"198.51.100.1", "192.0.2.7"}, "192.0.2.7"},
		"a proxy itself":                {"10.1.2.3:1234", nil, "10.1.2.3"},
		"garbage before the proxy":      {"10.1.2.3:1234", []string{"<script>"}, "10.1.2.3"},
		"IPv6: its /64":                 {"[2001:db8:1:2:3:4:5:6]:1234", nil, "2001:db8:1:2::/64"},
		"IPv4 in IPv6":                  {"[::ffff:192.0.2.7]:1234", nil, "192.0.2.7"},
		"nothing":                       {"", nil, "unknown"},
	} {
		require.Equal(t, c.want, clientAddress(c.remote, c.forwarded, trusted), name)
	}
	_, err = parseProxies("10.0.0.1")
	require.ErrorContains(t, err, "TRUSTED_PROXIES")
}

func TestClientsCannotSetTheirAddress(t *testing.T) {
	t.Parallel()
	in := &http.Request{RemoteAddr: "192.0.2.7:1"}
	claimed := func() http.Header {
		h := http.Header{}
		h.Set(clientAddressHeader, "198.51.100.1")
		h.Set(clientProofHeader, "00")
		return h
	}
	out := claimed()
	Config{}.signClientAddress(in, out)
	require.Empty(t, out)
	out = claimed()
	Config{ClientAddressKey: []byte("key")}.signClientAddress(in, out)
	require.Equal(t, "192.0.2.7", out.Get(clientAddressHeader))
	require.Len(t, out.Get(clientProofHeader), 64)
}
