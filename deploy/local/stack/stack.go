// Package stack is the list of the functions, each with what it may know and no more.
package stack

import (
	"maps"
	"os"
	"slices"
	"strconv"

	changepassword "snaptask/functions/change-password"
	createtask "snaptask/functions/create-task"
	deleteaccount "snaptask/functions/delete-account"
	deleteimage "snaptask/functions/delete-image"
	deletetask "snaptask/functions/delete-task"
	getimage "snaptask/functions/get-image"
	gettasks "snaptask/functions/get-tasks"
	login "snaptask/functions/login"
	logout "snaptask/functions/logout"
	predictimage "snaptask/functions/predict-image"
	register "snaptask/functions/register"
	"snaptask/functions/serve"
	updatetask "snaptask/functions/update-task"
)

// Secrets, by the names of their files.
const (
	MySQLDSN        = "mysql-dsn"
	TokenSigningKey = "token-signing-key"
	TokenPublicKeys = "token-public-keys"
	S3AccessKey     = "s3-access-key"
	S3SecretKey     = "s3-secret-key"

	ClientAddressKey = "client-address-key" // shared with the web server, which vouches for clients' addresses
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

var (
	database   = []string{MySQLDSN}
	person     = []string{MySQLDSN, TokenPublicKeys}
	pictures   = []string{MySQLDSN, TokenPublicKeys, S3AccessKey, S3SecretKey}
	s3Settings = []string{S3Endpoint, S3Bucket, S3Region, "S3_TIMEOUT"}
	classifier = []string{ClassifierAddress, ClassifierProtocol, ClassifierRESTURL, ClassifierModel, "CLASSIFIER_TIMEOUT"}
)

// forPictures fit pictures of up to 16 MiB on a slow line, few at once.
var forPictures = map[string]string{
	"BODY_LIMIT": strconv.Itoa(16<<20 + 1), "READ_TIMEOUT": "60s", "EXEC_TIMEOUT": "45s", "WRITE_TIMEOUT": "120s", "MAX_INFLIGHT": "16",
}

// Functions are all that there are, by name.
var Functions = []Function{
	{
		Name: "change-password", Handle: changepassword.Handle,
		Secrets:  []string{MySQLDSN, TokenPublicKeys, TokenSigningKey, ClientAddressKey},
		Settings: []string{"SESSION_LIFETIME"},
	},
	{
		Name: "create-task", Handle: createtask.Handle,
		Secrets: person,
	},
	{
		Name: "delete-account", Handle: deleteaccount.Handle,
		Secrets:  slices.Concat(pictures, []string{ClientAddressKey}),
		Settings: s3Settings,
	},
	{
		Name: "delete-image", Handle: deleteimage.Handle,
		Secrets:  pictures,
		Settings: s3Settings,
	},
	{
		Name: "delete-task", Handle: deletetask.Handle,
		Secrets:  pictures,
		Settings: s3Settings,
	},
	{
		Name: "get-image", Handle: getimage.Handle,
		Secrets:  pictures,
		Settings: s3Settings,
	},
	{
		Name: "get-tasks", Handle: gettasks.Handle,
		Secrets: person,
	},
	{
		Name: "login", Handle: login.Handle,
		Secrets:  []string{MySQLDSN, TokenSigningKey, ClientAddressKey},
		Settings: []string{"SESSION_LIFETIME"},
	},
	{
		Name: "logout", Handle: logout.Handle,
		Secrets: person,
	},
	{
		Name: "predict-image", Handle: predictimage.Handle,
		Secrets:  pictures,
		Settings: slices.Concat(s3Settings, classifier),
		Limits:   forPictures,
	},
	{
		Name: "register", Handle: register.Handle,
		Secrets:  database,
		Settings: []string{"REGISTRATION"},
	},
	{
		Name: "update-task", Handle: updatetask.Handle,
		Secrets: person,
	},
}

// Housekeeping is what the command of this name may know; it is no function.
var Housekeeping = Function{
	Name:     "housekeeping",
	Secrets:  []string{MySQLDSN, S3AccessKey, S3SecretKey},
	Settings: slices.Concat(s3Settings, classifier, []string{"ORPHAN_AGE"}),
}

// forAll are the settings that a person may set for every function.
var forAll = []string{"CORS_ORIGINS", "DB_MAX_OPEN", "DB_MAX_LIFETIME", "DB_TIMEOUT"}

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
	env := maps.Clone(f.Limits)
	if env == nil {
		env = map[string]string{}
	}
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
