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

// Headers that tell functions a client's address, with the proof that this server set it. functions/internal/auth checks it.
const (
	clientAddressHeader = "X-Client-Address"
	clientProofHeader   = "X-Client-Address-Proof"
)

// signClientAddress sets the client's address and its proof, or neither without a key. It removes headers that the client sent.
func (c Config) signClientAddress(in *http.Request, out http.Header) {
	out.Del(clientAddressHeader)
	out.Del(clientProofHeader)
	if len(c.ClientAddressKey) == 0 {
		return
	}
	address := c.clientOf(in)
	mac := hmac.New(sha256.New, c.ClientAddressKey)
	mac.Write([]byte(address))
	out.Set(clientAddressHeader, address)
	out.Set(clientProofHeader, hex.EncodeToString(mac.Sum(nil)))
}

// clientOf returns the address of the client that sent a request to this server.
func (c Config) clientOf(r *http.Request) string {
	return clientAddress(r.RemoteAddr, r.Header.Values("X-Forwarded-For"), c.TrustedProxies)
}

// clientAddress returns the last hop that is not a trusted proxy; for IPv6 its /64, which belongs to one client.
func clientAddress(remote string, forwarded []string, trusted []netip.Prefix) string {
	hops := strings.FieldsFunc(strings.Join(forwarded, ","), isSeparator)
	address := "unknown"
	for _, hop := range slices.Backward(append(hops, remote)) {
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

// parseProxies reads networks such as 10.0.0.0/8, separated by commas or spaces.
func parseProxies(text string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, part := range strings.FieldsFunc(text, isSeparator) {
		p, err := netip.ParsePrefix(part)
		if err != nil {
			return nil, fmt.Errorf("TRUSTED_PROXIES: %q is not a network such as 10.0.0.0/8", part)
		}
		all = append(all, p)
	}
	return all, nil
}

func isSeparator(c rune) bool { return c == ',' || c == ' ' }
