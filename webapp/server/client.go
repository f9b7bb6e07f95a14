package server

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// The headers in which functions are told a client's address and given the proof that this server says so, which they
// check in functions/internal/auth.
const (
	clientAddressHeader = "X-Client-Address"
	clientProofHeader   = "X-Client-Address-Proof"
)

// vouch tells the function from where the client calls. Without a key it tells nothing.
func (c Config) vouch(in *http.Request, out http.Header) {
	out.Del(clientAddressHeader)
	out.Del(clientProofHeader)
	if len(c.ClientAddressKey) == 0 {
		return
	}
	address := clientAddress(in.RemoteAddr, in.Header.Values("X-Forwarded-For"), c.TrustedProxies)
	mac := hmac.New(sha256.New, c.ClientAddressKey)
	mac.Write([]byte(address))
	out.Set(clientAddressHeader, address)
	out.Set(clientProofHeader, hex.EncodeToString(mac.Sum(nil)))
}

// clientAddress is the last address on the way here that is not one of our own proxies'. Of IPv6 it is the network of 64
// bits, which one client has to itself.
func clientAddress(remote string, forwarded []string, trusted []netip.Prefix) string {
	way := strings.FieldsFunc(strings.Join(forwarded, ","), func(c rune) bool { return c == ',' || c == ' ' })
	address := "unknown"
	for _, hop := range slices.Backward(append(way, remote)) {
		ip, err := parseHop(hop)
		if err != nil {
			break
		}
		address = network(ip)
		if !slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(ip) }) {
			break
		}
	}
	return address
}

func parseHop(hop string) (netip.Addr, error) {
	if both, err := netip.ParseAddrPort(hop); err == nil {
		return both.Addr().Unmap().WithZone(""), nil
	}
	ip, err := netip.ParseAddr(hop)
	return ip.Unmap().WithZone(""), err
}

func network(ip netip.Addr) string {
	if ip.Is4() {
		return ip.String()
	}
	return netip.PrefixFrom(ip, 64).Masked().String()
}

// parseProxies reads networks such as 10.0.0.0/8, separated by commas.
func parseProxies(text string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, part := range strings.FieldsFunc(text, func(c rune) bool { return c == ',' || c == ' ' }) {
		p, err := netip.ParsePrefix(part)
		if err != nil {
			return nil, fmt.Errorf("TRUSTED_PROXIES: %q is not a network such as 10.0.0.0/8", part)
		}
		all = append(all, p)
	}
	return all, nil
}
