package main

import (
	"fmt"
	"io"
	"time"
)

// screen is where a person sees how far the run is.
type screen struct {
	out   io.Writer
	began time.Time
}

// step tells of something done, with the time since the run began.
func (s *screen) step(format string, args ...any) {
	fmt.Fprintf(s.out, "%6.1f s  %s\n", time.Since(s.began).Seconds(), fmt.Sprintf(format, args...))
}
