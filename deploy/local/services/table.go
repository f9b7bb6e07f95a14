package services

import (
	"context"
	"path/filepath"

	"snaptask/deploy/local/classifier"
	"snaptask/deploy/local/mariadb"
	"snaptask/deploy/local/port"
	"snaptask/deploy/local/process"
	"snaptask/deploy/local/s3"
)

// service is one of the servers that tests need.
type service struct {
	name     string
	variable string // if it is set already, tests use the server it names and none is started
	// prepare gives how to run the server, and the environment variables that lead tests to it.
	prepare func(context.Context, *bench, *process.Log) (process.Spec, []string, error)
}

var all = []service{
	{"MariaDB", "TEST_MYSQL_DSN", prepareMariaDB},
	{"S3", "TEST_S3_ENDPOINT", prepareS3},
	{"classifier", "TEST_CLASSIFIER_ADDRESS", prepareClassifier},
}

func prepareMariaDB(ctx context.Context, b *bench, log *process.Log) (process.Spec, []string, error) {
	install, err := mariadb.Find(ctx, filepath.Join(b.shared, "mariadb-dist"), b.say)
	if err != nil {
		return process.Spec{}, nil, err
	}
	number, err := port.Free()
	if err != nil {
		return process.Spec{}, nil, err
	}
	password, err := b.folder.Secret("mysql-password")
	if err != nil {
		return process.Spec{}, nil, err
	}
	account := mariadb.Account{Name: "test", Password: password, Rights: "ALL PRIVILEGES ON *.*", Grants: true}
	server := &mariadb.Server{
		Install:   install,
		Dir:       filepath.Join(b.folder.Path, "mariadb"),
		Port:      number,
		Throwaway: true,
		Accounts:  []mariadb.Account{account},
	}
	if err := server.Prepare(ctx); err != nil {
		return process.Spec{}, nil, err
	}
	return server.Process(b.program, log), []string{"TEST_MYSQL_DSN=" + server.DSN(account, "")}, nil
}

func prepareS3(_ context.Context, b *bench, log *process.Log) (process.Spec, []string, error) {
	number, err := port.Free()
	if err != nil {
		return process.Spec{}, nil, err
	}
	access, err := b.folder.Secret("s3-access-key")
	if err != nil {
		return process.Spec{}, nil, err
	}
	secret, err := b.folder.Secret("s3-secret-key")
	if err != nil {
		return process.Spec{}, nil, err
	}
	server := s3.Server{Dir: filepath.Join(b.folder.Path, "s3"), Port: number, AccessKey: access, SecretKey: secret}
	return server.Process(b.program, log), []string{
		"TEST_S3_ENDPOINT=" + server.Endpoint(),
		"TEST_S3_ACCESS_KEY=" + access,
		"TEST_S3_SECRET_KEY=" + secret,
	}, nil
}

func prepareClassifier(_ context.Context, _ *bench, log *process.Log) (process.Spec, []string, error) {
	server, err := classifier.New()
	if err != nil {
		return process.Spec{}, nil, err
	}
	return server.Process(log), []string{
		"TEST_CLASSIFIER_ADDRESS=" + server.GRPC,
		"TEST_CLASSIFIER_REST_URL=" + server.REST,
	}, nil
}
