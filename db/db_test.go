package db

import (
	"context"
	"database/sql"
	"os"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// fresh returns the address of an empty database for one test.
func fresh(t *testing.T) string {
	t.Helper()
	dsn := os.Getenv("TEST_MYSQL_DSN")
	require.NotEmpty(t, dsn, "TEST_MYSQL_DSN is not set; `make test` starts a server and sets it")
	config, err := mysql.ParseDSN(dsn)
	require.NoError(t, err)
	server, err := sql.Open("mysql", dsn)
	require.NoError(t, err)
	name := "test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	_, err = server.Exec("CREATE DATABASE " + name)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := server.Exec("DROP DATABASE " + name)
		require.NoError(t, err)
		require.NoError(t, server.Close())
	})
	config.DBName = name
	return config.FormatDSN()
}

func TestUpIsIdempotent(t *testing.T) {
	t.Parallel()
	ctx, dsn := context.Background(), fresh(t)

	applied, err := Up(ctx, dsn)
	require.NoError(t, err)
	require.NotEmpty(t, applied)

	again, err := Up(ctx, dsn)
	require.NoError(t, err)
	require.Empty(t, again)
}

func TestStatusReportsAppliedMigrations(t *testing.T) {
	t.Parallel()
	ctx, dsn := context.Background(), fresh(t)

	before, err := Status(ctx, dsn)
	require.NoError(t, err)
	require.NotEmpty(t, before)
	require.False(t, before[0].Applied)

	_, err = Up(ctx, dsn)
	require.NoError(t, err)
	after, err := Status(ctx, dsn)
	require.NoError(t, err)
	require.Len(t, after, len(before))
	for _, m := range after {
		require.True(t, m.Applied, m.Name)
		require.False(t, m.AppliedAt.IsZero(), m.Name)
	}
}

func TestParallelUpsApplyEachMigrationOnce(t *testing.T) {
	t.Parallel()
	ctx, dsn := context.Background(), fresh(t)

	type outcome struct {
		applied []string
		err     error
	}
	outcomes := make(chan outcome, 4)
	for range cap(outcomes) {
		go func() {
			applied, err := Up(ctx, dsn)
			outcomes <- outcome{applied, err}
		}()
	}
	var applied []string
	for range cap(outcomes) {
		o := <-outcomes
		require.NoError(t, o.err)
		applied = append(applied, o.applied...)
	}
	all, err := Status(ctx, dsn)
	require.NoError(t, err)
	require.Len(t, applied, len(all))
}

func TestAnInvalidAddressIsNotInTheError(t *testing.T) {
	t.Parallel()
	_, err := Up(context.Background(), "user:hunter2@nowhere")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "hunter2")
}
