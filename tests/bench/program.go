//go:build linux

package main

import (
	"context"
	"fmt"
	"log"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/google/uuid"
	handler "github.com/openfaas/templates-sdk/go-http"
	"github.com/valyala/fasthttp"

	"snaptask/deploy/local/port"
	"snaptask/deploy/local/state"
)

// program is a process that is measured.
type program struct {
	name    string
	address string // HOST:PORT
	pid     int
	log     string // path
	stop    func()
}

// launch starts a process that writes its log directly to a file, so that the log costs the load generator nothing. If the
// process ends before stop is called, the benchmark fails.
func (b *bench) launch(name string, number int, env map[string]string, path string, args ...string) *program {
	p := &program{name: name, address: local(number), log: filepath.Join(b.folder, name+".log")}
	file := must(os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600))
	defer file.Close()
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, path, args...)
	for key, value := range env {
		cmd.Env = append(cmd.Env, key+"="+value)
	}
	cmd.Stdout, cmd.Stderr = file, file
	// Ctrl-C in a terminal reaches this process only, which then stops the others in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	check(cmd.Start())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := cmd.Wait(); ctx.Err() == nil {
			text, _ := os.ReadFile(p.log)
			b.fail(fmt.Errorf("%s ended by itself: %v\n%s", name, err, text[max(0, len(text)-2000):]))
		}
	}()
	p.pid = cmd.Process.Pid
	p.stop = func() {
		stop()
		<-ended
	}
	b.cleanup = append(b.cleanup, p.stop)
	return p
}

func local(number int) string { return "127.0.0.1:" + strconv.Itoa(number) }

// build compiles a function's program as for its image: the template's main.go as one static file without symbols. It returns
// the program's path.
func (b *bench) build(name string) string {
	made := filepath.Join(b.folder, "programs", name)
	if _, err := os.Stat(made); err == nil {
		return made
	}
	log.Printf("building %s", name)
	main := string(must(os.ReadFile(filepath.Join(b.root, "template", "snaptask-go", "main.go"))))
	source := filepath.Join(b.folder, name, "main.go")
	check(state.WriteFile(source, []byte(strings.Replace(main, `"snaptask/functions/function"`, `function "snaptask/functions/`+name+`"`, 1))))
	cmd := exec.CommandContext(b.ctx, "go", "build", "-trimpath", "-tags", "grpcnotrace", "-ldflags", "-s -w", "-o", made, source)
	cmd.Dir = filepath.Join(b.root, "functions")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if output, err := cmd.CombinedOutput(); err != nil {
		check(fmt.Errorf("building %s: %w\n%s", name, err, output))
	}
	return made
}

// trivialName is a function that does nothing, so that only the server around it is measured.
const trivialName = "trivial"

func trivial(handler.Request) (handler.Response, error) {
	return handler.Response{StatusCode: 200, Body: []byte(`{}`), Header: map[string][]string{"Content-Type": {"application/json"}}}, nil
}

// launchFunction starts a function as in its image, with stack.yml's environment and secrets. as names its log; dsn locates
// the database; settings are added to its environment.
func (b *bench) launchFunction(name, as, dsn string, settings map[string]string) *program {
	path, args := "/proc/self/exe", []string{name}
	if name != trivialName {
		path, args = b.build(name), nil
	}
	secrets := filepath.Join(b.folder, "secrets", as)
	for _, secret := range b.stack[name].Secrets {
		value := b.secrets[secret]
		access, key := b.stack[name].S3Secrets()
		switch secret {
		case b.stack[name].MySQLSecret():
			value = dsn
		case access:
			value = b.objects.AccessKey
		case key:
			value = b.objects.SecretKey
		}
		check(state.WriteFile(filepath.Join(secrets, secret), []byte(value)))
	}
	number := must(port.Free())
	env := map[string]string{}
	maps.Copy(env, b.stack[name].Environment)
	maps.Copy(env, map[string]string{
		"FUNCTION_NAME": name, "PORT": strconv.Itoa(number), "METRICS_PORT": strconv.Itoa(must(port.Free())), "SHUTDOWN_DELAY": "0s",
		"SECRETS_DIR": secrets, "S3_ENDPOINT": b.objects.Endpoint(), "CLASSIFIER_ADDRESS": b.model.grpc, "CLASSIFIER_MODEL": modelName,
	})
	maps.Copy(env, settings)
	return b.launch(as, number, env, path, args...)
}

// function returns a function that runs until the end of the benchmark.
func (b *bench) function(name string) *program {
	return b.running(name, func() *program { return b.launchFunction(name, name, b.dsn(), nil) })
}

// running returns the program of this name, which runs until the end of the benchmark. The first call starts it.
func (b *bench) running(name string, start func() *program) *program {
	if b.programs[name] == nil {
		b.programs[name] = start()
		b.firstAnswer(b.programs[name], newRequest("GET", "/_/health", "", "", nil))
	}
	return b.programs[name]
}

// firstAnswer repeats a request until the program, which has just been started, answers.
func (b *bench) firstAnswer(p *program, r *fasthttp.Request) *fasthttp.Response {
	for began := time.Now(); ; time.Sleep(200 * time.Microsecond) {
		answer, err := p.send(r)
		if err == nil {
			return answer
		}
		check(b.ctx.Err())
		if time.Since(began) > 20*time.Second {
			check(fmt.Errorf("%s does not answer: %w", p.name, err))
		}
	}
}

// newRequest returns an HTTP request; token and contentType may be empty.
func newRequest(method, target, token, contentType string, body []byte) *fasthttp.Request {
	r := &fasthttp.Request{}
	r.Header.SetMethod(method)
	r.SetRequestURI("http://bench" + target)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	r.Header.SetContentType(contentType)
	r.SetBodyRaw(body)
	return r
}

// client returns a client that sends the request repeatedly on a connection of its own, with the query id=ID if the calls have
// ids, and passes each answer to a check.
func (p *program) client(r *fasthttp.Request, judge func(*fasthttp.Response) error) client {
	connection := &fasthttp.HostClient{Addr: p.address, ReadTimeout: time.Minute, WriteTimeout: time.Minute, MaxIdemponentCallAttempts: 1}
	var sent fasthttp.Request
	var answer fasthttp.Response
	r.CopyTo(&sent)
	return client{close: connection.CloseIdleConnections, call: func(id uuid.UUID) error {
		if id != uuid.Nil {
			sent.URI().SetQueryString("id=" + id.String())
		}
		if err := connection.Do(&sent, &answer); err != nil {
			return err
		}
		return judge(&answer)
	}}
}

// send sends one request on a new connection.
func (p *program) send(r *fasthttp.Request) (answer *fasthttp.Response, err error) {
	c := p.client(r, func(a *fasthttp.Response) error {
		answer = &fasthttp.Response{}
		a.CopyTo(answer)
		return nil
	})
	defer c.close()
	return answer, c.call(uuid.Nil)
}

// receive sends one request and returns the body of the answer, which must have this status.
func (p *program) receive(r *fasthttp.Request, status int) []byte {
	answer, err := p.send(r)
	if err == nil {
		err = expect(answer, status)
	}
	if err != nil {
		check(fmt.Errorf("%s: %w", p.name, err))
	}
	return answer.Body()
}

func expect(answer *fasthttp.Response, status int) error {
	if answer.StatusCode() != status {
		return fmt.Errorf("status %d instead of %d: %.300s", answer.StatusCode(), status, answer.Body())
	}
	return nil
}

func succeeds(answer *fasthttp.Response) error { return expect(answer, 200) }
