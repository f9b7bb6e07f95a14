package kubernetes

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"snaptask/functions/stack"
)

// stackFunctions returns the functions of stack.yml by name.
func stackFunctions(t *testing.T) map[string]stack.Function {
	t.Helper()
	file, err := stack.Read("../../stack.yml")
	require.NoError(t, err)
	return file.Functions
}

// builtIn are the allowed kinds by group and version: those of every Kubernetes cluster.
var builtIn = map[string][]string{
	"v1":                   {"ConfigMap", "Namespace", "Service", "ServiceAccount"},
	"apps/v1":              {"Deployment", "StatefulSet"},
	"autoscaling/v2":       {"HorizontalPodAutoscaler"},
	"batch/v1":             {"CronJob", "Job"},
	"networking.k8s.io/v1": {"Ingress", "NetworkPolicy"},
	"policy/v1":            {"PodDisruptionBudget"},
}

func TestOnlyBuiltInKindsAndNoSecrets(t *testing.T) {
	inEach(t, func(t *testing.T, all []object) {
		for _, o := range all {
			require.Contains(t, builtIn[o.APIVersion], o.Kind, "%s", o)
		}
	})
}

func TestEveryObjectIsInANamespaceOfItsOverlay(t *testing.T) {
	inEach(t, func(t *testing.T, all []object) {
		namespaces := ofKind(all, "Namespace")
		for _, o := range all {
			if o.Kind == "Namespace" {
				require.NotEmpty(t, o.Metadata.Labels["pod-security.kubernetes.io/enforce"], "%s", o)
				require.Equal(t, "restricted", o.Metadata.Labels["pod-security.kubernetes.io/warn"], "%s", o)
				continue
			}
			require.Contains(t, namespaces, o.Metadata.Namespace, "%s", o)
			require.Equal(t, "snaptask", o.Metadata.Labels["app.kubernetes.io/part-of"], "%s", o)
		}
		for name, namespace := range namespaces {
			if name == "openfaas" || name == "openfaas-fn" {
				require.Equal(t, "baseline", namespace.Metadata.Labels["pod-security.kubernetes.io/enforce"])
			} else {
				require.Equal(t, "restricted", namespace.Metadata.Labels["pod-security.kubernetes.io/enforce"])
			}
		}
	})
}

var exact = regexp.MustCompile(`^[a-z0-9][a-z0-9./:-]*(:dev|:v?\d+\.\d+\.\d+|:RELEASE\.[0-9TZ-]+|@sha256:[0-9a-f]{64})$`)

func TestImagesAreExact(t *testing.T) {
	inEach(t, func(t *testing.T, all []object) {
		eachContainer(all, func(o object, c container) {
			require.Regexp(t, exact, c.Image, "%s", o)
			if strings.HasSuffix(c.Image, ":dev") {
				require.Regexp(t, `^snaptask/`, c.Image, "only our own images have the tag dev")
			}
			require.Equal(t, "IfNotPresent", c.ImagePullPolicy, "%s: %s", o, c.Name)
		})
	})
}

func TestPodsAreRestricted(t *testing.T) {
	inEach(t, func(t *testing.T, all []object) {
		accounts := ofKind(all, "ServiceAccount")
		holders := map[string]string{}
		for _, o := range all {
			running, ok := o.pod()
			if !ok {
				continue
			}
			p := running.Spec
			require.True(t, p.SecurityContext.RunAsNonRoot, "%s", o)
			require.Positive(t, p.SecurityContext.RunAsUser, "%s", o)
			require.Equal(t, "RuntimeDefault", p.SecurityContext.SeccompProfile.Type, "%s", o)
			require.False(t, p.HostNetwork || p.HostPID || p.HostIPC, "%s", o)
			require.NotNil(t, p.AutomountServiceAccountToken, "%s", o)
			require.False(t, *p.AutomountServiceAccountToken, "%s", o)
			require.NotNil(t, p.EnableServiceLinks, "%s: Services must not set environment variables", o)
			require.False(t, *p.EnableServiceLinks, "%s", o)
			require.Contains(t, accounts, p.ServiceAccountName, "%s has no ServiceAccount", o)
			require.Empty(t, holders[p.ServiceAccountName], "%s shares its ServiceAccount", o)
			holders[p.ServiceAccountName] = o.String()
			for _, v := range p.Volumes {
				require.Nil(t, v.HostPath, "%s", o)
			}
		}
		for name, account := range accounts {
			require.False(t, *account.AutomountServiceAccountToken, "%s", account)
			require.True(t, holders[name] != "" || name == "default", "%s is not used", account)
		}
		eachContainer(all, func(o object, c container) {
			s := c.SecurityContext
			require.NotNil(t, s.AllowPrivilegeEscalation, "%s: %s", o, c.Name)
			require.False(t, *s.AllowPrivilegeEscalation || s.Privileged, "%s: %s", o, c.Name)
			require.True(t, s.ReadOnlyRootFilesystem, "%s: %s", o, c.Name)
			require.Equal(t, []string{"ALL"}, s.Capabilities.Drop, "%s: %s", o, c.Name)
			require.Empty(t, s.Capabilities.Add, "%s: %s", o, c.Name)
		})
	})
}

func TestResourcesAreRequestedAndLimited(t *testing.T) {
	inEach(t, func(t *testing.T, all []object) {
		eachContainer(all, func(o object, c container) {
			for _, name := range []string{"cpu", "memory"} {
				least, most := quantity(t, c.Resources.Requests[name]), quantity(t, c.Resources.Limits[name])
				require.True(t, 0 < least && least <= most, "%s: %s: %s", o, c.Name, name)
			}
			if soft := setting(c, "GOMEMLIMIT"); soft != "" {
				require.Less(t, quantity(t, strings.TrimSuffix(soft, "B")), quantity(t, c.Resources.Limits["memory"]), "%s: %s", o, c.Name)
			}
		})
	})
}

func TestServersAreProbedAndRolledWithoutDowntime(t *testing.T) {
	inEach(t, func(t *testing.T, all []object) {
		budgets, scalers := ofKind(all, "PodDisruptionBudget"), ofKind(all, "HorizontalPodAutoscaler")
		for _, o := range all {
			if o.Kind != "Deployment" && o.Kind != "StatefulSet" {
				continue
			}
			for _, c := range o.Spec.Template.Spec.Containers {
				require.NotNil(t, c.StartupProbe, "%s", o)
				require.NotNil(t, c.ReadinessProbe, "%s", o)
				require.NotNil(t, c.LivenessProbe, "%s", o)
			}
			budget, ok := budgets[o.Metadata.Name]
			require.True(t, ok, "%s has no PodDisruptionBudget", o)
			require.Equal(t, 1, *budget.Spec.MaxUnavailable, "%s: a drain must not block", o)
			for key, value := range budget.Spec.Selector.MatchLabels {
				require.Equal(t, value, o.Spec.Template.Metadata.Labels[key], "%s", budget)
			}
			require.Equal(t, o.Spec.Selector.MatchLabels, budget.Spec.Selector.MatchLabels, "%s", budget)
			if o.Kind == "Deployment" {
				require.NotNil(t, o.Spec.Strategy.RollingUpdate.MaxUnavailable, "%s", o)
				require.Zero(t, *o.Spec.Strategy.RollingUpdate.MaxUnavailable, "%s", o)
				_, scaled := scalers[o.Metadata.Name]
				require.Equal(t, scaled, o.Spec.Replicas == nil, "%s: either an autoscaler or the manifest sets the replicas", o)
			}
		}
		for name := range scalers {
			require.Contains(t, ofKind(all, "Deployment"), name)
		}
	})
}

func TestGracePeriodsCoverShutdown(t *testing.T) {
	t.Parallel()
	functions := stackFunctions(t)
	deployments := ofKind(render(t, "overlays/plain"), "Deployment")
	for name, f := range functions {
		grace, err := f.Grace()
		require.NoError(t, err)
		p := deployments[name].Spec.Template.Spec
		require.Equal(t, grace.Seconds(), float64(p.TerminationGracePeriodSeconds), name)
		delay, err := time.ParseDuration(setting(p.Containers[0], "SHUTDOWN_DELAY"))
		require.NoError(t, err, name)
		require.GreaterOrEqual(t, delay, 3*time.Second, "%s: callers need time to learn that the pod is terminating", name)
	}
	require.Equal(t, "5s", setting(deployments["webapp"].Spec.Template.Spec.Containers[0], "SHUTDOWN_DELAY"))
}

// TestPrometheusFindsMetrics checks the annotations of pods, and that policies admit Prometheus to the port that they name and no other.
func TestPrometheusFindsMetrics(t *testing.T) {
	inEach(t, func(t *testing.T, all []object) {
		var want []string
		for _, o := range all {
			running, _ := o.pod()
			annotations := running.Metadata.Annotations
			if annotations["prometheus.io/scrape"] == "true" {
				want = append(want, fmt.Sprintf("scraper to %s %s", o.Metadata.Name, annotations["prometheus.io/port"]))
			}
			switch {
			case o.Metadata.Name == "tensorflow-serving" && annotations != nil:
				require.Equal(t, "/monitoring/prometheus/metrics", annotations["prometheus.io/path"])
			case annotations != nil:
				require.Equal(t, "/metrics", annotations["prometheus.io/path"], "%s", o)
			}
			for _, c := range running.Spec.Containers {
				for _, port := range c.Ports {
					if port.Name == "metrics" {
						require.Equal(t, strconv.Itoa(port.ContainerPort), annotations["prometheus.io/port"], "%s", o)
					}
				}
			}
		}
		slices.Sort(want)
		require.Contains(t, want, "scraper to webapp 8081")
		require.Contains(t, want, "scraper to tensorflow-serving 8501")
		found := slices.DeleteFunc(allowedCalls(all, append(callers(all), scraper)), func(way string) bool {
			return !strings.HasPrefix(way, "scraper ") || way == "scraper to webapp 8080" // which is open to all
		})
		require.Equal(t, want, found)
	})
}

// TestTracesAreSentToTheCollector checks that exactly the pods that policies let reach a collector have its address.
func TestTracesAreSentToTheCollector(t *testing.T) {
	t.Parallel()
	all := render(t, "testdata/traced")
	var sends []string
	eachContainer(all, func(o object, c container) {
		if address, err := url.Parse(setting(c, "OTEL_EXPORTER_OTLP_ENDPOINT")); err == nil && address.Host != "" {
			sends = append(sends, fmt.Sprintf("%s to collector %s", o.Metadata.Name, address.Port()))
			require.NotEmpty(t, setting(c, "OTEL_TRACES_SAMPLER_ARG"), "%s", o)
		}
	})
	found := slices.DeleteFunc(allowedCalls(all, append(callers(all), collector)), func(way string) bool {
		return !strings.HasSuffix(way, " to collector 4318") || isUnbound(way)
	})
	require.NotEmpty(t, found)
	require.ElementsMatch(t, found, sends)
}

func TestEverySecretIsMadeByTheSecretsCommand(t *testing.T) {
	source, err := os.ReadFile("secrets/values.go")
	require.NoError(t, err)
	made := map[string]bool{"": true}
	for _, match := range regexp.MustCompile(`"([a-z0-9-]+)"`).FindAllStringSubmatch(string(source), -1) {
		made[match[1]] = true
	}
	isMade := func(name string) bool { // or is that of an account, which the command names
		i := strings.LastIndex(name, "-")
		return made[name] || made[name[:i]] && made[name[i+1:]]
	}
	inEach(t, func(t *testing.T, all []object) {
		for _, o := range all {
			running, _ := o.pod()
			for _, v := range running.Spec.Volumes {
				names := []string{v.Secret.SecretName}
				for _, s := range v.Projected.Sources {
					names = append(names, s.Secret.Name)
				}
				for _, name := range names {
					require.True(t, isMade(name), "%s: deploy/kubernetes/secrets does not make the Secret %q", o, name)
				}
			}
		}
		eachContainer(all, func(o object, c container) {
			for _, e := range c.Env {
				ref := e.ValueFrom.SecretKeyRef
				require.True(t, isMade(ref.Name), "%s: %s", o, e.Name)
				require.Equal(t, ref.Name, ref.Key, "%s: %s: a Secret has one key, its own name", o, e.Name)
			}
		})
	})
}

func TestFunctionsAreThoseOfTheStack(t *testing.T) {
	t.Parallel()
	functions := stackFunctions(t)
	all := render(t, "overlays/plain")
	for name, f := range functions {
		d, ok := ofKind(all, "Deployment")[name]
		require.True(t, ok, name)
		c := d.Spec.Template.Spec.Containers[0]
		require.Len(t, c.Env, len(f.Environment), name)
		for key, value := range f.Environment {
			require.Equal(t, strings.ReplaceAll(value, ".snaptask:", ":"), setting(c, key), "%s: %s", name, key)
		}
		var secrets []string
		for _, v := range d.Spec.Template.Spec.Volumes {
			for _, s := range v.Projected.Sources {
				secrets = append(secrets, s.Secret.Name)
			}
		}
		require.ElementsMatch(t, f.Secrets, secrets, name)
		require.Equal(t, "snaptask/"+name+":dev", c.Image)
		require.Equal(t, f.Annotations, d.Spec.Template.Metadata.Annotations, name)
		require.Equal(t, f.Limits.Memory, c.Resources.Limits["memory"], name)
		require.Contains(t, ofKind(all, "Service"), name)
		least, most, err := f.Replicas()
		require.NoError(t, err)
		scaler := ofKind(all, "HorizontalPodAutoscaler")[name]
		require.Equal(t, []int{least, most}, []int{scaler.Spec.MinReplicas, scaler.Spec.MaxReplicas}, name)
	}
}

// TestConnectionsFitIntoTheDatabase adds up the connections of all replicas, DB_MAX_OPEN and one that ends abandoned statements,
// including the extra replicas of a rolling update, and 10 for the sweep, migrations, probes and operators.
func TestConnectionsFitIntoTheDatabase(t *testing.T) {
	t.Parallel()
	kustomization, err := os.ReadFile("overlays/scale/kustomization.yaml")
	require.NoError(t, err)
	documented := regexp.MustCompile(`max_connections of at least (\d+)`).FindSubmatch(kustomization)
	require.NotNil(t, documented, "overlays/scale/kustomization.yaml must document how many connections it needs")
	external, err := strconv.Atoi(string(documented[1]))
	require.NoError(t, err)
	for folder, most := range map[string]int{"overlays/plain": 0, "overlays/scale": external, "testdata/renamed": 0} {
		all := render(t, folder)
		if most == 0 {
			args := ofKind(all, "StatefulSet")["mysql"].Spec.Template.Spec.Containers[0].Args
			i := slices.IndexFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "--max-connections=") })
			require.NotEqual(t, -1, i)
			_, err := fmt.Sscanf(args[i], "--max-connections=%d", &most)
			require.NoError(t, err)
		}
		connections := 10
		for name, scaler := range ofKind(all, "HorizontalPodAutoscaler") {
			d := ofKind(all, "Deployment")[name]
			if d.Spec.Template.Metadata.Labels["snaptask/calls-mysql"] == "" {
				continue
			}
			open, err := strconv.Atoi(setting(d.Spec.Template.Spec.Containers[0], "DB_MAX_OPEN"))
			require.NoError(t, err, name)
			connections += (scaler.Spec.MaxReplicas + *d.Spec.Strategy.RollingUpdate.MaxSurge) * (open + 1)
		}
		t.Logf("%s: %d connections of %d", folder, connections, most)
		require.LessOrEqual(t, connections, most, folder)
	}
}

func TestNodePortsKeepTheAddressOfTheClient(t *testing.T) {
	inEach(t, func(t *testing.T, all []object) {
		for _, o := range ofKindList(all, "Service") {
			if o.Spec.Type == "NodePort" {
				require.Equal(t, "Local", o.Spec.External, "%s: failed logins of all clients would count for one address", o)
			} else {
				require.Empty(t, o.Spec.External, "%s: Kubernetes accepts it only for node ports", o)
			}
		}
	})
}

// TestEveryFileIsUsed finds manifests that no kustomization contains.
func TestEveryFileIsUsed(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"base/*", "overlays/*/*", "overlays/plain/functions/*", "components/*/*"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			if name := filepath.Base(file); name != "kustomization.yaml" {
				text, err := os.ReadFile(filepath.Join(filepath.Dir(file), "kustomization.yaml"))
				require.NoError(t, err, file)
				require.Contains(t, string(text), name, file)
			}
		}
	}
}

func eachContainer(all []object, visit func(object, container)) {
	for _, o := range all {
		running, _ := o.pod()
		for _, c := range slices.Concat(running.Spec.InitContainers, running.Spec.Containers) {
			visit(o, c)
		}
	}
}

// quantity parses quantities such as 50m, 2, 64Mi and 1Gi.
func quantity(t *testing.T, text string) float64 {
	t.Helper()
	units := map[string]float64{"": 1, "m": 0.001, "Mi": 1 << 20, "Gi": 1 << 30}
	digits := strings.TrimRight(text, "mMGi")
	value, err := strconv.ParseFloat(digits, 64)
	require.NoError(t, err, "%q", text)
	unit, ok := units[text[len(digits):]]
	require.True(t, ok, "%q", text)
	return value * unit
}
