// Package port opens listeners and finds free ports.
package port

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"syscall"
)

// Free ports are below Linux's ephemeral range (32768 and up). Within that range, a client that dials a restarting server could
// be assigned the server's port and prevent the server from listening again.
const (
	lowest   = 20_000
	highest  = 29_999
	attempts = 100
)

// Free returns a port of 127.0.0.1 on which nothing listens.
func Free() (int, error) {
	var err error
	for range attempts {
		number := lowest + rand.IntN(highest-lowest+1)
		var listener net.Listener
		listener, err = net.Listen("tcp", local(number))
		if err == nil {
			return number, listener.Close()
		}
	}
	return 0, fmt.Errorf("no free port between %d and %d: %w", lowest, highest, err)
}

// Inheritable listens on any port of 127.0.0.1 and returns the listener as a file for a child process, and its address. While
// the file is open, clients can connect and wait for the child.
func Inheritable() (file *os.File, address string, err error) {
	listener, err := net.Listen("tcp", local(0))
	if err != nil {
		return nil, "", err
	}
	defer listener.Close()
	file, err = listener.(*net.TCPListener).File()
	return file, listener.Addr().String(), err
}

// Listen listens on NAME_HOST:NAME_PORT of the environment, by default on the given port of 127.0.0.1.
func Listen(name string, preset int) (*net.TCPListener, error) {
	variable := name + "_PORT"
	number, err := fromEnv(variable, preset)
	if err != nil {
		return nil, err
	}
	address := net.JoinHostPort(cmp.Or(os.Getenv(name+"_HOST"), "127.0.0.1"), strconv.Itoa(number))
	listener, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port %d is in use: stop the program that uses it, or choose another port with %s=NUMBER", number, variable)
	}
	if err != nil {
		return nil, fmt.Errorf("can't listen on %s (%s): %w", address, variable, err)
	}
	return listener.(*net.TCPListener), nil
}

// Choose returns the port NAME_PORT of the environment if it is free, or any free port if the variable is not set.
func Choose(name string) (int, error) {
	if os.Getenv(name+"_PORT") == "" {
		return Free()
	}
	listener, err := Listen(name, 0)
	if err != nil {
		return 0, err
	}
	return listener.Addr().(*net.TCPAddr).Port, listener.Close()
}

func fromEnv(variable string, preset int) (int, error) {
	text := os.Getenv(variable)
	if text == "" {
		return preset, nil
	}
	number, err := strconv.Atoi(text)
	if err != nil || number < 1 || number > 65535 {
		return 0, fmt.Errorf("%s=%s is not a port: want a number from 1 to 65535", variable, text)
	}
	return number, nil
}

func local(number int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(number)) }
