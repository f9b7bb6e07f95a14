package run

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// screen is where a person reads how things go. Several may write to it at once.
type screen struct {
	mu    sync.Mutex
	out   io.Writer
	start time.Time
}

func (s *screen) line(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, format+"\n", args...)
}

// step tells of something done during the start, with the time since it began.
func (s *screen) step(format string, args ...any) {
	s.line("%6.2f s  %s", time.Since(s.start).Seconds(), fmt.Sprintf(format, args...))
}

// event tells of something that happens while the application runs.
func (s *screen) event(text string) {
	s.line("%s  %s", time.Now().Format(time.TimeOnly), text)
}
