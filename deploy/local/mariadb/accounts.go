package mariadb

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Account is a database account. It may connect from 127.0.0.1 only.
type Account struct {
	Name     string
	Password string // without quotes and backslashes
	Rights   string // as in GRANT: "SELECT, INSERT ON snaptask.*"
	Grants   bool   // WITH GRANT OPTION
}

// initStatements returns the SQL that the server runs at each start, one statement per line: it creates the database, and
// replaces the accounts so that they have these passwords and rights.
func initStatements(accounts []Account) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE DATABASE IF NOT EXISTS %s CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;\n", Database)
	// The accounts of earlier versions would take precedence over those that the administrator creates for any host.
	b.WriteString("DROP USER IF EXISTS 'snaptask'@'127.0.0.1', 'snaptask_migration'@'127.0.0.1';\n")
	for _, a := range accounts {
		who := fmt.Sprintf("'%s'@'127.0.0.1'", a.Name)
		fmt.Fprintf(&b, "CREATE OR REPLACE USER %s IDENTIFIED BY '%s';\n", who, a.Password)
		fmt.Fprintf(&b, "GRANT %s TO %s", a.Rights, who)
		if a.Grants {
			b.WriteString(" WITH GRANT OPTION")
		}
		b.WriteString(";\n")
	}
	return b.String()
}

// Database is the name of the application's database.
const Database = "snaptask"

// DSN returns the data source name of an account for go-sql-driver/mysql; database may be empty.
func (s *Server) DSN(a Account, database string) string {
	config := mysql.NewConfig()
	config.User, config.Passwd = a.Name, a.Password
	config.Net, config.Addr = "tcp", fmt.Sprintf("127.0.0.1:%d", s.Port)
	config.DBName = database
	config.Timeout = 2 * time.Second
	return config.FormatDSN()
}
