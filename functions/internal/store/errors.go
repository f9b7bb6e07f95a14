package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"

	"snaptask/functions/internal/fault"

	"github.com/go-sql-driver/mysql"
)

// errBroken tells database/sql to close a connection instead of keeping it.
var errBroken = driver.ErrBadConn

// Error numbers of MySQL and MariaDB. Where the two differ, both stand.
const (
	duplicateKey    = 1062
	lockWaitTimeout = 1205
	deadlock        = 1213
)

// unusable are the errors of a server that is there but can't work for us now: it starts or stops, is full, read-only,
// not set up yet, or killed the statement.
var unusable = map[uint16]bool{
	1021: true, // disk full
	1040: true, // too many connections
	1044: true, // access denied to the database
	1045: true, // access denied
	1049: true, // unknown database
	1053: true, // server shutdown in progress
	1129: true, // host blocked
	1142: true, // command denied to the account
	1146: true, // no such table
	1158: true, // error reading from the connection
	1159: true, // time-out reading from the connection
	1160: true, // error writing to the connection
	1161: true, // time-out writing to the connection
	1203: true, // the account has too many connections
	1205: true, // lock wait time-out
	1213: true, // deadlock
	1226: true, // the account is over a resource limit
	1290: true, // server runs read-only
	1317: true, // statement interrupted
	1792: true, // transaction is read-only
	1836: true, // server is in read-only mode
	1927: true, // MariaDB: connection was killed
	1969: true, // MariaDB: statement time exceeded
	3024: true, // MySQL: statement time exceeded
	3572: true, // MySQL: lock not granted at once
	4031: true, // MySQL: closed for inactivity
}

// away makes a fault of what the driver says when the database can't be reached or used at the moment. Other errors
// stay as they are: they are defects.
func away(err error) error {
	var refused *mysql.MySQLError
	var network net.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused) && !unusable[refused.Number]:
		return err
	case errors.As(err, &refused),
		errors.As(err, &network),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled),
		errors.Is(err, mysql.ErrInvalidConn), errors.Is(err, driver.ErrBadConn), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, mysql.ErrMalformPkt), errors.Is(err, mysql.ErrPktSync), errors.Is(err, mysql.ErrBusyBuffer):
		return fault.Away("The database", err)
	}
	return err
}

// rolledBack says whether the database gave the work up to break a deadlock or a long wait, so that a new try is safe.
func rolledBack(err error) bool { return number(err) == deadlock || number(err) == lockWaitTimeout }

func number(err error) uint16 {
	var refused *mysql.MySQLError
	if errors.As(err, &refused) {
		return refused.Number
	}
	return 0
}
