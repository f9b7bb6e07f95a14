package kubernetes

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// caller is a pod, or several identical ones, as seen by policies.
type caller struct {
	name, namespace string
	labels          map[string]string
	ports           []int // of its servers
}

// Pods in namespaces whose labels let Prometheus in and traces out.
var (
	scraper   = caller{name: "scraper", namespace: "metrics"}
	collector = caller{name: "collector", namespace: "traces", ports: []int{4317, 4318}}
)

func callers(all []object) []caller {
	var pods []caller
	for _, o := range all {
		if p, ok := o.pod(); ok {
			c := caller{name: o.Metadata.Name, namespace: o.Metadata.Namespace, labels: p.Metadata.Labels}
			for _, container := range p.Spec.Containers {
				for _, port := range container.Ports {
					c.ports = append(c.ports, port.ContainerPort)
				}
			}
			pods = append(pods, c)
		}
	}
	return pods
}

// namespaceLabels returns the labels of a namespace that the policies know.
func namespaceLabels(name string) map[string]string {
	labels := map[string]string{"kubernetes.io/metadata.name": name}
	switch name {
	case scraper.namespace:
		labels["snaptask/scrapes-metrics"] = "true"
	case collector.namespace:
		labels["snaptask/collects-traces"] = "true"
	}
	return labels
}

func (s selector) matches(labels map[string]string) bool {
	for key, value := range s.MatchLabels {
		if labels[key] != value {
			return false
		}
	}
	for _, e := range s.MatchExpressions {
		if e.Operator != "In" || !slices.Contains(e.Values, labels[e.Key]) {
			return false
		}
	}
	return true
}

// allows reports whether one of the rules allows traffic with other on the port. Rules for addresses match no pod.
func allows(rules []rule, policy object, other caller, port int, side func(rule) []peer) bool {
	for _, r := range rules {
		portFits := len(r.Ports) == 0
		for _, p := range r.Ports {
			portFits = portFits || p.Port == port
		}
		peerFits := len(side(r)) == 0
		for _, p := range side(r) {
			inNamespace := other.namespace == policy.Metadata.Namespace
			if p.NamespaceSelector != nil {
				inNamespace = p.NamespaceSelector.matches(namespaceLabels(other.namespace))
			}
			peerFits = peerFits || p.IPBlock == nil && inNamespace && (p.PodSelector == nil || p.PodSelector.matches(other.labels))
		}
		if portFits && peerFits {
			return true
		}
	}
	return false
}

// allowedCalls lists every call between pods that the policies allow: "FROM to TO PORT".
func allowedCalls(all []object, pods []caller) []string {
	policies := ofKindList(all, "NetworkPolicy")
	open := func(pod, other caller, port int, kind string, rules func(object) []rule, side func(rule) []peer) bool {
		chosen := false
		for _, p := range policies {
			if p.Metadata.Namespace == pod.namespace && slices.Contains(p.Spec.PolicyTypes, kind) && p.Spec.PodSelector.matches(pod.labels) {
				chosen = true
				if allows(rules(p), p, other, port, side) {
					return true
				}
			}
		}
		return !chosen
	}
	var found []string
	for _, from := range pods {
		for _, to := range pods {
			for _, port := range to.ports {
				leaves := open(from, to, port, "Egress", func(p object) []rule { return p.Spec.Egress }, func(r rule) []peer { return r.To })
				enters := open(to, from, port, "Ingress", func(p object) []rule { return p.Spec.Ingress }, func(r rule) []peer { return r.From })
				if leaves && enters {
					found = append(found, fmt.Sprintf("%s to %s %d", from.name, to.name, port))
				}
			}
		}
	}
	slices.Sort(found)
	return found
}

func ofKindList(all []object, kind string) []object {
	return slices.DeleteFunc(slices.Clone(all), func(o object) bool { return o.Kind != kind })
}

// TestOnlyTheModelIsFetchedFromTheInternet checks who may reach addresses outside of the cluster. External servers are outside of it.
func TestOnlyTheModelIsFetchedFromTheInternet(t *testing.T) {
	t.Parallel()
	for folder, wanted := range map[string][]string{"overlays/plain": {"model"}, "overlays/minikube": {"model"}, "testdata/arm64": nil} {
		all := render(t, folder)
		var found []string
		for _, p := range ofKindList(all, "NetworkPolicy") {
			for _, r := range p.Spec.Egress {
				for _, to := range r.To {
					if to.IPBlock == nil || p.Metadata.Name == "dns" {
						continue
					}
					for _, pod := range callers(all) {
						if pod.namespace == p.Metadata.Namespace && p.Spec.PodSelector.matches(pod.labels) && !slices.Contains(found, pod.name) {
							found = append(found, pod.name)
						}
					}
				}
			}
		}
		require.Equal(t, wanted, found, folder)
	}
}

func TestEveryNamespaceDeniesByDefault(t *testing.T) {
	inEach(t, func(t *testing.T, all []object) {
		for name := range ofKind(all, "Namespace") {
			if name == "openfaas" {
				continue // managed by the chart
			}
			found := false
			for _, p := range ofKindList(all, "NetworkPolicy") {
				found = found || p.Metadata.Namespace == name && len(p.Spec.PodSelector.MatchLabels)+len(p.Spec.PodSelector.MatchExpressions) == 0 &&
					len(p.Spec.Ingress)+len(p.Spec.Egress) == 0 && slices.Equal(p.Spec.PolicyTypes, []string{"Ingress", "Egress"})
			}
			require.True(t, found, name)
		}
	})
}

// expected are the calls of each function by its secrets and settings in stack.yml, those of the Jobs, of Prometheus, and those with traces.
func expected(t *testing.T, gateway string) []string {
	t.Helper()
	functions := stackFunctions(t)
	wanted := []string{
		"webapp to collector 4318", "sweep to collector 4318", "scraper to webapp 8081", "scraper to tensorflow-serving 8501",
		"migrate to mysql 3306", "bucket to minio 9000", "webapp to minio 9000", "tensorflow-serving to model 8080",
		"sweep to mysql 3306", "sweep to minio 9000", "sweep to tensorflow-serving 8500", "sweep to tensorflow-serving 8501",
	}
	for name, f := range functions {
		wanted = append(wanted, gateway+" to "+name+" 8080", name+" to mysql 3306", "scraper to "+name+" 8081", name+" to collector 4318")
		if f.CallsS3() {
			wanted = append(wanted, name+" to minio 9000")
		}
		if f.Environment["CLASSIFIER_ADDRESS"] != "" {
			wanted = append(wanted, name+" to tensorflow-serving 8500", name+" to tensorflow-serving 8501")
		}
	}
	slices.Sort(wanted)
	return wanted
}

func TestPlainAllowsOnlyTheCallsThatAreNeeded(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"overlays/plain", "testdata/renamed"} {
		all := render(t, folder)
		wanted := append(expected(t, "webapp"), "minio to label-upload 8080")
		slices.Sort(wanted)
		if folder == "testdata/renamed" {
			wanted = append(wanted, "minio to minio 9000") // its nodes
			wanted = slices.DeleteFunc(wanted, func(way string) bool { return way == "tensorflow-serving to model 8080" })
			wanted = append(wanted, "tensorflow-serving to collector 4318") // Snaptask's own model server
			slices.Sort(wanted)
		}
		found := slices.DeleteFunc(allowedCalls(all, append(callers(all), scraper, collector)), isUnbound)
		require.Equal(t, wanted, found, folder)
	}
}

func TestMinikubeAllowsOnlyTheCallsThatAreNeeded(t *testing.T) {
	t.Parallel()
	all := render(t, "overlays/minikube")
	functions := stackFunctions(t)
	pods := append(callers(all), scraper, collector,
		caller{"gateway", "openfaas", map[string]string{"app": "gateway"}, []int{8080}},
		caller{"queue-worker", "openfaas", map[string]string{"app": "queue-worker"}, nil},
		caller{"nats", "openfaas", map[string]string{"app": "nats"}, []int{4222}},
		caller{"prometheus", "openfaas", map[string]string{"app": "prometheus"}, []int{9090}},
		caller{"stranger", "default", map[string]string{"faas_function": "login", "snaptask/calls-mysql": "true"}, nil},
		caller{"another", "openfaas-fn", map[string]string{"faas_function": "another"}, []int{8080, 8081}},
	)
	for _, name := range slices.Sorted(maps.Keys(functions)) {
		pods = append(pods, caller{name, "openfaas-fn", map[string]string{"faas_function": name}, []int{8080, 8081}})
	}
	wanted := append(expected(t, "gateway"), "webapp to gateway 8080", "gateway to another 8080", "scraper to another 8081", "another to collector 4318",
		"gateway to nats 4222", "queue-worker to nats 4222", "queue-worker to gateway 8080", "minio to gateway 8080")
	found := slices.DeleteFunc(allowedCalls(all, pods), isUnbound)
	slices.Sort(wanted)
	require.Equal(t, wanted, found)
}

// isUnbound reports whether a call is one between pods without policies here, or one of theirs to the web server, which is open to all.
func isUnbound(call string) bool {
	from, to, _ := strings.Cut(call, " to ")
	server, _, _ := strings.Cut(to, " ")
	others := []string{"gateway", "prometheus", "scraper", "collector", "stranger"}
	return slices.Contains(others, from) && (slices.Contains(others, server) || to == "webapp 8080")
}

func TestEveryPodMayUseDNS(t *testing.T) {
	inEach(t, func(t *testing.T, all []object) {
		server := caller{"dns", "kube-system", map[string]string{"k8s-app": "kube-dns"}, []int{53}}
		pods := callers(all)
		found := allowedCalls(all, append(pods, server))
		for _, p := range pods {
			require.Contains(t, found, p.name+" to dns 53")
		}
	})
}

func TestEveryServiceSelectsPods(t *testing.T) {
	inEach(t, func(t *testing.T, all []object) {
		pods := callers(all)
		for _, o := range ofKindList(all, "Service") {
			require.NotEmpty(t, o.Spec.Selector.Other, "%s", o)
			require.True(t, slices.ContainsFunc(pods, func(p caller) bool {
				return (selector{MatchLabels: o.Spec.Selector.Other}).matches(p.labels)
			}), "%s", o)
		}
	})
}
