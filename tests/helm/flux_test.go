package helm

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	helmv2 "github.com/fluxcd/helm-controller/api/v2"
	kustomizev1 "github.com/fluxcd/kustomize-controller/api/v1"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"sigs.k8s.io/yaml"
)

// fluxKinds are what Flux reads, by its own types: a field that they do not know
// is an error.
var fluxKinds = map[string]func() any{
	"source.toolkit.fluxcd.io/v1/GitRepository":    func() any { return &sourcev1.GitRepository{} },
	"kustomize.toolkit.fluxcd.io/v1/Kustomization": func() any { return &kustomizev1.Kustomization{} },
	"helm.toolkit.fluxcd.io/v2/HelmRelease":        func() any { return &helmv2.HelmRelease{} },
}

func TestTheExampleForFluxIsWhatFluxReads(t *testing.T) {
	files, err := filepath.Glob("../../examples/gitops/flux/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, document := range bytes.Split(text, []byte("\n---\n")) {
			var kind struct{ APIVersion, Kind string }
			if err := yaml.Unmarshal(document, &kind); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			create := fluxKinds[kind.APIVersion+"/"+kind.Kind]
			if create == nil {
				t.Errorf("%s: %s %s is no kind of Flux", file, kind.APIVersion, kind.Kind)
				continue
			}
			if err := yaml.UnmarshalStrict(document, create()); err != nil {
				t.Errorf("%s: %s: %v", file, kind.Kind, err)
			}
		}
	}
}

// Paths in the example are those of the example.
func TestTheExampleNamesFoldersThatAreThere(t *testing.T) {
	const root = "../../examples/gitops"
	var kustomizations int
	for _, file := range []string{"flux/operator.yaml", "flux/teams.yaml"} {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, document := range bytes.Split(text, []byte("\n---\n")) {
			var object struct {
				Kind string
				Spec struct{ Path string }
			}
			if err := yaml.Unmarshal(document, &object); err != nil {
				t.Fatal(err)
			}
			if object.Kind != "Kustomization" {
				continue
			}
			kustomizations++
			if _, err := os.Stat(filepath.Join(root, object.Spec.Path, "kustomization.yaml")); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
	if kustomizations != 2 {
		t.Errorf("%d Kustomizations", kustomizations)
	}
}
