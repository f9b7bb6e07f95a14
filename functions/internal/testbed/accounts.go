package testbed

import (
	"database/sql"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

var grant = regexp.MustCompile(`(?m)^GRANT (.+) ON (\S+) TO (\w+);$`)

// Accounts creates the accounts of db/rights.sql for the database at dsn, with their rights, and returns their DSNs by name. They
// are dropped after the test.
func Accounts(t testing.TB, dsn string) map[string]string {
	t.Helper()
	config, err := mysql.ParseDSN(dsn)
	require.NoError(t, err)
	server, err := sql.Open("mysql", dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	do := func(statement string) {
		_, err := server.Exec(statement)
		require.NoError(t, err, statement)
	}
	rights, err := os.ReadFile(filepath.Join(root(t), "db", "rights.sql"))
	require.NoError(t, err)
	unique, all := uuid.NewString()[:8], map[string]string{}
	for _, right := range grant.FindAllStringSubmatch(string(rights), -1) {
		name := right[3]
		user := name + "_" + unique
		if all[name] == "" {
			do("CREATE USER '" + user + "'@'%' IDENTIFIED BY '" + unique + "'")
			t.Cleanup(func() { do("DROP USER '" + user + "'@'%'") })
			own := config.Clone()
			own.User, own.Passwd = user, unique
			all[name] = own.FormatDSN()
		}
		do("GRANT " + right[1] + " ON `" + config.DBName + "`." + right[2] + " TO '" + user + "'@'%'")
	}
	return all
}
