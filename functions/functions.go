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
	labelupload "snaptask/functions/label-upload"
	login "snaptask/functions/login"
	logout "snaptask/functions/logout"
	predictimage "snaptask/functions/predict-image"
	register "snaptask/functions/register"
	"snaptask/functions/serve"
	updatetask "snaptask/functions/update-task"
	uploadurl "snaptask/functions/upload-url"
)

// All maps the name of each function to what serves it. The names are those of stack.yml and of the paths in openapi.yaml.
var All = map[string]serve.Function{
	"change-password": {Handle: changepassword.Handle, Admit: changepassword.Admit},
	"create-task":     {Handle: createtask.Handle, Admit: createtask.Admit},
	"delete-account":  {Handle: deleteaccount.Handle, Admit: deleteaccount.Admit},
	"delete-image":    {Handle: deleteimage.Handle, Admit: deleteimage.Admit},
	"delete-task":     {Handle: deletetask.Handle, Admit: deletetask.Admit},
	"get-image":       {Handle: getimage.Handle, Admit: getimage.Admit},
	"get-tasks":       {Handle: gettasks.Handle, Admit: gettasks.Admit},
	"label-upload":    {Handle: labelupload.Handle, Admit: labelupload.Admit},
	"login":           {Handle: login.Handle, Admit: login.Admit},
	"logout":          {Handle: logout.Handle, Admit: logout.Admit},
	"predict-image":   {Handle: predictimage.Handle, Admit: predictimage.Admit},
	"register":        {Handle: register.Handle, Admit: register.Admit},
	"update-task":     {Handle: updatetask.Handle, Admit: updatetask.Admit},
	"upload-url":      {Handle: uploadurl.Handle, Admit: uploadurl.Admit},
}
