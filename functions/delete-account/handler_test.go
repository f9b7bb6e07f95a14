package function

import (
	"net/http"
	"testing"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/confirmation"
	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

func TestDeleteAccountDeletesEverythingOfThisUserOnly(t *testing.T) {
	t.Parallel()
	users := testbed.Store(t)
	pictures, names := testbed.Pictures(t)
	ada, eve := testbed.SignInWith(t, users, "correct horse"), testbed.SignIn(t, users)
	for _, p := range []testbed.Person{ada, ada, eve} {
		added := testbed.AddTask(t, users, p.Owner)
		key := objects.NewKey(p.UserID, added.ID)
		require.NoError(t, pictures.Put(t.Context(), key, testbed.JPEG(t), testbed.JPEG(t)))
		_, _, err := users.SetPicture(t.Context(), p.Owner, added.ID, key, task.ImageDone, []task.Prediction{{Label: "pier", Score: .9}})
		require.NoError(t, err)
	}
	f := function.With(&deps{users, pictures, confirmation.New(auth.NewClients(nil), users)}, testbed.Verifier())
	remove := func(token, body string) testbed.Answer {
		return testbed.Do(t, f.Handle, testbed.Call{Method: http.MethodPost, Token: token, Body: []byte(body)})
	}

	require.Equal(t, http.StatusUnauthorized, remove("", `{"currentPassword": "correct horse"}`).Status)
	wrong := remove(ada.Token, `{"currentPassword": "wrong"}`)
	require.Equal(t, http.StatusBadRequest, wrong.Status)
	require.Contains(t, wrong.Fault(t).Fields, "currentPassword")
	require.Len(t, names(), 6)

	answer := remove(ada.Token, `{"currentPassword": "correct horse"}`)
	require.Equal(t, http.StatusOK, answer.Status, "%s", answer.Body)
	require.JSONEq(t, `{}`, string(answer.Body))
	require.Len(t, names(), 2)
	_, _, err := users.Tasks(t.Context(), ada.Owner, testbed.Everything())
	require.Error(t, err)
	nobody, err := users.UserByName(t.Context(), ada.Username)
	require.NoError(t, err)
	require.Empty(t, nobody.Username)
	noted, err := users.UserDeletions(t.Context(), ada.UserID, 10)
	require.NoError(t, err)
	require.Empty(t, noted)

	hers, _, err := users.Tasks(t.Context(), eve.Owner, testbed.Everything())
	require.NoError(t, err)
	require.Len(t, hers, 1)
	require.Equal(t, http.StatusUnauthorized, remove(ada.Token, `{"currentPassword": "correct horse"}`).Status)
}
