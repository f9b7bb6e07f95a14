// Command new-function adds a function to the repository in the working folder: new-function NAME [METHOD].
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"snaptask/functions/scaffold"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "new-function:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 || args[0] == "" {
		return errors.New("make new-function NAME=count-tasks [METHOD=GET]")
	}
	written, err := scaffold.New(".", args[0], strings.ToUpper(args[1]))
	if err != nil {
		return err
	}
	fmt.Printf("wrote %s\n      and the manifests in deploy/kubernetes that follow from stack.yml\n\n", strings.Join(written, "\n      "))
	fmt.Printf(`What is left to do:

  1. functions/%[1]s/handler.go: what the function does. If it needs images, the classifier or settings,
     add their secrets and environment to its entry in stack.yml.
  2. functions/openapi.yaml: /function/%[1]s: parameters, body and replies.
  3. functions/%[1]s/handler_test.go: mine works, another user's is 404, every error.
  4. After a change of stack.yml: go run ./deploy/kubernetes/generate
  5. make test. If permissions.md is out of date, the test says how to write it.
`, args[0])
	return nil
}
