// Package helm tests what the chart and GitOps tools make of adops. It also pins
// helm, as a tool in go.mod.
package helm

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// meaning is what a tool should make of an object.
type meaning struct {
	argo string
	flux status.Status
}

var (
	healthy     = meaning{"Healthy", status.CurrentStatus}
	progressing = meaning{"Progressing", status.InProgressStatus}
	degraded    = meaning{"Degraded", status.FailedStatus}
	deleting    = meaning{"Progressing", status.TerminatingStatus}
	// kstatus knows no such word: for Flux what is asked for is there.
	suspended = meaning{"Suspended", status.CurrentStatus}
)

// meanings says for each recorded object what should be made of it.
var meanings = map[string]meaning{
	"a new AdAccount":                                      progressing,
	"an AdAccount that is ready":                           healthy,
	"an AdAccount without its Secret":                      degraded,
	"an AdAccount that another one holds":                  degraded,
	"an AdAccount whose platform has been out for an hour": progressing,
	"a new Campaign":                                       progressing,
	"a Campaign that is being created":                     progressing,
	"a Campaign that is ready":                             healthy,
	"a Campaign whose spec has changed":                    progressing,
	"a Campaign that is paused":                            healthy,
	"a Campaign that is suspended":                         suspended,
	"a Campaign whose flight has not begun":                healthy,
	"a Campaign that was stopped by hand":                  healthy,
	"a Campaign whose drift is only reported":              healthy,
	"a Campaign that names an AdAccount that is not there": degraded,
	"a Campaign of which one line cannot run":              degraded,
	"a Campaign whose platform has been out for a minute":  progressing,
	"a Campaign whose platform has been out for an hour":   progressing,
	"a Campaign whose deletion waits for the platform":     deleting,
}

// recorded are objects as the operator leaves them. The end-to-end test `gitops`
// writes them, and fails when they are no longer so.
func recorded(t *testing.T) map[string]*unstructured.Unstructured {
	t.Helper()
	text, err := os.ReadFile("testdata/statuses.json")
	if err != nil {
		t.Fatal(err)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	objects := make(map[string]*unstructured.Unstructured, len(raw))
	for name, object := range raw {
		objects[name] = &unstructured.Unstructured{}
		if err := objects[name].UnmarshalJSON(object); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return objects
}

func TestEachMeaningHasARecordedObject(t *testing.T) {
	objects := recorded(t)
	for name := range meanings {
		if objects[name] == nil {
			t.Errorf("no recorded object is %s", name)
		}
	}
}

// kinds are those of the CRDs.
func kinds(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../crds/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no CRDs: %v", err)
	}
	var all []string
	for _, file := range files {
		var crd struct {
			Spec struct {
				Names struct {
					Kind string `json:"kind"`
				} `json:"names"`
			} `json:"spec"`
		}
		readYAML(t, file, &crd)
		all = append(all, crd.Spec.Names.Kind)
	}
	return all
}

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
