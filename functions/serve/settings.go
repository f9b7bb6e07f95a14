package serve

import (
	"runtime/debug"
	"time"

	"snaptask/functions/internal/config"
)

// Settings are the limits of one function's server.
type Settings struct {
	Port           int           // PORT: of requests, for Main
	MetricsPort    int           // METRICS_PORT: of Prometheus, for Main
	MaxConnections int           // MAX_CONNECTIONS: to accept more, one that serves no request is closed
	BodyLimit      int64         // BODY_LIMIT: bytes of a request's body
	BodyBudget     int64         // BODY_BUDGET: memory for all bodies, in bytes
	MaxInflight    int           // MAX_INFLIGHT: concurrent calls of the function
	UserInflight   int           // USER_INFLIGHT: concurrent requests of one user, from before their bodies arrive
	QueueTime      time.Duration // QUEUE_TIME: how long a request waits for its turn
	ReadTimeout    time.Duration // READ_TIMEOUT: to read a request's body
	WriteTimeout   time.Duration // WRITE_TIMEOUT: from the end of a request's header to the end of the response
	ExecTimeout    time.Duration // EXEC_TIMEOUT: of the function
	ShutdownDelay  time.Duration // SHUTDOWN_DELAY: between SIGTERM and the drain
	ConnectionAge  time.Duration // CONNECTION_AGE: after which a connection closes with its next response
}

// SettingsFromEnv reads Settings. Its error names each variable that is wrong.
func SettingsFromEnv() (Settings, error) {
	c := config.New()
	bodyLimit, inflight := c.Int("BODY_LIMIT", 256<<10, 1), c.Int("MAX_INFLIGHT", 64, 1)
	s := Settings{
		Port:           c.Int("PORT", 8080, 0),
		MetricsPort:    c.Int("METRICS_PORT", 8081, 0),
		MaxConnections: c.Int("MAX_CONNECTIONS", max(4*inflight, connectionsWithin(debug.SetMemoryLimit(-1))), 4*inflight),
		BodyLimit:      int64(bodyLimit),
		BodyBudget:     int64(c.Int("BODY_BUDGET", inflight*(bodyLimit+1), bodyLimit+1)),
		MaxInflight:    inflight,
		UserInflight:   c.Int("USER_INFLIGHT", max(1, inflight/4), 1),
		QueueTime:      c.Duration("QUEUE_TIME", 5*time.Second, 0),
		ReadTimeout:    c.Duration("READ_TIMEOUT", 10*time.Second, time.Millisecond),
		WriteTimeout:   c.Duration("WRITE_TIMEOUT", 30*time.Second, time.Millisecond),
		ExecTimeout:    c.Duration("EXEC_TIMEOUT", 10*time.Second, time.Millisecond),
		ShutdownDelay:  c.Duration("SHUTDOWN_DELAY", 0, 0),
		ConnectionAge:  c.Duration("CONNECTION_AGE", 10*time.Second, time.Millisecond),
	}
	return s, c.Err()
}

// connectionsWithin returns how many connections fit into a third of the Go runtime's memory limit, given in bytes, of up to 32 KiB
// each: at least 256 and at most 1,024, which is also the number without GOMEMLIMIT.
func connectionsWithin(memory int64) int {
	const each, least, most = 32 << 10, 256, 1024
	return int(min(max(memory/3/each, least), most))
}
