package chaos

import (
	"database/sql"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"snaptask/tests/application"
	"snaptask/tests/relay"
	"snaptask/tests/workload"
)

// databaseTimeout is DB_TIMEOUT of the functions whose database is made slow.
const databaseTimeout = 2 * time.Second

// slow is a database that can be made slow.
type slow struct {
	server *application.Server
	relay  *relay.Relay // between the functions and the server
	pool   *sql.DB      // to the server itself
}

// startSlow runs an application with a database that can be made slow.
func startSlow(t *testing.T) (*application.Application, *slow) {
	server := application.StartServer(t)
	config, err := mysql.ParseDSN(server.DSN)
	require.NoError(t, err)
	config.ParseTime = true
	pool, err := sql.Open("mysql", config.FormatDSN())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, pool.Close()) })
	s := &slow{server, relay.New(t, config.Addr), pool}
	dsn := strings.Replace(server.DSN, config.Addr, s.relay.Address, 1)
	return application.Start(t, application.NewState(t), "MYSQL_DSN="+dsn, "DB_TIMEOUT="+databaseTimeout.String()), s
}

// disturbance is a way to make the database slow.
type disturbance struct {
	name  string
	begin func(*testing.T, *slow) (end func())
	late  bool // whether it begins when calls are under way
}

var disturbances = []disturbance{
	{"paused", func(t *testing.T, s *slow) func() {
		s.server.Pause(t)
		return func() { s.server.Resume(t) }
	}, true},
	{"cut off", func(t *testing.T, s *slow) func() {
		s.relay.Set(t, relay.Stalled)
		return func() { s.relay.Set(t, relay.Working) }
	}, true},
	{"locked", func(t *testing.T, s *slow) func() {
		var tx *sql.Tx
		require.Eventually(t, func() bool {
			var err error
			tx, err = lockEverything(s.pool)
			return err == nil
		}, 30*time.Second, time.Millisecond)
		return func() { require.NoError(t, tx.Rollback()) }
	}, false},
}

// lockEverything locks all rows that people write, and the gaps between them, until the transaction ends. While people write,
// it can be the one that the server ends to break a deadlock: try again.
func lockEverything(pool *sql.DB) (*sql.Tx, error) {
	tx, err := pool.Begin()
	if err != nil {
		return nil, err
	}
	for _, table := range []string{"users", "sessions", "tasks"} {
		if _, err := tx.Exec(`SELECT COUNT(*) FROM (SELECT * FROM ` + table + ` FOR UPDATE) locked`); err != nil {
			return nil, errors.Join(err, tx.Rollback())
		}
	}
	return tx, nil
}

// TestNothingIsLostWhenTheDatabaseIsSlow pauses the database, cuts it off and locks its rows at random while people use the application.
func TestNothingIsLostWhenTheDatabaseIsSlow(t *testing.T) {
	t.Parallel()
	a, s := startSlow(t)
	random := rand.New(rand.NewPCG(*seed, 3))
	run(t, a, 2, func(*workload.Workload) {
		for until := time.Now().Add(time.Duration(*seconds) * time.Second); time.Now().Before(until); {
			d := disturbances[random.IntN(len(disturbances))]
			duration := time.Duration(random.Int64N(int64(2 * databaseTimeout)))
			end := d.begin(t, s)
			time.Sleep(duration)
			end()
			a.WaitReady(t)
			time.Sleep(time.Duration(random.IntN(2000)) * time.Millisecond)
		}
	})
}
