//go:build linux

package main

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"database/sql"
	"encoding/pem"
	"errors"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	_ "github.com/go-sql-driver/mysql"

	"snaptask/db"
	"snaptask/deploy/local/mariadb"
	"snaptask/deploy/local/port"
	"snaptask/deploy/local/process"
	"snaptask/deploy/local/s3"
	"snaptask/functions/stack"
)

// flaskTables is the schema of the Flask design, one statement an entry.
var flaskTables = []string{
	`CREATE DATABASE baseline CHARACTER SET utf8mb4`,
	`CREATE TABLE baseline.users (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, username VARCHAR(64) NOT NULL UNIQUE, password VARCHAR(128) NOT NULL, token CHAR(32) NULL, KEY (token)
) ENGINE = InnoDB`,
	`CREATE TABLE baseline.tasks (
  id CHAR(36) NOT NULL PRIMARY KEY, user_id INT NOT NULL, title VARCHAR(255) NOT NULL, body TEXT NOT NULL, due_date DATE NOT NULL,
  completed BOOLEAN NOT NULL, created_at DATETIME(6) NOT NULL, upload BOOLEAN NOT NULL, labels TEXT NOT NULL, KEY (user_id, created_at)
) ENGINE = InnoDB`,
}

// bench is one run of the benchmark.
type bench struct {
	options
	ctx                context.Context // ends when the run is interrupted or a server dies
	fail               context.CancelCauseFunc
	root, kept, folder string // the sources; .snaptask/bench; removed after this run
	cleanup            []func()

	stack    map[string]stack.Function
	secrets  map[string]string
	server   *mariadb.Server
	database *process.Child
	pool     *sql.DB // for unmeasured work, and for the database alone
	objects  s3.Server
	model    *model
	programs map[string]*program
}

// startServers starts the servers that all contenders share.
func (b *bench) startServers() {
	check(errors.Join(os.RemoveAll(b.folder), os.MkdirAll(b.folder, 0o700)))
	b.cleanup = append(b.cleanup, func() { os.RemoveAll(b.folder) })
	b.stack = must(stack.Read(filepath.Join(b.root, "stack.yml"))).Functions
	b.startDatabase()
	b.objects = s3.Server{Dir: filepath.Join(b.folder, "s3"), Port: must(port.Free()), AccessKey: "bench", SecretKey: "only-for-this-run"}
	b.startChild(b.objects.Process(self))
	check(errors.Join(b.objects.MakeBucket(b.ctx, "snaptask"), b.objects.MakeBucket(b.ctx, "baseline")))
	b.model = serveModel()
	public, private, err := ed25519.GenerateKey(nil)
	check(err)
	b.secrets = map[string]string{
		"token-signing-key":  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(private))})),
		"token-public-keys":  string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: must(x509.MarshalPKIXPublicKey(public))})),
		"client-address-key": "only-for-this-run-and-32-bytes-long",
		"upload-event-token": eventToken,
	}
}

// close ends all processes in reverse order.
func (b *bench) close() {
	for _, end := range slices.Backward(b.cleanup) {
		end()
	}
}

// self is this program, which runs the servers of deploy/local in other modes.
const self = "/proc/self/exe"

// startChild starts a server of deploy/local. If it dies, the benchmark fails.
func (b *bench) startChild(spec process.Spec) *process.Child {
	spec.Log = must(process.NewLog(filepath.Join(b.folder, spec.Name+".log")))
	child := process.Start(spec, func(event string) { b.fail(errors.New(event)) })
	b.cleanup = append(b.cleanup, child.Stop)
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	check(child.Wait(ctx))
	return child
}

// startDatabase starts a MariaDB that writes every commit through to the disk, with both schemas.
func (b *bench) startDatabase() {
	install := must(mariadb.Find(b.ctx, filepath.Join(b.kept, "..", "mariadb-dist"), func(text string) { log.Print(text) }))
	user := mariadb.Account{Name: "bench", Password: "only-for-this-run", Rights: "ALL PRIVILEGES ON *.*"}
	b.server = &mariadb.Server{Install: install, Dir: filepath.Join(b.folder, "mariadb"), Port: must(port.Free()), Accounts: []mariadb.Account{user}}
	check(b.server.Prepare(b.ctx))
	b.database = b.startChild(b.server.Process(self))
	must(db.Up(b.ctx, b.dsn()))
	b.pool = must(sql.Open("mysql", b.dsn()+"&interpolateParams=true&collation=utf8mb4_unicode_520_ci"))
	b.cleanup = append(b.cleanup, func() { b.pool.Close() })
	b.pool.SetMaxIdleConns(2 * clients)
	for _, statement := range flaskTables {
		b.exec(statement)
	}
}

// dsn returns the DSN of the functions' database.
func (b *bench) dsn() string { return b.server.DSN(b.server.Accounts[0], mariadb.Database) }

func (b *bench) exec(statement string, args ...any) {
	must(b.pool.ExecContext(b.ctx, statement, args...))
}

// python returns the interpreter that has the packages of the Flask design, which make installs.
func (b *bench) python() string { return filepath.Join(b.kept, "venv", "bin", "python") }

// launchFlask starts the Flask design under Flask's own server or under gunicorn.
func (b *bench) launchFlask(name string, gunicorn bool) *program {
	app, number := filepath.Join(b.root, "tests", "bench", "baseline", "app.py"), must(port.Free())
	args := []string{app}
	if gunicorn {
		args = []string{"-m", "gunicorn", "--chdir", filepath.Dir(app), "--workers", "2", "--threads", "4", "--bind", local(number),
			"--worker-tmp-dir", b.folder, "--no-control-socket", "app:app"}
	}
	user := b.server.Accounts[0]
	return b.launch(name, number, map[string]string{
		"PATH": os.Getenv("PATH"), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", "HOME": b.folder, "PORT": strconv.Itoa(number),
		"DB_PORT": strconv.Itoa(b.server.Port), "DB_USER": user.Name, "DB_PASSWORD": user.Password, "DB_NAME": "baseline",
		"S3_ADDRESS": b.objects.Address(), "S3_ACCESS_KEY": b.objects.AccessKey, "S3_SECRET_KEY": b.objects.SecretKey,
		"S3_REGION": s3.Region, "S3_BUCKET": "baseline",
		"MODEL_SIDE": strconv.Itoa(modelSide), "MODEL_URL": "http://" + b.model.rest + "/v1/models/" + modelName + ":predict",
		"CLASS_NAMES": filepath.Join(b.root, "deploy", "modelserver", "model", "imagenet1k_names.json"),
	}, b.python(), args...)
}
