package serve

import (
	"time"

	"snaptask/functions/internal/config"
)

// Settings are the limits of one function's server.
type Settings struct {
	Port          int           // PORT: of requests, for Main
	MetricsPort   int           // METRICS_PORT: of Prometheus, for Main
	BodyLimit     int64         // BODY_LIMIT: bytes of a request's body
	MaxInflight   int           // MAX_INFLIGHT: concurrent requests
	ReadTimeout   time.Duration // READ_TIMEOUT: to read a request
	WriteTimeout  time.Duration // WRITE_TIMEOUT: from the end of a request's header to the end of the response
	ExecTimeout   time.Duration // EXEC_TIMEOUT: of the function
	ShutdownDelay time.Duration // SHUTDOWN_DELAY: between SIGTERM and the drain
	ConnectionAge time.Duration // CONNECTION_AGE: after which a connection closes with its next response
}

// SettingsFromEnv reads Settings. Its error names each variable that is wrong.
func SettingsFromEnv() (Settings, error) {
	c := config.New()
	s := Settings{
		Port:          c.Int("PORT", 8080, 0),
		MetricsPort:   c.Int("METRICS_PORT", 8081, 0),
		BodyLimit:     int64(c.Int("BODY_LIMIT", 256<<10, 1)),
		MaxInflight:   c.Int("MAX_INFLIGHT", 64, 1),
		ReadTimeout:   c.Duration("READ_TIMEOUT", 10*time.Second, time.Millisecond),
		WriteTimeout:  c.Duration("WRITE_TIMEOUT", 30*time.Second, time.Millisecond),
		ExecTimeout:   c.Duration("EXEC_TIMEOUT", 10*time.Second, time.Millisecond),
		ShutdownDelay: c.Duration("SHUTDOWN_DELAY", 0, 0),
		ConnectionAge: c.Duration("CONNECTION_AGE", 10*time.Second, time.Millisecond),
	}
	return s, c.Err()
}
