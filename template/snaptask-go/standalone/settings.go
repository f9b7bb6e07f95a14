package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

// settings are the limits of the server. Each is an environment variable of the function, such as BODY_LIMIT.
type settings struct {
	port          int           // PORT
	bodyLimit     int64         // BODY_LIMIT: bytes of a request's body
	maxInflight   int           // MAX_INFLIGHT: concurrent requests, each of which may hold a body
	readTimeout   time.Duration // READ_TIMEOUT: to receive a request
	execTimeout   time.Duration // EXEC_TIMEOUT: of the function
	writeTimeout  time.Duration // WRITE_TIMEOUT: to send a response
	shutdownDelay time.Duration // SHUTDOWN_DELAY: between SIGTERM and the end of accepting requests
}

// settingsFromEnv reads the settings. Its error names each variable that is wrong.
func settingsFromEnv() (settings, error) {
	var problems []error
	number := func(name string, otherwise, least int) int {
		text := os.Getenv(name)
		if text == "" {
			return otherwise
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < least {
			problems = append(problems, fmt.Errorf("%s must be a whole number of at least %d, not %q", name, least, text))
		}
		return n
	}
	duration := func(name string, otherwise, least time.Duration) time.Duration {
		text := os.Getenv(name)
		if text == "" {
			return otherwise
		}
		d, err := time.ParseDuration(text)
		if err != nil || d < least {
			problems = append(problems, fmt.Errorf("%s must be a duration such as 10s, of at least %v, not %q", name, least, text))
		}
		return d
	}
	s := settings{
		port:          number("PORT", 8080, 0),
		bodyLimit:     int64(number("BODY_LIMIT", 256<<10, 1)),
		maxInflight:   number("MAX_INFLIGHT", 64, 1),
		readTimeout:   duration("READ_TIMEOUT", 10*time.Second, time.Millisecond),
		execTimeout:   duration("EXEC_TIMEOUT", 10*time.Second, time.Millisecond),
		writeTimeout:  duration("WRITE_TIMEOUT", 10*time.Second, time.Millisecond),
		shutdownDelay: duration("SHUTDOWN_DELAY", 0, 0),
	}
	return s, errors.Join(problems...)
}
