package crowd

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

// visitor comes again and again under another name, leaves tasks and a picture, and deletes the account.
type visitor struct {
	crowd  *Crowd
	random *rand.Rand
}

// visit goes on until ctx ends, and then ends the visit that is under way.
func (v *visitor) visit(ctx context.Context) {
	visits := 0
	for ; ctx.Err() == nil; visits++ {
		v.once(context.WithoutCancel(ctx), fmt.Sprintf("visitor-%d-%d", v.crowd.options.Seed, visits))
	}
	v.crowd.Fact("visitors who deleted their accounts, with tasks and pictures: %d", visits)
}

func (v *visitor) once(ctx context.Context, name string) {
	p := &person{crowd: v.crowd}
	credentials := credentials(name)
	// A name that is taken is the visitor's own, of a call whose answer got lost.
	p.until(ctx, "register", http.MethodPost, "register", credentials, http.StatusOK, http.StatusConflict)
	got := p.until(ctx, "login", http.MethodPost, "login", credentials, http.StatusOK)
	var session struct{ Token string }
	if json.Unmarshal(got.body, &session) != nil {
		return // until has reported it
	}
	p.token = session.Token
	for range 2 {
		draft := []byte(`{"title": "left behind", "dueDate": "2026-12-24"}`)
		created, err := p.until(ctx, "create", http.MethodPost, "create-task", draft, http.StatusOK).task()
		picture, pictureErr := drawn(v.random)
		if err != nil || pictureErr != nil {
			v.crowd.Violated("a visitor's task: %v, %v", err, pictureErr)
			return
		}
		p.call(ctx, "picture", http.MethodPut, "predict-image?id="+created.ID, picture.data) // kept or not
	}
	leave := fmt.Appendf(nil, `{"currentPassword": %q}`, password)
	// A session that has ended is that of a call whose answer got lost: with the account.
	p.until(ctx, "delete account", http.MethodPost, "delete-account", leave, http.StatusOK, http.StatusUnauthorized)
	p.token = ""
	p.until(ctx, "login when gone", http.MethodPost, "login", credentials, http.StatusUnauthorized)
}

// until makes a call until its answer is clear, and reports one that is none of those wanted.
func (p *person) until(ctx context.Context, kind, method, function string, body []byte, wanted ...int) answer {
	for begun := time.Now(); ; Pause(ctx, 200*time.Millisecond) {
		got := p.call(ctx, kind, method, function, body, wanted...)
		if got.again() && time.Since(begun) < p.crowd.options.Patience {
			continue
		}
		for _, status := range wanted {
			if got.status == status {
				return got
			}
		}
		p.crowd.Violated("%s was answered %d in the end: %.300s", kind, got.status, got.body)
		return got
	}
}
