// Command program runs one function behind its HTTP server. It is the program of every function's image; the Dockerfile puts its
// imports in place.
package main

import (
	"os"

	"snaptask/functions/function"
	"snaptask/functions/serve"
)

func main() {
	serve.Main(os.Getenv("FUNCTION_NAME"), serve.Function{Handle: function.Handle, Admit: function.Admit})
}
