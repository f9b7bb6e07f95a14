// Package functions lists every function of Snaptask. No image contains it: each image contains one function.
package functions

import (
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

// All maps the name of each function to its handler. The names are those of stack.yml and of the paths in openapi.yaml.
var All = map[string]serve.Handle{
	"change-password": changepassword.Handle,
	"create-task":     createtask.Handle,
	"delete-account":  deleteaccount.Handle,
	"delete-image":    deleteimage.Handle,
	"delete-task":     deletetask.Handle,
	"get-image":       getimage.Handle,
	"get-tasks":       gettasks.Handle,
	"login":           login.Handle,
	"logout":          logout.Handle,
	"predict-image":   predictimage.Handle,
	"register":        register.Handle,
	"update-task":     updatetask.Handle,
}
