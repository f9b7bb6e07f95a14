// Command snaptask runs Snaptask on one machine without a cluster.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"snaptask/deploy/local/process"
	"snaptask/deploy/local/s3"
	"snaptask/deploy/local/services"
)

const help = `snaptask runs Snaptask on this machine, without a cluster.

    snaptask services -- COMMAND [ARGUMENT...]
                      run COMMAND with a MariaDB, an S3 server and a model server of its own, whose addresses are in
                      TEST_MYSQL_DSN, TEST_S3_ENDPOINT, TEST_S3_ACCESS_KEY, TEST_S3_SECRET_KEY,
                      TEST_CLASSIFIER_ADDRESS and TEST_CLASSIFIER_REST_URL; one that is set already is used as it is
    snaptask help     this text

Environment: SNAPTASK_STATE (the state folder; .snaptask), SNAPTASK_MODELSERVER (the model server's program).
`

func main() {
	err := command(os.Args[1:])
	if err != nil && process.ExitCode(err) == 1 {
		fmt.Fprintln(os.Stderr, "snaptask: "+err.Error())
	}
	os.Exit(process.ExitCode(err))
}

// command runs what the arguments ask for. The modes that help does not name are for children of this program.
func command(args []string) error {
	ctx, cancel := process.Lifetime()
	defer cancel()
	mode := "help"
	if len(args) > 0 {
		mode, args = args[0], args[1:]
	}
	switch mode {
	case "services":
		if len(args) > 0 && args[0] == "--" {
			args = args[1:]
		}
		if len(args) == 0 {
			return errors.New("services wants a command: snaptask services -- COMMAND [ARGUMENT...]")
		}
		return services.Run(ctx, stateFolder(), args, os.Stderr)
	case "s3":
		return s3.Serve(ctx)
	case "keep":
		if len(args) == 0 {
			return errors.New("keep wants a program")
		}
		return process.Keep(ctx, args[0], args[1:]...)
	case "help", "-h", "-help", "--help":
		fmt.Print(help)
		return nil
	default:
		return fmt.Errorf("there is no %q; snaptask help lists what there is", mode)
	}
}

// stateFolder is where everything is kept: the folder that this program was built into, else the one below the present
// folder.
func stateFolder() string {
	const name = ".snaptask"
	if path := os.Getenv("SNAPTASK_STATE"); path != "" {
		return path
	}
	if program, err := os.Executable(); err == nil {
		if path := filepath.Dir(filepath.Dir(program)); filepath.Base(path) == name {
			return path
		}
	}
	return name
}
