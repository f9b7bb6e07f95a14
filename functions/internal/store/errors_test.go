package store_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/store"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"
)

// codeOf returns the code of a fault, or "" for any other error.
func codeOf(err error) string {
	if f := new(fault.Error); errors.As(err, &f) {
		return f.Code
	}
	return ""
}

func reported(number uint16, state string) error {
	e := &mysql.MySQLError{Number: number, Message: "x"}
	copy(e.SQLState[:], state)
	return fmt.Errorf("a statement: %w", e)
}

func TestErrorsOfTheDatabase(t *testing.T) {
	t.Parallel()
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	const unavailable, unknown = "unavailable", "outcome_unknown"
	for _, c := range []struct {
		what                         string
		err                          error
		read, statement, transaction string // the fault's code for a read, for a statement that commits by itself, and for COMMIT
	}{
		{"the server can't be dialled", refused, unavailable, unavailable, unavailable},
		{"nothing was sent", driver.ErrBadConn, unavailable, unavailable, unavailable},
		{"no answer", store.Unanswered(mysql.ErrInvalidConn), unavailable, unknown, unknown},
		{"no answer in time", store.Unanswered(context.DeadlineExceeded), unavailable, unknown, unknown},
		{"a broken answer", store.Unanswered(mysql.ErrMalformPkt), unavailable, unknown, unknown},
		{"the time was over before it was sent", context.DeadlineExceeded, unavailable, unavailable, unavailable},
		{"not ready", reported(1047, "08S01"), unavailable, unavailable, unavailable},
		{"any error of vtgate", reported(1105, "HY000"), unavailable, unknown, unknown},
		{"an error during COMMIT", reported(1180, "HY000"), unavailable, unknown, unknown},
		{"lock wait timeout", reported(1205, "HY000"), unavailable, unavailable, unavailable},
		{"deadlock", reported(1213, "40001"), unavailable, unavailable, unavailable},
		{"interrupted", reported(1317, "70100"), unavailable, unavailable, unknown},
		{"MariaDB's statement timeout", reported(1969, "70100"), unavailable, unavailable, unknown},
		{"MySQL's statement timeout", reported(3024, "HY000"), unavailable, unavailable, unknown},
		{"a proxy can't connect", reported(2002, "HY000"), unavailable, unavailable, unknown},
		{"a proxy's server has gone away", reported(2006, "HY000"), unavailable, unknown, unknown},
		{"a proxy's handshake failed", reported(2012, "HY000"), unavailable, unavailable, unknown},
		{"a proxy lost its server", reported(2013, "HY000"), unavailable, unknown, unknown},
		{"offline", reported(3032, "HY000"), unavailable, unavailable, unknown},
		{"a replication hook refused", reported(3100, "HY000"), unavailable, unavailable, unavailable},
		{"rolled back by replication", reported(3101, "40000"), unavailable, unavailable, unavailable},
		{"another connection error", reported(1835, "08S01"), unavailable, unavailable, unknown},
		{"another rollback", reported(1614, "40001"), unavailable, unavailable, unavailable},
		{"read-only", reported(1290, "HY000"), unavailable, unavailable, unavailable},
		{"larger than max_allowed_packet", reported(1153, "08S01"), "too_large", "too_large", unknown},
		{"a result larger than max_allowed_packet", reported(1301, "HY000"), "too_large", "too_large", unknown},
		{"larger than the driver sends", mysql.ErrPktTooLarge, "too_large", "too_large", "too_large"},
		{"a version at its end", reported(1264, "22003"), "last_version", "last_version", unknown},
		{"an expression at its end", reported(1690, "22003"), "last_version", "last_version", unknown},
		{"a bug", reported(1064, "42000"), "", "", unknown},
		{"a bug of ours", errors.New("scan"), "", "", ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			require.Equal(t, c.read, codeOf(store.AsFault(c.err)))
			require.Equal(t, c.statement, codeOf(store.AsFault(store.OrUnknown(c.err))))
			require.Equal(t, c.transaction, codeOf(store.AsFault(store.OrCommitUnknown(c.err))))
			require.ErrorIs(t, store.AsFault(store.OrCommitUnknown(c.err)), c.err, "the cause is for the log")
		})
	}
	require.NoError(t, store.AsFault(store.OrCommitUnknown(nil)))
	known := fault.New(fault.Conflict, "stale_version", "")
	require.Same(t, known, store.AsFault(known))
}
