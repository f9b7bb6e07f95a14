package auth

import (
	"crypto/ed25519"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"snaptask/functions/internal/task"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func TestDeviceTokenNamesItsDevice(t *testing.T) {
	t.Parallel()
	_, private := newKey(t)
	signer := NewSigner(private, time.Hour)
	device := task.Device{UserID: uuid.New(), ID: uuid.New()}
	token, err := signer.DeviceToken(device)
	require.NoError(t, err)
	require.Equal(t, device, signer.Device(token))
}

func TestTokensOfNoDeviceAreIgnored(t *testing.T) {
	t.Parallel()
	public, private := newKey(t)
	_, other := newKey(t)
	signer := NewSigner(private, time.Hour)
	device := task.Device{UserID: uuid.New(), ID: uuid.New()}
	valid, err := signer.DeviceToken(device)
	require.NoError(t, err)
	forged, err := NewSigner(other, time.Hour).DeviceToken(device)
	require.NoError(t, err)
	for name, token := range map[string]string{
		"none":           "",
		"garbage":        "garbage",
		"long":           strings.Repeat("x", 200_000),
		"another key":    forged,
		"cut off":        valid[:len(valid)-4],
		"a session's":    signed(t, private, newOwner()),
		"no signature":   valid[:strings.LastIndex(valid, ".")+1],
		"of two devices": valid + valid,
	} {
		require.Zero(t, signer.Device(token), name)
	}
	_, err = NewVerifier([]ed25519.PublicKey{public}).Owner(valid)
	require.Error(t, err, "a device's token must not open a session")
}

func TestDeviceTokenExpires(t *testing.T) {
	_, private := newKey(t)
	synctest.Test(t, func(t *testing.T) {
		signer := NewSigner(private, time.Hour)
		device := task.Device{UserID: uuid.New(), ID: uuid.New()}
		token, err := signer.DeviceToken(device)
		require.NoError(t, err)
		time.Sleep(deviceLifetime - time.Second)
		require.Equal(t, device, signer.Device(token))
		time.Sleep(time.Second)
		require.Zero(t, signer.Device(token))
	})
}

func TestANewSessionKeepsTheUsersDevice(t *testing.T) {
	t.Parallel()
	_, private := newKey(t)
	signer := NewSigner(private, time.Hour)
	ada, eve := uuid.New(), uuid.New()
	first, err := signer.NewSession(ada, "ada", task.Device{})
	require.NoError(t, err)
	device := signer.Device(first.Device)
	require.Equal(t, ada, device.UserID)
	require.NotZero(t, device.ID)
	second, err := signer.NewSession(ada, "ada", device)
	require.NoError(t, err)
	require.Equal(t, device, signer.Device(second.Device))
	hers, err := signer.NewSession(eve, "eve", device)
	require.NoError(t, err)
	require.Equal(t, eve, signer.Device(hers.Device).UserID)
	require.NotEqual(t, device.ID, signer.Device(hers.Device).ID)
}
