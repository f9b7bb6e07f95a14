// Command secrets makes the Secrets that Snaptask's manifests name, at random, and keeps those that there are: one Secret
// for each name, with one key of the same name, as `faas-cli secret create` does. It talks to the cluster through kubectl
// and shows no value.
//
//	go run ./deploy/kubernetes/secrets NAMESPACE [FUNCTIONS]
//
// NAMESPACE is where the servers are; FUNCTIONS is where the functions are, if elsewhere. Both must exist. To use servers of
// your own, make their Secrets first: mysql-dsn and mysql-migration-dsn (and mysql-admin-dsn, if the Job migrate shall make
// their accounts), s3-access-key and s3-secret-key.
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

// store is where Secrets are kept: a cluster.
type store interface {
	// secrets gives those in a namespace that have one key, named as they are.
	secrets(ctx context.Context, namespace string) (map[string]string, error)
	// create makes Secrets that there are not.
	create(ctx context.Context, namespace string, values map[string]string) error
}

func run(ctx context.Context, args []string, cluster store, out io.Writer) error {
	if len(args) < 1 || len(args) > 2 || strings.HasPrefix(args[0], "-") {
		return errors.New("say the namespace of the servers and, if it is another one, that of the functions")
	}
	servers, functions := args[0], args[len(args)-1]
	wanted := map[string][]string{servers: ofServers}
	if functions == servers {
		wanted[servers] = slices.Compact(slices.Sorted(slices.Values(slices.Concat(ofServers, ofFunctions))))
	} else {
		wanted[functions] = ofFunctions
	}

	found := map[string]map[string]string{}
	values := map[string]string{}
	for namespace := range wanted {
		var err error
		if found[namespace], err = cluster.secrets(ctx, namespace); err != nil {
			return err
		}
		for name, value := range found[namespace] {
			if other, ok := values[name]; ok && other != value && slices.Contains(shared(), name) {
				return fmt.Errorf("the Secret %s is not the same in %s and %s: delete the wrong one", name, servers, functions)
			}
			values[name] = value
		}
	}
	if err := complete(values, servers); err != nil {
		return err
	}
	for _, namespace := range slices.Compact([]string{servers, functions}) {
		missing, kept := map[string]string{}, 0
		for _, name := range wanted[namespace] {
			value, ok := values[name]
			if _, there := found[namespace][name]; ok && !there {
				missing[name] = value
			} else if there {
				kept++
			}
		}
		if len(missing) > 0 {
			if err := cluster.create(ctx, namespace, missing); err != nil {
				return err
			}
		}
		fmt.Fprintf(out, "namespace %s: %d secrets made, %d kept\n", namespace, len(missing), kept)
	}
	return nil
}
