package db

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
)

//go:embed rights.sql
var rightsSQL string

// right is one privilege on a table; "*" means every table.
type right struct{ privilege, table string }

var grantStatement = regexp.MustCompile(`(?m)^GRANT (.+) ON (\S+) TO (\w+);$`)

// rights are the rights of each account in rights.sql.
var rights = func() map[string][]right {
	all := map[string][]right{}
	for _, grant := range grantStatement.FindAllStringSubmatch(rightsSQL, -1) {
		for privilege := range strings.SplitSeq(grant[1], ", ") {
			all[grant[3]] = append(all[grant[3]], right{privilege, grant[2]})
		}
	}
	return all
}()

// AccountNames returns the names of the application's accounts in rights.sql, sorted.
func AccountNames() []string {
	var names []string
	for name := range rights {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// SecretOf returns the name of the secret with the address of an account.
func SecretOf(account string) string {
	if account == "housekeeping" {
		return "mysql-dsn"
	}
	return "mysql-dsn-" + account
}
