package serve

import (
	"fmt"
	"net"
	"os"
)

// firstInherited is the first file descriptor of systemd's socket activation protocol, sd_listen_fds(3).
const firstInherited = 3

// listeners are those that the parent process holds open for this one (LISTEN_FDS=2: HTTP, then metrics), so that
// callers find the same address, and wait rather than fail, while a function is started again; else new ones.
func listeners(s Settings) (function, metrics net.Listener, err error) {
	if os.Getenv("LISTEN_FDS") == "2" {
		if function, err = inherited(firstInherited, "http"); err != nil {
			return nil, nil, err
		}
		metrics, err = inherited(firstInherited+1, "metrics")
		return function, metrics, err
	}
	if function, err = net.Listen("tcp", fmt.Sprintf(":%d", s.Port)); err != nil {
		return nil, nil, fmt.Errorf("PORT: %w", err)
	}
	if metrics, err = net.Listen("tcp", fmt.Sprintf(":%d", s.MetricsPort)); err != nil {
		return nil, nil, fmt.Errorf("METRICS_PORT: %w", err)
	}
	return function, metrics, nil
}

func inherited(descriptor uintptr, name string) (net.Listener, error) {
	file := os.NewFile(descriptor, name)
	defer file.Close()
	l, err := net.FileListener(file)
	if err != nil {
		return nil, fmt.Errorf("inherited listener %s: %w", name, err)
	}
	return l, nil
}
