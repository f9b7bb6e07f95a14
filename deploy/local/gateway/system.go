package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/openfaas/faas-provider/types"
)

const notImplemented = "this is snaptask's local gateway: its functions are built into the program, so they can't be deployed, scaled or removed here, " +
	"and it keeps no secrets for others; edit the code and start `make run` again, or deploy to a cluster\n"

// system returns the routes that faas-cli uses.
func (g *Gateway) system() http.Handler {
	routes := http.NewServeMux()
	routes.HandleFunc("GET /system/functions", g.list)
	routes.HandleFunc("GET /system/function/{name}", g.describe)
	routes.HandleFunc("GET /system/info", info)
	routes.HandleFunc("GET /system/namespaces", func(w http.ResponseWriter, _ *http.Request) { reply(w, []string{Namespace}) })
	routes.HandleFunc("GET /system/logs", g.logs)
	routes.HandleFunc("/system/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusNotImplemented)
		_, _ = w.Write([]byte(notImplemented))
	})
	return routes
}

func reply(w http.ResponseWriter, content any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(content)
}

// otherNamespace reports whether the request is about a namespace that does not exist.
func otherNamespace(r *http.Request) bool {
	namespace := r.URL.Query().Get("namespace")
	return namespace != "" && namespace != Namespace
}

func (g *Gateway) list(w http.ResponseWriter, r *http.Request) {
	if otherNamespace(r) {
		http.Error(w, "the only namespace is "+Namespace, http.StatusBadRequest)
		return
	}
	all := []types.FunctionStatus{}
	for _, f := range g.order {
		all = append(all, f.status(r))
	}
	reply(w, all)
}

func (g *Gateway) describe(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimSuffix(r.PathValue("name"), "."+Namespace)
	f, ok := g.functions[name]
	if !ok || otherNamespace(r) {
		http.Error(w, fmt.Sprintf("function %s not found", name), http.StatusNotFound)
		return
	}
	reply(w, f.status(r))
}

func (f *Function) status(r *http.Request) types.FunctionStatus {
	var available uint64
	if f.Process.Check(r.Context()) == nil {
		available = 1
	}
	created := f.Process.Started()
	if created.IsZero() {
		created = time.Now()
	}
	return types.FunctionStatus{
		Name:              f.Name,
		Namespace:         Namespace,
		Image:             "snaptask/" + f.Name + ":local",
		EnvProcess:        "snaptask function " + f.Name,
		EnvVars:           f.Env,
		Secrets:           f.Secrets,
		Labels:            &map[string]string{"app": "snaptask"},
		Annotations:       &map[string]string{},
		InvocationCount:   float64(f.calls.Load()),
		Replicas:          1,
		AvailableReplicas: available,
		CreatedAt:         created.UTC(),
	}
}

// architecture returns the processor architecture's name in uname and OpenFaaS.
func architecture() string {
	switch runtime.GOARCH {
	case "amd64":
		return "x86_64"
	case "arm64":
		return "aarch64"
	default:
		return runtime.GOARCH
	}
}

func info(w http.ResponseWriter, _ *http.Request) {
	version := &types.VersionInfo{Release: "local", SHA: "local"}
	reply(w, map[string]any{
		"provider": types.ProviderInfo{Name: "snaptask-local", Orchestration: "processes", Version: version},
		"version":  version,
		"arch":     architecture(),
	})
}
