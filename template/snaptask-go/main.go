// Command program is one function behind its HTTP server: what every function's image runs. Dockerfile says how its
// imports come together.
package main

import (
	"os"

	"snaptask/functions/function"
	"snaptask/functions/serve"
)

func main() {
	serve.Main(os.Getenv("FUNCTION_NAME"), function.Handle)
}
