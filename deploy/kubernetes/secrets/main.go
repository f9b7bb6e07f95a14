// Command secrets creates the Secrets that Snaptask's manifests refer to, with random values, and keeps existing ones: one
// Secret for each name, with one key of the same name, as `faas-cli secret create` does. It uses kubectl and shows no values.
//
//	go run ./deploy/kubernetes/secrets NAMESPACE [FUNCTIONS]
//
// NAMESPACE is the namespace of the servers, FUNCTIONS that of the functions if it differs. Both must exist. To use external
// servers, create their Secrets first: mysql-dsn and mysql-migration-dsn (and mysql-admin-dsn, if the Job migrate is to create
// their accounts), s3-access-key and s3-secret-key. All functions use these accounts, but for those whose own Secrets exist:
// mysql-dsn-read, s3-access-key-read and s3-secret-key-read, and so on.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], kubectl{}, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "secrets:", err)
		os.Exit(1)
	}
}

// store stores Secrets; outside of tests it is a cluster.
type store interface {
	// secrets returns the values of the Secrets in a namespace that have a key with their own name.
	secrets(ctx context.Context, namespace string) (map[string]string, error)
	// create creates Secrets that do not exist.
	create(ctx context.Context, namespace string, values map[string]string) error
}

func run(ctx context.Context, args []string, cluster store, out io.Writer) error {
	if len(args) < 1 || len(args) > 2 || strings.HasPrefix(args[0], "-") {
		return errors.New("expected the namespace of the servers and, if it differs, that of the functions")
	}
	servers, functions := args[0], args[len(args)-1]
	required := map[string][]string{servers: ofServers}
	if functions == servers {
		required[servers] = slices.Compact(slices.Sorted(slices.Values(slices.Concat(ofServers, ofFunctions))))
	} else {
		required[functions] = ofFunctions
	}

	found := map[string]map[string]string{}
	values := map[string]string{}
	for namespace := range required {
		var err error
		if found[namespace], err = cluster.secrets(ctx, namespace); err != nil {
			return err
		}
		for name, value := range found[namespace] {
			if other, ok := values[name]; ok && other != value && slices.Contains(shared(), name) {
				return fmt.Errorf("the Secret %s differs between %s and %s: delete the wrong one", name, servers, functions)
			}
			values[name] = value
		}
	}
	if err := complete(values, servers); err != nil {
		return err
	}
	for _, namespace := range slices.Compact([]string{servers, functions}) {
		missing, kept := map[string]string{}, 0
		for _, name := range required[namespace] {
			value, ok := values[name]
			if _, exists := found[namespace][name]; ok && !exists {
				missing[name] = value
			} else if exists {
				kept++
			}
		}
		if len(missing) > 0 {
			if err := cluster.create(ctx, namespace, missing); err != nil {
				return err
			}
		}
		fmt.Fprintf(out, "namespace %s: %d Secrets created, %d kept\n", namespace, len(missing), kept)
	}
	return nil
}
