package run

import (
	"cmp"
	"errors"
	"net"
	"os"

	"snaptask/deploy/local/port"
)

// addresses are those that people use, open from the beginning so that a port that is taken is known at once.
type addresses struct {
	gateway    *net.TCPListener
	web        *os.File // inherited by the web app's process
	webAddress string
}

func openAddresses() (*addresses, error) {
	gateway, err := listen("GATEWAY", 31112)
	if err != nil {
		return nil, err
	}
	web, err := listen("WEB", 8080)
	if err != nil {
		return nil, errors.Join(err, gateway.Close())
	}
	file, err := web.File()
	a := &addresses{gateway: gateway, web: file, webAddress: web.Addr().String()}
	return a, errors.Join(err, web.Close())
}

// listen opens NAME_HOST:NAME_PORT, by default a port of 127.0.0.1.
func listen(name string, preset int) (*net.TCPListener, error) {
	number, err := port.FromEnv(name+"_PORT", preset)
	if err != nil {
		return nil, err
	}
	return port.Open(cmp.Or(os.Getenv(name+"_HOST"), "127.0.0.1"), number, name+"_PORT")
}

func (a *addresses) gatewayURL() string { return reachable(a.gateway.Addr().String()) }
func (a *addresses) webURL() string     { return reachable(a.webAddress) }

// reachable is the URL by which this machine reaches a listener's address, which may stand for all of its addresses.
func reachable(address string) string {
	host, number, err := net.SplitHostPort(address)
	if err != nil {
		return "http://" + address
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, number)
}
