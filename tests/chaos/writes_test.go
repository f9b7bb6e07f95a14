package chaos

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"snaptask/tests/application"
	"snaptask/tests/client"
	"snaptask/tests/scenario"
)

// write is a request that writes.
type write struct {
	name  string
	send  func() error // always the same request
	times func() int   // how often it has taken effect

	repeats bool     // whether a repetition is a write of its own, with the same result
	done    []string // codes of a repetition that finds it done, besides 200
}

// newWrites returns one write of each kind, for new users.
func newWrites(t *testing.T, a *application.Application, s *slow) []write {
	ctx, unique := t.Context(), uuid.NewString()[:8]
	signIn := func(role string) client.Client { return scenario.SignIn(t, a.Client, role+"-"+unique) }
	count := func(statement string, args ...any) (n int) {
		require.NoError(t, s.pool.QueryRow(statement, args...).Scan(&n))
		return n
	}
	sessions := func(username string) int {
		return count(`SELECT COUNT(*) FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.username = ?`, username)
	}
	ended := func(user client.Client) int {
		_, err := user.Tasks(ctx, nil)
		if err != nil {
			require.Equal(t, "unauthorized", codeOf(err), "%v", err)
			return 1
		}
		return 0
	}

	newcomer, returning, changing := "register-"+unique, "login-"+unique, "change-"+unique
	signIn("login")
	leaving, deleting, changer := signIn("logout"), signIn("delete"), signIn("change")
	hash := func() (value string) {
		require.NoError(t, s.pool.QueryRow(`SELECT password_hash FROM users WHERE username = ?`, changing).Scan(&value))
		return value
	}
	firstHash, firstSessions := hash(), sessions(returning)
	const newPassword = "another password"

	user := signIn("tasks")
	const photo = "coffee.png"
	image := scenario.Photo(t, photo)
	task := func(title, photo string) (id string, version int) {
		created := scenario.CreateTask(t, user, title, photo)
		return created.ID, created.Version
	}
	versions := func(id string, before int) func() int {
		return func() int { return scenario.Task(t, user, id).Version - before }
	}
	newID := uuid.Must(uuid.NewV7()).String()
	updated, updatedVersion := task("update", "")
	deleted, _ := task("delete", "")
	attached, attachedVersion := task("attach", "")
	again, againVersion := task("again", photo)
	detached, _ := task("detach", photo)
	announced, announcedVersion := task("announce", "")
	uploaded, _ := task("upload", "")
	upload, err := user.UploadURL(ctx, uploaded, len(image), "image/png")
	require.NoError(t, err)
	withdrawn, _ := task("withdraw", "")
	announcement, err := user.UploadURL(ctx, withdrawn, len(image), "image/png")
	require.NoError(t, err)
	withdrawnVersion := announcement.Task.Version
	uploadedVersion, event, token := upload.Task.Version, eventOf(upload), a.EventToken(t)
	a.AddObject(t, keyOf(upload), image) // without an event of its own
	change := client.Change{Draft: client.Draft{Title: "changed", DueDate: "2026-12-24"}, Completed: true, Version: updatedVersion}

	return []write{
		{
			name:  "register",
			send:  func() error { return a.Register(ctx, newcomer, scenario.Password) },
			times: func() int { return count(`SELECT COUNT(*) FROM users WHERE username = ?`, newcomer) },
			done:  []string{"username_taken"},
		}, {
			name: "login",
			send: func() error {
				_, err := a.SignIn(ctx, returning, scenario.Password)
				return err
			},
			times:   func() int { return sessions(returning) - firstSessions },
			repeats: true,
		}, {
			name:  "logout",
			send:  func() error { return leaving.Logout(ctx) },
			times: func() int { return ended(leaving) },
			done:  []string{"unauthorized"},
		}, {
			name: "change-password",
			send: func() error { return changer.ChangePassword(ctx, scenario.Password, newPassword) },
			times: func() int {
				if hash() == firstHash {
					return 0
				}
				_, err := a.SignIn(ctx, changing, newPassword)
				require.NoError(t, err)
				return 1
			},
		}, {
			name:  "delete-account",
			send:  func() error { return deleting.DeleteAccount(ctx, scenario.Password) },
			times: func() int { return ended(deleting) },
			done:  []string{"unauthorized"},
		}, {
			name: "create-task",
			send: func() error {
				_, err := user.CreateTask(ctx, newID, client.Draft{Title: "created", DueDate: "2026-12-24"})
				return err
			},
			times: func() int {
				all, err := user.Tasks(ctx, nil)
				require.NoError(t, err)
				return len(slices.DeleteFunc(all, func(t client.Task) bool { return t.ID != newID }))
			},
		}, {
			name: "update-task",
			send: func() error {
				_, err := user.UpdateTask(ctx, updated, change)
				return err
			},
			times: versions(updated, updatedVersion),
		}, {
			name: "delete-task",
			send: func() error { return user.DeleteTask(ctx, deleted) },
			times: func() int {
				if _, err := user.Task(ctx, deleted); err != nil {
					require.Equal(t, "task_not_found", codeOf(err))
					return 1
				}
				return 0
			},
			done: []string{"task_not_found"},
		}, {
			name: "predict-image, a photo",
			send: func() error {
				_, err := user.PutImage(ctx, attached, image)
				return err
			},
			times:   versions(attached, attachedVersion),
			repeats: true,
		}, {
			name: "predict-image, again",
			send: func() error {
				_, err := user.PredictAgain(ctx, again)
				return err
			},
			times:   versions(again, againVersion),
			repeats: true,
		}, {
			name: "upload-url",
			send: func() error {
				_, err := user.UploadURL(ctx, announced, len(image), "image/png")
				return err
			},
			times:   versions(announced, announcedVersion),
			repeats: true,
		}, {
			name: "upload-url, withdrawn",
			send: func() error {
				_, err := user.WithdrawUpload(ctx, withdrawn)
				return err
			},
			times: versions(withdrawn, withdrawnVersion),
		}, {
			name:  "label-upload",
			send:  func() error { return sendEvent(ctx, a.URL+"/function/label-upload", token, event) },
			times: versions(uploaded, uploadedVersion),
		}, {
			name: "delete-image",
			send: func() error {
				_, err := user.DeleteImage(ctx, detached)
				return err
			},
			times: func() int {
				if scenario.Task(t, user, detached).Upload {
					return 0
				}
				return 1
			},
			done: []string{"no_picture"},
		},
	}
}

// check compares an answer with what was done, and repeats the request.
func (w write) check(t *testing.T, disturbance string, err error) {
	before, code := w.times(), codeOf(err)
	what := fmt.Sprintf("%s while the database was %s: %s", w.name, disturbance, code)
	switch code {
	case "200":
		assert.Equal(t, 1, before, what)
	case "outcome_unknown":
		assert.Contains(t, []int{0, 1}, before, what)
	case "lost":
		assert.NoError(t, err, what)
	default:
		assert.Zero(t, before, "%s: %v", what, err)
	}
	var repeated string
	require.Eventually(t, func() bool {
		repeated = codeOf(w.send())
		return !slices.Contains([]string{"unavailable", "busy", "timed_out", "too_many_attempts", "outcome_unknown"}, repeated)
	}, application.Recovery, 200*time.Millisecond, "%s, and again", what)
	if before == 0 || !slices.Contains(w.done, repeated) {
		assert.Equal(t, "200", repeated, "%s, then repeated", what)
	}
	want := 1
	if w.repeats {
		want += before
	}
	assert.Equal(t, want, w.times(), "%s, then repeated: %s", what, repeated)
}
