package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/openfaas/faas-provider/logs"

	"snaptask/deploy/local/process"
)

// followInterval is how often a log that a client follows is polled.
const followInterval = 200 * time.Millisecond

// logs responds with a function's last lines, each as one line of JSON. Its query: name, tail (a number of lines), since
// (RFC 3339), and follow=true to continue with new lines.
func (g *Gateway) logs(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	name := strings.TrimSuffix(query.Get("name"), "."+Namespace)
	f, ok := g.functions[name]
	if !ok || otherNamespace(r) {
		http.Error(w, fmt.Sprintf("function %s not found", name), http.StatusNotFound)
		return
	}
	tail, since, err := window(query.Get("tail"), query.Get("since"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	follow, _ := strconv.ParseBool(query.Get("follow"))

	w.Header().Set("Content-Type", "application/x-ndjson")
	control := http.NewResponseController(w)
	_ = control.SetWriteDeadline(time.Time{})
	lines, seen := f.Process.Log().After(0)
	lines = recent(lines, since)
	if tail > 0 && len(lines) > tail {
		lines = lines[len(lines)-tail:]
	}
	encoder := json.NewEncoder(w)
	for {
		for _, line := range lines {
			message := logs.Message{
				Name: f.Name, Namespace: Namespace, Instance: fmt.Sprintf("%s-%d", f.Name, f.Process.PID()),
				Timestamp: line.At, Text: line.Text,
			}
			if encoder.Encode(message) != nil {
				return
			}
		}
		if !follow || control.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-g.stopping:
			return
		case <-time.After(followInterval):
		}
		lines, seen = f.Process.Log().After(seen)
	}
}

func window(tail, since string) (lines int, from time.Time, err error) {
	if tail != "" {
		if lines, err = strconv.Atoi(tail); err != nil {
			return 0, from, fmt.Errorf("tail must be a number, not %q", tail)
		}
	}
	if since != "" {
		if from, err = time.Parse(time.RFC3339, since); err != nil {
			return 0, from, fmt.Errorf("since must be an RFC 3339 time, not %q", since)
		}
	}
	return lines, from, nil
}

// recent returns the lines that were logged since a time.
func recent(lines []process.Line, from time.Time) []process.Line {
	for len(lines) > 0 && lines[0].At.Before(from) {
		lines = lines[1:]
	}
	return lines
}
