package main

import (
	"fmt"
	"net"
	"os"
)

// firstInherited is the first inherited file descriptor, as in systemd's socket activation (sd_listen_fds(3)).
const firstInherited = 3

// listen returns the listeners for gRPC and REST: inherited ones if LISTEN_FDS is set, else new ones.
func listen(o options) (grpcListener, restListener net.Listener, err error) {
	switch inherited := os.Getenv("LISTEN_FDS"); inherited {
	case "":
		if grpcListener, err = net.Listen("tcp", o.grpc); err != nil {
			return nil, nil, fmt.Errorf("gRPC: %w", err)
		}
		if restListener, err = net.Listen("tcp", o.rest); err != nil {
			return nil, nil, fmt.Errorf("REST: %w", err)
		}
	case "2":
		if grpcListener, err = inherit(firstInherited); err != nil {
			return nil, nil, fmt.Errorf("gRPC: %w", err)
		}
		if restListener, err = inherit(firstInherited + 1); err != nil {
			return nil, nil, fmt.Errorf("REST: %w", err)
		}
	default:
		return nil, nil, fmt.Errorf("LISTEN_FDS is %q, want 2 listeners", inherited)
	}
	return grpcListener, restListener, nil
}

func inherit(number uintptr) (net.Listener, error) {
	file := os.NewFile(number, "listener")
	defer file.Close()
	return net.FileListener(file)
}
