package mariadb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"snaptask/deploy/local/state"
)

// serverPackage holds mariadbd and its system tables, and needs the fewest other packages.
const serverPackage = "mariadb-server-core"

// archive is a Debian package that apt would download.
type archive struct {
	Name string // of its file, as apt names it in its cache
	Size int64  // bytes
}

// fetch downloads the server and those of its libraries that the machine lacks and unpacks them below dir. It changes
// nothing else on the machine, so it needs no root.
func fetch(ctx context.Context, dir string, say func(string)) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	lock, err := state.Lock(filepath.Join(dir, "lock"), 0)
	if err != nil {
		return err
	}
	defer lock.Close()
	if _, err := fetched(ctx, dir); err == nil {
		return nil // another process has just done it
	}

	began := time.Now()
	work := filepath.Join(dir, "apt")
	for _, folder := range []string{"lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(work, folder), 0o700); err != nil {
			return err
		}
	}
	defer os.RemoveAll(work)
	config := filepath.Join(work, "apt.conf")
	if err := state.WriteFile(config, []byte(aptConfig(work))); err != nil {
		return err
	}
	say("MariaDB is not on this machine; fetching it with apt (into the state folder, nothing is installed)")
	if _, err := run(ctx, "apt-get", "-c", config, "-qq", "update"); err != nil {
		return err
	}
	install := []string{"-c", config, "-qq", "-y", "--no-install-recommends", "install", serverPackage}
	listed, err := run(ctx, "apt-get", append(install, "--print-uris")...)
	if err != nil {
		return err
	}
	archives, err := parseURIs(listed)
	if err != nil {
		return err
	}
	if _, err := run(ctx, "apt-get", append(install, "--download-only")...); err != nil {
		return err
	}
	if err := unpack(ctx, dir, filepath.Join(work, "cache/archives"), archives); err != nil {
		return err
	}
	var total int64
	for _, a := range archives {
		total += a.Size
	}
	say(fmt.Sprintf("fetched MariaDB: %d packages, %.1f MB, %.1f s", len(archives), float64(total)/1e6, time.Since(began).Seconds()))
	return nil
}

// aptConfig has apt keep everything it writes in folder work, and run none of the machine's hooks.
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

// uriLine is a line of `apt-get --print-uris`: 'URI' FILE SIZE [HASH].
var uriLine = regexp.MustCompile(`(?m)^'([^']+)' (\S+) (\d+)(?: .*)?$`)

// parseURIs reads what `apt-get --print-uris install` prints.
func parseURIs(printed []byte) ([]archive, error) {
	var all []archive
	for _, m := range uriLine.FindAllSubmatch(printed, -1) {
		if _, err := url.Parse(string(m[1])); err != nil {
			return nil, err
		}
		name := string(m[2])
		if filepath.Base(name) != name || !strings.HasSuffix(name, ".deb") {
			return nil, fmt.Errorf("apt names a package file %q", name)
		}
		size, err := strconv.ParseInt(string(m[3]), 10, 64)
		if err != nil {
			return nil, err
		}
		all = append(all, archive{name, size})
	}
	if len(all) == 0 {
		return nil, errors.New("apt would download nothing for " + serverPackage)
	}
	return all, nil
}

// unpack makes dir/root out of the archives, whole or not at all.
func unpack(ctx context.Context, dir, from string, archives []archive) error {
	fresh := filepath.Join(dir, "root.new")
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	for _, a := range archives {
		if _, err := run(ctx, "dpkg-deb", "-x", filepath.Join(from, a.Name), fresh); err != nil {
			return err
		}
	}
	root := filepath.Join(dir, "root")
	if err := os.RemoveAll(root); err != nil {
		return err
	}
	return os.Rename(fresh, root)
}

// run gives what a program prints; the error holds what it complains about.
func run(ctx context.Context, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", name, err, bytes.TrimSpace(complaints.Bytes()))
	}
	return out, nil
}
