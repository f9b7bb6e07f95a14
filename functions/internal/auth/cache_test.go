package auth

import (
	"crypto/ed25519"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"snaptask/functions/internal/task"

	"github.com/stretchr/testify/require"
)

func TestCachedTokenExpires(t *testing.T) {
	public, private := newKey(t)
	synctest.Test(t, func(t *testing.T) {
		owner := newOwner()
		token, err := NewSigner(private, time.Hour).Token(owner, time.Now(), time.Now().Add(time.Hour))
		require.NoError(t, err)
		v := NewVerifier([]ed25519.PublicKey{public})
		for range 3 {
			got, err := v.Owner(token)
			require.NoError(t, err)
			require.Equal(t, owner, got)
		}
		time.Sleep(time.Hour - time.Second)
		_, err = v.Owner(token)
		require.NoError(t, err)
		time.Sleep(time.Second)
		for range 2 {
			got, err := v.Owner(token)
			require.Error(t, err)
			require.Zero(t, got)
		}
	})
}

func TestTokenLikeACachedOneIsVerified(t *testing.T) {
	t.Parallel()
	public, private := newKey(t)
	v := NewVerifier([]ed25519.PublicKey{public})
	token := signed(t, private, newOwner())
	_, err := v.Owner(token)
	require.NoError(t, err)
	parts := strings.Split(token, ".")
	for _, like := range []string{token + "A", token[:len(token)-2], parts[0] + "." + parts[1] + ".", strings.ToLower(token), " " + token} {
		_, err := v.Owner(like)
		require.Error(t, err, like)
	}
}

func TestRefusedTokensAreNotCached(t *testing.T) {
	t.Parallel()
	public, _ := newKey(t)
	_, other := newKey(t)
	v := NewVerifier([]ed25519.PublicKey{public})
	for range 2 {
		_, err := v.Owner(signed(t, other, newOwner()))
		require.Error(t, err)
	}
	require.Empty(t, v.cache.young)
}

func TestCacheIsBoundedAndKeepsTokensInUse(t *testing.T) {
	t.Parallel()
	var c tokenCache
	now := time.Now()
	favourite := verified{newOwner(), now.Add(time.Hour)}
	c.add("favourite", favourite)
	for i := range 3 * generationSize {
		c.add(strconv.Itoa(i), verified{task.Owner{}, now.Add(time.Hour)})
		if i%1000 == 0 {
			owner, ok := c.find("favourite", now)
			require.True(t, ok)
			require.Equal(t, favourite.owner, owner)
		}
	}
	require.LessOrEqual(t, len(c.young), generationSize)
	require.LessOrEqual(t, len(c.old), generationSize)
	_, ok := c.find("0", now)
	require.False(t, ok)
}

func BenchmarkOwner(b *testing.B) {
	public, private, err := ed25519.GenerateKey(nil)
	require.NoError(b, err)
	token, err := NewSigner(private, time.Hour).Token(newOwner(), time.Now(), time.Now().Add(time.Hour))
	require.NoError(b, err)
	b.Run("first", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := NewVerifier([]ed25519.PublicKey{public}).Owner(token); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("again", func(b *testing.B) {
		b.ReportAllocs()
		v := NewVerifier([]ed25519.PublicKey{public})
		for b.Loop() {
			if _, err := v.Owner(token); err != nil {
				b.Fatal(err)
			}
		}
	})
}
