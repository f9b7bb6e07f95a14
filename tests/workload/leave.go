package workload

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"

	"snaptask/tests/client"
	"snaptask/tests/scenario"
)

// Leaving is the prefix of the names of users who delete their accounts.
const Leaving = "leaving-"

// comeAndLeave lets one user after another register, create tasks with images, and delete the account, until ctx ends.
func (w *Workload) comeAndLeave(ctx context.Context, random *rand.Rand) {
	users := 0
	for ; ctx.Err() == nil; users++ {
		w.leave(fmt.Sprintf("%s%d-%d", Leaving, w.Seed, users), random)
	}
	w.t.Logf("%d users deleted their accounts with tasks and images", users)
}

func (w *Workload) leave(name string, random *rand.Rand) {
	ctx, password := w.t.Context(), scenario.Password
	signIn := func() (client.Client, error) { return w.Client.SignIn(ctx, name, password) }
	// A conflict means that an earlier attempt, whose answer was lost, succeeded.
	register := none(func() error { return w.Client.Register(ctx, name, password) })
	callUntilDone(w, "register", register, http.StatusOK, http.StatusConflict)
	user := callUntilDone(w, "login", signIn, http.StatusOK).value
	for range 2 {
		task := callUntilDone(w, "create", func() (client.Task, error) {
			return user.CreateTask(ctx, "", client.Draft{Title: "left behind", DueDate: "2026-12-24"})
		}, http.StatusOK).value
		call(w, "put image", func() (client.Task, error) { return user.PutImage(ctx, task.ID, randomImage(random).data) })
	}
	// The session ends with the account: an earlier attempt succeeded.
	deleteAccount := none(func() error { return user.DeleteAccount(ctx, password) })
	callUntilDone(w, "delete account", deleteAccount, http.StatusOK, http.StatusUnauthorized)
	callUntilDone(w, "login when gone", signIn, http.StatusUnauthorized)
}
