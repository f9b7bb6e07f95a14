package gateway

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// Ailing names what does not work now, with the reasons, in the order of the parts; nothing if all is well.
func (g *Gateway) Ailing(ctx context.Context) []string {
	reasons := make([]string, len(g.parts))
	var group sync.WaitGroup
	for i, part := range g.parts {
		group.Go(func() {
			if err := part.Check(ctx); err != nil {
				reasons[i] = fmt.Sprintf("%s: %v", part.Name, err)
			}
		})
	}
	group.Wait()
	var ailing []string
	for _, reason := range reasons {
		if reason != "" {
			ailing = append(ailing, reason)
		}
	}
	return ailing
}

// health answers 200 when everything works, else 503 with what does not.
func (g *Gateway) health(w http.ResponseWriter, r *http.Request) {
	ailing := g.Ailing(r.Context())
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if len(ailing) == 0 {
		fmt.Fprintln(w, "OK")
		return
	}
	w.WriteHeader(http.StatusServiceUnavailable)
	fmt.Fprintln(w, "not ready:\n"+strings.Join(ailing, "\n"))
}
