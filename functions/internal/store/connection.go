package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"time"

	"github.com/go-sql-driver/mysql"
)

// mysqlConn has those interfaces of the driver's connections that package database/sql uses.
type mysqlConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// conn is a connection of the pool.
type conn struct {
	mysqlConn
	connector *connector
	peer      peer
	opened    time.Time
	inTx      bool
	broken    bool // its state is unknown
}

// unanswered is the error of a statement that was sent, or may have been sent, and whose answer was lost.
type unanswered struct{ error }

func (u *unanswered) Unwrap() error { return u.error }

// failed returns err, wrapped in unanswered unless the server reported it or nothing was sent. The connection is not used again
// after an unanswered statement.
func (c *conn) failed(err error) error {
	var reported *mysql.MySQLError
	if errors.As(err, &reported) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, driver.ErrSkip) || errors.Is(err, mysql.ErrPktTooLarge) {
		return err
	}
	c.broken = true
	return &unanswered{err}
}

// ExecContext does not send a statement that commits by itself unless there is time for the answer.
func (c *conn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !c.inTx && !hasTime(ctx, answerTime(c.connector.timeout)) {
		return nil, context.DeadlineExceeded
	}
	if statementSize(text, args) >= c.peer.maxPacket { // the server would close the connection, and its answer could be lost
		return nil, mysql.ErrPktTooLarge
	}
	end := traced(ctx, text)
	result, err := c.mysqlConn.ExecContext(ctx, text, args)
	end(err)
	if err != nil {
		return nil, c.failed(err)
	}
	return result, nil
}

// statementSize returns how many bytes a statement has at least.
func statementSize(text string, args []driver.NamedValue) int {
	total := len(text)
	for _, arg := range args {
		switch value := arg.Value.(type) {
		case string:
			total += len(value)
		case []byte:
			total += len(value)
		}
	}
	return total
}

// hasTime reports whether a context has no deadline, or at least this much time before it.
func hasTime(ctx context.Context, needed time.Duration) bool {
	deadline, limited := ctx.Deadline()
	return !limited || time.Until(deadline) >= needed
}

func (c *conn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	end := traced(ctx, text)
	rows, err := c.mysqlConn.QueryContext(ctx, text, args)
	end(err)
	if err != nil {
		return nil, c.failed(err)
	}
	return rows, nil
}

func (c *conn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	end := traced(ctx, "BEGIN")
	_, err := c.mysqlConn.BeginTx(ctx, options)
	end(err)
	if err != nil {
		return nil, c.failed(err)
	}
	c.inTx = true
	return &transaction{c, ctx}, nil
}

// IsValid reports whether the pool may use the connection again.
func (c *conn) IsValid() bool { return !c.broken && c.mysqlConn.IsValid() }

// Close closes the connection. Its place becomes free when the server no longer runs a statement for it.
func (c *conn) Close() error {
	idle := c.IsValid()
	err := c.mysqlConn.Close()
	if idle || c.peer.id == 0 {
		c.connector.release()
	} else {
		c.connector.killer.kill(victim{c.peer.id, c.peer.server, c.opened})
	}
	return err
}

// transaction is an open transaction of a connection. The driver's own would wait for the answers to COMMIT and ROLLBACK
// without regard to the caller's deadline.
type transaction struct {
	*conn
	ctx context.Context
}

// Commit waits for the answer until the deadline of the transaction's context. It does not end early if the context is
// cancelled: the outcome would be unknown.
func (t *transaction) Commit() error {
	ctx := context.WithoutCancel(t.ctx)
	if deadline, limited := t.ctx.Deadline(); limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline)
		defer cancel()
	}
	return t.end(ctx, "COMMIT")
}

// Rollback is sent even if the transaction's context has ended, for the connection is used again.
func (t *transaction) Rollback() error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), answerTime(t.connector.timeout))
	defer cancel()
	return t.end(ctx, "ROLLBACK")
}

func (t *transaction) end(ctx context.Context, text string) error {
	t.inTx = false
	ended := traced(ctx, text)
	_, err := t.mysqlConn.ExecContext(ctx, text, nil)
	ended(err)
	if err == nil {
		return nil
	}
	t.broken = true // the transaction may still be open
	return t.failed(err)
}
