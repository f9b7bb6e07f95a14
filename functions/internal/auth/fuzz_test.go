package auth

import (
	"crypto/ed25519"
	"testing"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/task"

	"github.com/google/uuid"
)

func FuzzOwner(f *testing.F) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		f.Fatal(err)
	}
	owner := task.Owner{UserID: uuid.Must(uuid.NewV7()), SessionID: uuid.Must(uuid.NewV7())}
	ours, err := NewSigner(private, time.Hour).Token(owner, time.Now(), time.Now().Add(time.Hour))
	if err != nil {
		f.Fatal(err)
	}
	verifier := NewVerifier([]ed25519.PublicKey{public})
	f.Add(ours)
	f.Add(ours[:len(ours)-1])
	f.Add("")
	f.Add("..")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add("eyJhbGciOiJFZERTQSIsImtpZCI6W119.e30.AAAA")
	f.Fuzz(func(t *testing.T, token string) {
		got, err := verifier.Owner(token)
		switch {
		case err == nil && (token != ours || got != owner):
			t.Fatalf("%q was accepted as a token", token)
		case err != nil && !fault.Is(err, fault.Unauthorized):
			t.Fatalf("%q: %v", token, err)
		}
	})
}

func FuzzStoredHash(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAA")
	f.Add("$argon2id$v=19$m=4294967295,t=2,p=1$c2FsdA$c2FsdHNhbHRzYWx0c2FsdA")
	f.Add("$$$$$")
	f.Add("not a hash")
	f.Fuzz(func(t *testing.T, hash string) {
		if matches, _ := Matches(hash, "password"); matches {
			t.Fatalf("%q matches", hash)
		}
	})
}
