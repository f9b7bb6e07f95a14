// Package kubernetes contains the tests of the manifests that each overlay renders.
package kubernetes

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// rendered are the folders to test: every overlay, and testdata with every component.
var rendered = []string{
	"overlays/minikube", "overlays/plain", "overlays/scale", "testdata/arm64", "testdata/elsewhere", "testdata/openfaas", "testdata/renamed", "testdata/traced",
}

// object has the fields of any object that these tests check.
type object struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
	Metadata   struct {
		Name        string
		Namespace   string
		Labels      map[string]string
		Annotations map[string]string
	}
	AutomountServiceAccountToken *bool `yaml:"automountServiceAccountToken"`
	Data                         map[string]string
	Spec                         struct {
		Type        string
		Replicas    *int
		ClusterIP   string `yaml:"clusterIP"`
		External    string `yaml:"externalTrafficPolicy"`
		Template    template
		JobTemplate struct{ Spec struct{ Template template } } `yaml:"jobTemplate"`
		Strategy    struct {
			RollingUpdate struct {
				MaxUnavailable *int `yaml:"maxUnavailable"`
				MaxSurge       *int `yaml:"maxSurge"`
			} `yaml:"rollingUpdate"`
		}
		Selector       selector
		PodSelector    selector `yaml:"podSelector"`
		PolicyTypes    []string `yaml:"policyTypes"`
		Ingress        []rule
		Egress         []rule
		MinReplicas    int                         `yaml:"minReplicas"`
		MaxReplicas    int                         `yaml:"maxReplicas"`
		ScaleTargetRef struct{ Name string }       `yaml:"scaleTargetRef"`
		MaxUnavailable *int                        `yaml:"maxUnavailable"`
		Endpoints      []struct{ Interval string } `yaml:"podMetricsEndpoints"`
		Groups         []struct{ Name string }
		Ports          []struct {
			Port     int
			NodePort int `yaml:"nodePort"`
		}
	}
}

type selector struct {
	MatchLabels      map[string]string `yaml:"matchLabels"`
	MatchExpressions []struct {
		Key, Operator string
		Values        []string
	} `yaml:"matchExpressions"`
	Other map[string]string `yaml:",inline"` // a Service's selector has no matchLabels
}

type rule struct {
	From, To []peer
	Ports    []struct{ Port int }
}

type peer struct {
	PodSelector       *selector              `yaml:"podSelector"`
	NamespaceSelector *selector              `yaml:"namespaceSelector"`
	IPBlock           *struct{ CIDR string } `yaml:"ipBlock"`
}

type template struct {
	Metadata struct{ Labels, Annotations map[string]string }
	Spec     pod
}

type pod struct {
	ServiceAccountName            string `yaml:"serviceAccountName"`
	AutomountServiceAccountToken  *bool  `yaml:"automountServiceAccountToken"`
	EnableServiceLinks            *bool  `yaml:"enableServiceLinks"`
	TerminationGracePeriodSeconds int    `yaml:"terminationGracePeriodSeconds"`
	RestartPolicy                 string `yaml:"restartPolicy"`
	HostNetwork                   bool   `yaml:"hostNetwork"`
	HostPID                       bool   `yaml:"hostPID"`
	HostIPC                       bool   `yaml:"hostIPC"`
	SecurityContext               struct {
		RunAsNonRoot   bool                  `yaml:"runAsNonRoot"`
		RunAsUser      int                   `yaml:"runAsUser"`
		SeccompProfile struct{ Type string } `yaml:"seccompProfile"`
	} `yaml:"securityContext"`
	InitContainers []container `yaml:"initContainers"`
	Containers     []container
	Volumes        []struct {
		Name     string
		HostPath any `yaml:"hostPath"`
		Secret   struct {
			SecretName string `yaml:"secretName"`
		}
		Projected struct {
			Sources []struct{ Secret struct{ Name string } }
		}
	}
}

type container struct {
	Name, Image     string
	ImagePullPolicy string `yaml:"imagePullPolicy"`
	Args            []string
	Env             []struct {
		Name, Value string
		ValueFrom   struct {
			SecretKeyRef struct{ Name, Key string } `yaml:"secretKeyRef"`
		} `yaml:"valueFrom"`
	}
	VolumeMounts []struct {
		MountPath string `yaml:"mountPath"`
	} `yaml:"volumeMounts"`
	Ports []struct {
		Name          string
		ContainerPort int `yaml:"containerPort"`
	}
	StartupProbe    any `yaml:"startupProbe"`
	ReadinessProbe  any `yaml:"readinessProbe"`
	LivenessProbe   any `yaml:"livenessProbe"`
	Resources       struct{ Requests, Limits map[string]string }
	SecurityContext struct {
		AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
		ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
		Privileged               bool
		Capabilities             struct{ Add, Drop []string }
	} `yaml:"securityContext"`
}

// render returns every object of a folder, as kubectl kustomize prints them.
func render(t *testing.T, folder string) []object {
	t.Helper()
	once, ok := renders[folder]
	require.True(t, ok, folder)
	all, err := once()
	require.NoError(t, err)
	return all
}

// renders returns the objects of each folder, rendered once.
var renders = func() map[string]func() ([]object, error) {
	all := map[string]func() ([]object, error){}
	for _, folder := range rendered {
		all[folder] = sync.OnceValues(func() ([]object, error) { return kustomize(folder) })
	}
	return all
}()

// rendering is held while kustomize runs: its schema is global and unguarded, so two runs at once are a data race.
var rendering sync.Mutex

func kustomize(folder string) ([]object, error) {
	rendering.Lock()
	defer rendering.Unlock()
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		return nil, err
	}
	var all []object
	for _, resource := range resources.Resources() {
		text, err := resource.AsYAML()
		if err != nil {
			return nil, err
		}
		var o object
		if err := yaml.Unmarshal(text, &o); err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

// inEach runs a test for each folder.
func inEach(t *testing.T, test func(*testing.T, []object)) {
	t.Helper()
	t.Parallel()
	for _, folder := range rendered {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			test(t, render(t, folder))
		})
	}
}

// pod returns the template of the pods that the object runs, and whether it runs any.
func (o object) pod() (template, bool) {
	switch o.Kind {
	case "Deployment", "StatefulSet", "Job":
		return o.Spec.Template, true
	case "CronJob":
		return o.Spec.JobTemplate.Spec.Template, true
	}
	return template{}, false
}

func (o object) String() string {
	return strings.Join([]string{o.Kind, o.Metadata.Namespace, o.Metadata.Name}, "/")
}

// ofKind returns the objects of a kind by name.
func ofKind(all []object, kind string) map[string]object {
	found := map[string]object{}
	for _, o := range all {
		if o.Kind == kind {
			found[o.Metadata.Name] = o
		}
	}
	return found
}

func setting(c container, name string) string {
	for _, e := range c.Env {
		if e.Name == name {
			return e.Value
		}
	}
	return ""
}
