package process

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestOnceRunsAChildToItsEnd(t *testing.T) {
	t.Parallel()
	spec, _ := shell(t, "echo said >&2; exit 3")
	require.Equal(t, Exit(3), Once(t.Context(), spec))
	require.Contains(t, spec.Log.Tail(1), "said")
	spec, _ = shell(t, "exit 0")
	require.NoError(t, Once(t.Context(), spec))
	spec.Path = "/no/such/program"
	require.Error(t, Once(t.Context(), spec))
}

func TestOnceAsksAChildToEnd(t *testing.T) {
	t.Parallel()
	spec, _ := shell(t, "trap 'echo asked; exit 0' TERM; echo ready; while :; do sleep 0.01; done")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Once(ctx, spec) }()
	require.Eventually(t, func() bool { return spec.Check(ctx) == nil }, 10*time.Second, 10*time.Millisecond)
	cancel()
	<-ended
	require.Contains(t, spec.Log.Tail(1), "asked")
}

func TestOnceHoldsAChildsInputOpen(t *testing.T) {
	t.Parallel()
	spec, _ := shell(t, `[ "$EXIT_ON_STDIN_EOF" = 1 ] || exit 4; echo ready; read line; echo "end of input"`)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Once(ctx, spec) }()
	require.Eventually(t, func() bool { return spec.Check(ctx) == nil }, 10*time.Second, 10*time.Millisecond)
	require.NotContains(t, spec.Log.Tail(2), "end of input")
	cancel()
	require.Error(t, <-ended)
}
