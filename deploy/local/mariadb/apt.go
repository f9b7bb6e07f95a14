package mariadb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"snaptask/deploy/local/state"
)

// serverPackage contains mariadbd and its system tables, and depends on the fewest other packages.
const serverPackage = "mariadb-server-core"

// download unpacks the server's package, and the packages of missing libraries, into dir/root. It changes nothing else on the
// machine, so it does not need to run as root.
func download(ctx context.Context, dir string, say func(string)) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	lock, err := state.Lock(filepath.Join(dir, "lock"), 0)
	if err != nil {
		return err
	}
	defer lock.Close()
	if _, err := downloaded(ctx, dir); err == nil {
		return nil // by another process in the meantime
	}

	began := time.Now()
	work := filepath.Join(dir, "apt")
	cache := filepath.Join(work, "cache", "archives")
	defer os.RemoveAll(work)
	for _, folder := range []string{filepath.Join(work, "lists", "partial"), filepath.Join(cache, "partial")} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return err
		}
	}
	config := filepath.Join(work, "apt.conf")
	if err := state.WriteFile(config, []byte(aptConfig(work))); err != nil {
		return err
	}
	say("MariaDB is not on this machine; downloading it with apt (into the state folder, nothing is installed)")
	if err := run(ctx, "apt-get", "-c", config, "-qq", "update"); err != nil {
		return err
	}
	if err := run(ctx, "apt-get", "-c", config, "-qq", "-y", "--no-install-recommends", "--download-only", "install", serverPackage); err != nil {
		return err
	}
	count, err := unpack(ctx, cache, filepath.Join(dir, "root"))
	if err != nil {
		return err
	}
	say(fmt.Sprintf("downloaded MariaDB: %d packages in %.1f s", count, time.Since(began).Seconds()))
	return nil
}

// aptConfig makes apt write only to the folder work and run none of the machine's hooks.
func aptConfig(work string) string {
	return fmt.Sprintf(`Dir::State "%[1]s";
Dir::State::Lists "%[1]s/lists";
Dir::State::status "/var/lib/dpkg/status";
Dir::Cache "%[1]s/cache";
Dir::Log "%[1]s";
Debug::NoLocking "1";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear APT::Update::Pre-Invoke;
`, work)
}

// unpack extracts the packages in the folder cache to root, atomically, and returns how many there are.
func unpack(ctx context.Context, cache, root string) (int, error) {
	packages, err := filepath.Glob(filepath.Join(cache, "*.deb"))
	if err != nil {
		return 0, err
	}
	if len(packages) == 0 {
		return 0, errors.New("apt downloads nothing for " + serverPackage)
	}
	fresh := root + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return 0, err
	}
	for _, file := range packages {
		if err := run(ctx, "dpkg-deb", "-x", file, fresh); err != nil {
			return 0, err
		}
	}
	if err := os.RemoveAll(root); err != nil {
		return 0, err
	}
	return len(packages), os.Rename(fresh, root)
}

// run runs a program; the error contains its standard error.
func run(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, bytes.TrimSpace(stderr.Bytes()))
	}
	return nil
}
