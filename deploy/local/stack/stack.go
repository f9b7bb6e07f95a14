// Package stack is the list of the functions, each with what it may know and no more.
package stack

import (
	"maps"
	"os"

	createtask "snaptask/functions/create-task"
	gettasks "snaptask/functions/get-tasks"
	login "snaptask/functions/login"
	register "snaptask/functions/register"
	"snaptask/functions/serve"
)

// Secrets, by the names of their files.
const (
	MySQLDSN        = "mysql-dsn"
	TokenSigningKey = "token-signing-key"
	TokenPublicKeys = "token-public-keys"
	S3AccessKey     = "s3-access-key"
	S3SecretKey     = "s3-secret-key"
)

// Settings that tell where servers are.
const (
	S3Endpoint         = "S3_ENDPOINT"
	S3Bucket           = "S3_BUCKET"
	S3Region           = "S3_REGION"
	ClassifierAddress  = "CLASSIFIER_ADDRESS"
	ClassifierProtocol = "CLASSIFIER_PROTOCOL"
	ClassifierRESTURL  = "CLASSIFIER_REST_URL"
	ClassifierModel    = "CLASSIFIER_MODEL"
)

// Function is one function and what it may know.
type Function struct {
	Name     string
	Handle   serve.Handle
	Secrets  []string          // the names of its secrets
	Settings []string          // the names of the settings it gets: where servers are, or what a person has set
	Limits   map[string]string // its settings that differ from the defaults of package serve
}

// Functions are all that there are, by name.
var Functions = []Function{
	{
		Name: "create-task", Handle: createtask.Handle,
		Secrets: []string{MySQLDSN, TokenPublicKeys},
	},
	{
		Name: "get-tasks", Handle: gettasks.Handle,
		Secrets: []string{MySQLDSN, TokenPublicKeys},
	},
	{
		Name: "login", Handle: login.Handle,
		Secrets:  []string{MySQLDSN, TokenSigningKey},
		Settings: []string{"SESSION_LIFETIME"},
	},
	{
		Name: "register", Handle: register.Handle,
		Secrets:  []string{MySQLDSN},
		Settings: []string{"REGISTRATION"},
	},
}

// forAll are the settings that a person may set for every function.
var forAll = []string{"CORS_ORIGINS", "DB_MAX_OPEN", "DB_MAX_LIFETIME", "DB_TIMEOUT", "MAX_INFLIGHT"}

// Find gives the function of this name.
func Find(name string) (Function, bool) {
	for _, f := range Functions {
		if f.Name == name {
			return f, true
		}
	}
	return Function{}, false
}

// Env gives the settings that the function gets: its limits, and of those it may know the ones in servers or, failing
// that, in this process's environment.
func (f Function) Env(servers map[string]string) map[string]string {
	env := map[string]string{}
	maps.Copy(env, f.Limits)
	for _, names := range [][]string{forAll, f.Settings} {
		for _, name := range names {
			if value, ok := servers[name]; ok {
				env[name] = value
			} else if value, ok := os.LookupEnv(name); ok {
				env[name] = value
			}
		}
	}
	return env
}
