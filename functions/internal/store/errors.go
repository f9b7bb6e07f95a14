package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"time"

	"snaptask/functions/internal/fault"

	"github.com/go-sql-driver/mysql"
)

// Error numbers of MySQL and MariaDB.
const (
	duplicateKey    = 1062
	noSuchThread    = 1094
	notOwner        = 1095 // of the connection to kill
	noSuchTable     = 1146
	lockWaitTimeout = 1205
	deadlock        = 1213
)

// temporary are the error numbers of a server that responds but can't serve the request now: it is starting, stopping, full,
// read-only or not set up yet, it has killed the statement, or it is a proxy that can't reach the database.
var temporary = map[uint16]bool{
	1021:            true, // disk full
	1037:            true, // out of memory
	1038:            true, // out of memory for sorting
	1040:            true, // too many connections
	1041:            true, // out of memory
	1044:            true, // access denied to the database
	1045:            true, // access denied
	1047:            true, // Galera: the node is not ready
	1049:            true, // unknown database
	1053:            true, // server shutdown in progress
	1105:            true, // unknown error; vtgate: any error of its servers
	1114:            true, // table full
	1129:            true, // host blocked
	1142:            true, // command denied to the account
	noSuchTable:     true,
	1158:            true, // error reading from the connection
	1159:            true, // timeout reading from the connection
	1160:            true, // error writing to the connection
	1161:            true, // timeout writing to the connection
	1180:            true, // error during COMMIT
	1203:            true, // the account has too many connections
	lockWaitTimeout: true,
	1206:            true, // too many locks
	deadlock:        true,
	1226:            true, // the account exceeds a resource limit
	1290:            true, // the server runs read-only
	1317:            true, // statement interrupted
	1637:            true, // too many transactions
	1792:            true, // transaction is read-only
	1836:            true, // server is in read-only mode
	1927:            true, // MariaDB: connection was killed
	1969:            true, // MariaDB: statement timeout exceeded
	2002:            true, // proxy: can't connect to the server
	2003:            true, // proxy: can't connect to the server
	2006:            true, // proxy: the server has gone away
	2012:            true, // proxy: error in the server's handshake
	2013:            true, // proxy: connection to the server lost
	3024:            true, // MySQL: statement timeout exceeded
	3032:            true, // MySQL: the server is offline
	3100:            true, // MySQL: a replication hook refused the transaction
	3101:            true, // MySQL: replication rolled the transaction back
	3572:            true, // MySQL: lock not granted with NOWAIT
	4031:            true, // MySQL: closed for inactivity
}

// tooLarge are the error numbers of a statement that exceeds max_allowed_packet.
var tooLarge = map[uint16]bool{1153: true, 1301: true}

// outOfRange are the error numbers of a value that its column can't hold. Only a version can become too large.
var outOfRange = map[uint16]bool{1264: true, 1690: true}

// asFault returns the fault for an error of the database that a request, or the state of the database, may cause. It returns
// other errors, and faults, unchanged.
func asFault(err error) error {
	var known *fault.Error
	var reported *mysql.MySQLError
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case errors.Is(err, mysql.ErrPktTooLarge), errors.As(err, &reported) && tooLarge[reported.Number]:
		return &fault.Error{Kind: fault.TooLarge, Code: "too_large", Message: "This is too large for the database.", Cause: err}
	case reported != nil && outOfRange[reported.Number]:
		return &fault.Error{Kind: fault.Conflict, Code: "last_version", Message: "This was changed too often to be changed again.", Cause: err}
	case reported != nil && !temporary[reported.Number] && !isConnectionError(reported) && !isRollback(reported):
		return err
	case reported != nil || isConnectionLost(err):
		return fault.Unreachable("The database", err)
	}
	return err
}

// isConnectionError and isRollback report the class of the error's SQLSTATE: 08 is a connection exception, 40 a transaction
// rollback.
func isConnectionError(e *mysql.MySQLError) bool { return string(e.SQLState[:2]) == "08" }
func isRollback(e *mysql.MySQLError) bool        { return string(e.SQLState[:2]) == "40" }

// isConnectionLost reports whether an error is not the server's, but means that it can't be reached or did not answer in
// time.
func isConnectionLost(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.As(err, new(*unanswered)) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) ||
		errors.Is(err, sql.ErrTxDone) || // rolled back because the context ended
		errors.Is(err, mysql.ErrInvalidConn) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, mysql.ErrMalformPkt) || errors.Is(err, mysql.ErrPktSync) || errors.Is(err, mysql.ErrBusyBuffer)
}

// unclear are the error numbers of a server that may have done what it reports an error for: it lost another server's answer,
// or failed in the middle of a COMMIT.
var unclear = map[uint16]bool{1105: true, 1180: true, 2006: true, 2013: true}

// orUnknown returns the fault OutcomeUnknown for an error of a statement that commits by itself, if the statement may have
// taken effect, and other errors unchanged.
func orUnknown(err error) error {
	if errors.As(err, new(*unanswered)) || unclear[number(err)] {
		return fault.OutcomeUnknown(err)
	}
	return err
}

// notCommitted are the error numbers of a COMMIT that has certainly failed, besides those of the class transaction rollback.
var notCommitted = map[uint16]bool{1047: true, lockWaitTimeout: true, 1290: true, 1792: true, 1836: true, 3100: true, 3101: true}

// orCommitUnknown is orUnknown for COMMIT: most errors that a server can report for it leave the outcome open.
func orCommitUnknown(err error) error {
	var reported *mysql.MySQLError
	if errors.As(err, &reported) && !notCommitted[reported.Number] && !isRollback(reported) {
		return fault.OutcomeUnknown(err)
	}
	return orUnknown(err)
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

// WrongCredentials returns the fault of a login with an unknown username or a wrong password: the same, so that neither is revealed.
func WrongCredentials() error {
	return fault.New(fault.Unauthorized, "wrong_credentials", "The username or the password is wrong.")
}

func sessionEnded() error {
	return fault.New(fault.Unauthorized, "unauthorized", "The session has ended. Please sign in again.")
}

func passwordChanged() error {
	return &fault.Error{Kind: fault.Unavailable, Code: "busy", RetryAfter: time.Second,
		Message: "The password was changed by another request at the same time. Please try again."}
}
