package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"snaptask/deploy/local/port"
	"snaptask/deploy/local/s3"
)

// baselineTables is the schema of the design that we replace.
const baselineTables = `
CREATE DATABASE baseline CHARACTER SET utf8mb4;
CREATE TABLE baseline.users (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, username VARCHAR(64) NOT NULL UNIQUE, password VARCHAR(128) NOT NULL, token CHAR(32) NULL, KEY (token)
) ENGINE = InnoDB;
CREATE TABLE baseline.tasks (
  id CHAR(36) NOT NULL PRIMARY KEY, user_id INT NOT NULL, title VARCHAR(255) NOT NULL, body TEXT NOT NULL, due_date DATE NOT NULL,
  completed BOOLEAN NOT NULL, created_at DATETIME(6) NOT NULL, upload BOOLEAN NOT NULL, labels TEXT NOT NULL, KEY (user_id, created_at)
) ENGINE = InnoDB`

// python gives the interpreter of a virtual environment with what requirements.txt names, made once for each content of
// that file.
func python(ctx context.Context, root, folder string) (string, error) {
	requirements := filepath.Join(root, "tests", "bench", "baseline", "requirements.txt")
	wanted, err := os.ReadFile(requirements)
	if err != nil {
		return "", err
	}
	environment := filepath.Join(folder, "venv")
	interpreter, mark := filepath.Join(environment, "bin", "python"), filepath.Join(environment, "requirements.txt")
	if made, err := os.ReadFile(mark); err == nil && bytes.Equal(made, wanted) {
		return interpreter, nil
	}
	for _, command := range [][]string{
		{"python3", "-m", "venv", "--clear", environment},
		{interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r", requirements},
		{interpreter, "-m", "pip", "check"},
	} {
		if said, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("the Python side needs python3 3.11 or later with its venv module (Debian: python3-venv): %w\n%s", err, said)
		}
	}
	return interpreter, os.WriteFile(mark, wanted, 0o600)
}

// baselineEnv is the environment of the design that we replace, which its own server's port is part of.
func (s *scene) baselineEnv(number int) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "PYTHONDONTWRITEBYTECODE=1", "PYTHONUNBUFFERED=1", "HOME=" + s.folder,
		"PORT=" + strconv.Itoa(number),
		"DB_PORT=" + strconv.Itoa(s.server.Port), "DB_USER=" + s.account.Name, "DB_PASSWORD=" + s.account.Password, "DB_NAME=" + baselineDatabase,
		"S3_ADDRESS=" + s.objects.Address(), "S3_ACCESS_KEY=" + s.objects.AccessKey, "S3_SECRET_KEY=" + s.objects.SecretKey,
		"S3_REGION=" + s3.Region, "S3_BUCKET=" + baselineBucket,
		"MODEL_SIDE=" + strconv.Itoa(stubSide), "MODEL_URL=http://" + s.stubREST + "/v1/models/" + stubModel + ":predict",
		"CLASS_NAMES=" + filepath.Join(s.root, "deploy", "modelserver", "model", "imagenet1k_names.json"),
	}
}

func (s *scene) baselineProgram() string {
	return filepath.Join(s.root, "tests", "bench", "baseline", "app.py")
}

// startBaseline runs the design that we replace, under Flask's own server or under gunicorn. Neither knows lifelines, so
// each runs under a keeper.
func (s *scene) startBaseline(ctx context.Context, name string, gunicorn bool) (*program, error) {
	number, err := port.Free()
	if err != nil {
		return nil, err
	}
	address := "127.0.0.1:" + strconv.Itoa(number)
	args := []string{"keep", s.python, s.baselineProgram()}
	if gunicorn {
		args = []string{"keep", s.python, "-m", "gunicorn", "--chdir", filepath.Dir(s.baselineProgram()), "--workers", "2", "--threads", "4",
			"--bind", address, "--worker-tmp-dir", s.folder, "--no-control-socket", "app:app"}
	}
	p, err := launch(s.folder, name, address, s.baselineEnv(number), s.self, args...)
	if err != nil {
		return nil, err
	}
	s.programs = append(s.programs, p)
	if err := p.ready(ctx, "/get-tasks"); err != nil {
		return nil, errors.Join(err, ctx.Err())
	}
	return p, nil
}
