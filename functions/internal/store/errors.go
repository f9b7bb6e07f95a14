package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"

	"snaptask/functions/internal/fault"

	"github.com/go-sql-driver/mysql"
)

// Error numbers of MySQL and MariaDB.
const (
	duplicateKey    = 1062
	noSuchTable     = 1146
	lockWaitTimeout = 1205
	deadlock        = 1213
)

// temporary are the error numbers of a server that responds but can't serve the request now: it is starting, stopping, full,
// read-only or not set up yet, or it has killed the statement.
var temporary = map[uint16]bool{
	1021:            true, // disk full
	1040:            true, // too many connections
	1044:            true, // access denied to the database
	1045:            true, // access denied
	1049:            true, // unknown database
	1053:            true, // server shutdown in progress
	1129:            true, // host blocked
	1142:            true, // command denied to the account
	noSuchTable:     true,
	1158:            true, // error reading from the connection
	1159:            true, // timeout reading from the connection
	1160:            true, // error writing to the connection
	1161:            true, // timeout writing to the connection
	1203:            true, // the account has too many connections
	lockWaitTimeout: true,
	deadlock:        true,
	1226:            true, // the account exceeds a resource limit
	1290:            true, // the server runs read-only
	1317:            true, // statement interrupted
	1792:            true, // transaction is read-only
	1836:            true, // server is in read-only mode
	1927:            true, // MariaDB: connection was killed
	1969:            true, // MariaDB: statement timeout exceeded
	3024:            true, // MySQL: statement timeout exceeded
	3572:            true, // MySQL: lock not granted with NOWAIT
	4031:            true, // MySQL: closed for inactivity
}

// unavailable returns a fault for an error that means that the database can't be reached or used at the moment. It returns
// other errors unchanged.
func unavailable(err error) error {
	var answer *mysql.MySQLError
	var network net.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &answer) && !temporary[answer.Number]:
		return err
	case errors.As(err, &answer),
		errors.As(err, &network),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled),
		errors.Is(err, sql.ErrTxDone), // rolled back because the context ended
		errors.Is(err, mysql.ErrInvalidConn), errors.Is(err, driver.ErrBadConn), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, mysql.ErrMalformPkt), errors.Is(err, mysql.ErrPktSync), errors.Is(err, mysql.ErrBusyBuffer):
		return fault.Unreachable("The database", err)
	}
	return err
}

// lockFailed reports whether the database aborted a transaction, or a statement of it, because of a deadlock or a lock wait
// timeout. After a rollback the whole transaction may be retried.
func lockFailed(err error) bool { return number(err) == deadlock || number(err) == lockWaitTimeout }

// number returns the database's error number, or 0.
func number(err error) uint16 {
	var answer *mysql.MySQLError
	if errors.As(err, &answer) {
		return answer.Number
	}
	return 0
}

func noSuchTask() error { return fault.New(fault.NotFound, "task_not_found", "There is no such task.") }

func taskDeleted() error {
	return fault.New(fault.Conflict, "task_deleted", "The task with this id was deleted.")
}

func noPicture() error { return fault.New(fault.NotFound, "no_picture", "This task has no photo.") }

func noSuchUser() error { return fault.New(fault.NotFound, "user_not_found", "There is no such user.") }

func sessionEnded() error {
	return fault.New(fault.Unauthorized, "unauthorized", "The session has ended. Please sign in again.")
}
