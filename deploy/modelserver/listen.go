package main

import (
	"fmt"
	"net"
	"os"
)

// firstInherited is the number of the first file that a parent hands over, as in systemd's socket activation.
const firstInherited = 3

// listen gives the listeners for gRPC and REST: those handed over where LISTEN_FDS says so, else new ones.
func listen(o options) (grpcListener, restListener net.Listener, err error) {
	switch given := os.Getenv("LISTEN_FDS"); given {
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
		return nil, nil, fmt.Errorf("LISTEN_FDS is %q; two listeners are needed", given)
	}
	return grpcListener, restListener, nil
}

func inherit(number uintptr) (net.Listener, error) {
	file := os.NewFile(number, "listener")
	defer file.Close()
	return net.FileListener(file)
}
