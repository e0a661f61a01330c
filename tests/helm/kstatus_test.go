package helm

import (
	"testing"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
)

// Flux's `wait`, its health checks and `helm --wait` all ask this library.
func TestFluxSeesTheStatusThatConditionsMean(t *testing.T) {
	for name, object := range recorded(t) {
		t.Run(name, func(t *testing.T) {
			got, err := status.Compute(object)
			if err != nil {
				t.Fatal(err)
			}
			if want := meanings[name].flux; got.Status != want {
				t.Errorf("kstatus says %s (%s), want %s", got.Status, got.Message, want)
			}
		})
	}
}
