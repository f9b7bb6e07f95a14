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


