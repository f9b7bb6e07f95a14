// Package port finds and opens the ports that servers listen on.
package port

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"syscall"
)

// Free ports are looked for below Linux's ephemeral range (32768 and up): a client that tries to reach a server that is
// away could otherwise be given the server's port as its own, and keep the server from coming back.
const (
	lowest  = 20_000
	highest = 29_999
	tries   = 100
)

// Free gives a port of 127.0.0.1 on which nobody listens now.
func Free() (int, error) {
	var err error
	for range tries {
		number := lowest + rand.IntN(highest-lowest+1)
		var listener net.Listener
		listener, err = net.Listen("tcp", local(number))
		if err == nil {
			return number, listener.Close()
		}
	}
	return 0, fmt.Errorf("no free port between %d and %d: %w", lowest, highest, err)
}

// Local listens on a port of 127.0.0.1 that the system chooses, and gives the listener as a file to hand to a child, and
// its address. The file keeps the port while no child lives; those who connect meanwhile wait.
func Local() (file *os.File, address string, err error) {
	listener, err := net.Listen("tcp", local(0))
	if err != nil {
		return nil, "", err
	}
	defer listener.Close()
	file, err = listener.(*net.TCPListener).File()
	return file, listener.Addr().String(), err
}

// Open listens on a port that a person chose; the error says which environment variable changes it.
func Open(host string, number int, variable string) (*net.TCPListener, error) {
	address := net.JoinHostPort(host, strconv.Itoa(number))
	listener, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port %d is taken by another program: end that one, or choose another port with %s=NUMBER", number, variable)
	}
	if err != nil {
		return nil, fmt.Errorf("can't listen on %s (%s): %w", address, variable, err)
	}
	return listener.(*net.TCPListener), nil
}

// FromEnv gives the port that a variable of the environment asks for, or preset if it isn't set.
func FromEnv(variable string, preset int) (int, error) {
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
