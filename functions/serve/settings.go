package serve

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

// Settings bound what one function's server does.
type Settings struct {
	Port          int           // PORT: HTTP, unless a listener is inherited
	MetricsPort   int           // METRICS_PORT: Prometheus, unless a listener is inherited
	BodyLimit     int64         // BODY_LIMIT: bytes of one request's body
	MaxInflight   int           // MAX_INFLIGHT: requests at once
	ReadTimeout   time.Duration // READ_TIMEOUT: for a request to arrive
	WriteTimeout  time.Duration // WRITE_TIMEOUT: for an answer to leave, the work included
	ExecTimeout   time.Duration // EXEC_TIMEOUT: for the work
	ShutdownDelay time.Duration // SHUTDOWN_DELAY: between SIGTERM and the drain
	ConnectionAge time.Duration // CONNECTION_AGE: from which on an answer is the last of its connection
}

// SettingsFromEnv reads Settings. Its error names each variable that is wrong.
func SettingsFromEnv() (Settings, error) {
	var problems []error
	number := func(name string, otherwise, least int) int {
		text := os.Getenv(name)
		if text == "" {
			return otherwise
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < least {
			problems = append(problems, fmt.Errorf("%s: must be a whole number from %d", name, least))
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
			problems = append(problems, fmt.Errorf("%s: must be a duration from %s, such as 500ms or 10s", name, least))
		}
		return d
	}
	s := Settings{
		Port:          number("PORT", 8080, 0),
		MetricsPort:   number("METRICS_PORT", 8081, 0),
		BodyLimit:     int64(number("BODY_LIMIT", 256<<10, 1)),
		MaxInflight:   number("MAX_INFLIGHT", 64, 1),
		ReadTimeout:   duration("READ_TIMEOUT", 10*time.Second, time.Millisecond),
		WriteTimeout:  duration("WRITE_TIMEOUT", 30*time.Second, time.Millisecond),
		ExecTimeout:   duration("EXEC_TIMEOUT", 10*time.Second, time.Millisecond),
		ShutdownDelay: duration("SHUTDOWN_DELAY", 0, 0),
		ConnectionAge: duration("CONNECTION_AGE", 10*time.Second, time.Millisecond),
	}
	return s, errors.Join(problems...)
}
