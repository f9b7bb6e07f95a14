package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"
	"time"
)

// connector opens the pool's connections and bounds how many statements of this process the server runs. A connection that was
// closed while a statement may still run on the server keeps its place until the killer has ended it there.
type connector struct {
	driver.Connector
	timeout time.Duration // for one call of the store
	places  chan struct{} // one element per connection
	killer  *killer
}

// Connect opens a connection as soon as there is a place for it.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	// For callers that wait for a connection, the pool connects without their deadlines.
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	select {
	case c.places <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	opened, err := c.open(ctx)
	if err != nil {
		c.release()
		return nil, err
	}
	return opened, nil
}

func (c *connector) release() { <-c.places }

func (c *connector) open(ctx context.Context) (driver.Conn, error) {
	dialled, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	opened := &conn{mysqlConn: dialled.(mysqlConn), connector: c, opened: time.Now()}
	if err := opened.prepare(ctx); err != nil {
		dialled.Close()
		return nil, err
	}
	return opened, nil
}

// prepare asks which connection of which server this is, and limits its statements.
func (c *conn) prepare(ctx context.Context) (err error) {
	if c.peer, err = askPeer(ctx, c.mysqlConn); err != nil {
		return err
	}
	if strings.Contains(c.peer.version, "Vitess") { // vtgate has its own limits, and ends a statement with its connection
		c.peer.id = 0
		return nil
	}
	_, err = c.mysqlConn.ExecContext(ctx, limits(c.peer.version, c.connector.timeout), nil)
	return err
}

// peer is the server's end of a connection.
type peer struct {
	id        uint64 // of the connection; 0 if it must not be killed
	version   string
	server    server
	maxPacket int // bytes of a statement
}

// server is the address and id that a database server has configured for itself.
type server struct{ hostname, port, id string }

func askPeer(ctx context.Context, c driver.QueryerContext) (p peer, err error) {
	row, err := readRow(ctx, c, `SELECT CONNECTION_ID(), @@max_allowed_packet, VERSION(), @@hostname, @@port, @@server_id`)
	if err != nil {
		return peer{}, err
	}
	if _, err := fmt.Sscan(row[0]+" "+row[1], &p.id, &p.maxPacket); err != nil {
		return peer{}, err
	}
	p.version, p.server = row[2], server{row[3], row[4], row[5]}
	return p, nil
}

// readRow returns the first row of a SELECT as text.
func readRow(ctx context.Context, c driver.QueryerContext, text string) (row []string, err error) {
	rows, err := c.QueryContext(ctx, text, nil)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	values := make([]driver.Value, len(rows.Columns()))
	if err := rows.Next(values); err != nil {
		return nil, err
	}
	for _, value := range values {
		if bytes, ok := value.([]byte); ok {
			value = string(bytes)
		}
		row = append(row, fmt.Sprint(value))
	}
	return row, nil
}

// limits returns the statement that makes a server give up before the store does, so that the store's callers learn the
// outcome. MySQL limits only the time of SELECTs: its writes end by the lock wait timeout or by the killer.
func limits(version string, timeout time.Duration) string {
	text := fmt.Sprintf("SET SESSION innodb_lock_wait_timeout = %d", int(lockWait(timeout).Seconds()))
	if strings.Contains(version, "MariaDB") {
		return text + fmt.Sprintf(", max_statement_time = %.3f", statementTime(timeout).Seconds())
	}
	return text + fmt.Sprintf(", max_execution_time = %d", statementTime(timeout).Milliseconds())
}

// lockWait returns how long a statement may wait for a row lock, in whole seconds, which is the unit of
// innodb_lock_wait_timeout: short enough that a call of the store can be tried again once.
func lockWait(timeout time.Duration) time.Duration {
	return max(time.Second, (timeout * 2 / 5).Truncate(time.Second))
}

// statementTime returns how long a statement may take.
func statementTime(timeout time.Duration) time.Duration { return timeout * 3 / 5 }

// answerTime returns how much of the time for a call must remain when a statement is sent that commits, so that there is
// time for its answer.
func answerTime(timeout time.Duration) time.Duration { return timeout / 5 }
