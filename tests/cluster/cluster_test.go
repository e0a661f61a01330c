package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// runAsCommand in the environment makes the test binary be adops-cluster itself,
// so that the test needs no second build of everything.
const runAsCommand = "ADOPS_CLUSTER_TEST_RUN_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(runAsCommand) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func command(args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...)
	c.Env = append(os.Environ(), runAsCommand+"=1")
	return c
}

// adopsCluster runs a sub-command that must succeed and returns its stdout.
func adopsCluster(t *testing.T, args ...string) string {
	t.Helper()
	c := command(args...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	stdout, err := c.Output()
	if err != nil {
		t.Fatalf("adops-cluster %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return string(stdout)
}

func parseReport(t *testing.T, line string) readyReport {
	t.Helper()
	var report readyReport
	if err := json.Unmarshal([]byte(line), &report); err != nil {
		t.Fatalf("the report %q: %v", line, err)
	}
	return report
}

// kubectlAs runs kubectl with manifest as its stdin and returns all it printed.
func kubectlAs(kubeconfig, manifest string, args ...string) (string, error) {
	c := command(append([]string{"kubectl", "--kubeconfig", kubeconfig}, args...)...)
	c.Stdin = strings.NewReader(manifest)
	output, err := c.CombinedOutput()
	return string(output), err
}

func mustKubectl(t *testing.T, kubeconfig, manifest string, args ...string) string {
	t.Helper()
	output, err := kubectlAs(kubeconfig, manifest, args...)
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, output)
	}
	return output
}

// refused runs a kubectl that must fail with a message that has want in it.
func refused(t *testing.T, want, kubeconfig, manifest string, args ...string) {
	t.Helper()
	output, err := kubectlAs(kubeconfig, manifest, args...)
	if err == nil || !strings.Contains(output, want) {
		t.Fatalf("kubectl %s: want a failure with %q, got %v\n%s", strings.Join(args, " "), want, err, output)
	}
}

func eventually(t *testing.T, what string, within time.Duration, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(within); !condition(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", within, what)
		}
	}
}

// assertGone checks that neither the process nor its ports are left.
func assertGone(t *testing.T, report readyReport) {
	t.Helper()
	eventually(t, "the process ends", 10*time.Second, func() bool { return !processRuns(report.PID) })
	for _, address := range []string{report.Server, report.Etcd} {
		parsed, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		// The kernel closes the sockets of a killed process after its main thread is gone.
		eventually(t, "nothing listens on "+parsed.Host, 5*time.Second, func() bool {
			connection, err := net.DialTimeout("tcp", parsed.Host, time.Second)
			if err == nil {
				connection.Close()
			}
			return err != nil
		})
	}
}

// processRuns tells whether a process is there and not just waiting to be reaped.
func processRuns(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}

const widgetDefinition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.test.adops.dev}
spec:
  group: test.adops.dev
  scope: Namespaced
  names: {kind: Widget, plural: widgets, singular: widget}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [daily, total]
            properties:
              daily: {type: integer}
              total: {type: integer}
            x-kubernetes-validations:
            - rule: self.daily <= self.total
              message: daily must not exceed total
`

func widget(name string, daily, total int, owner string) string {
	owners := ""
	if owner != "" {
		owners = fmt.Sprintf(", ownerReferences: [{apiVersion: test.adops.dev/v1, kind: Widget, name: owner, uid: %s}]", owner)
	}
	return fmt.Sprintf("{apiVersion: test.adops.dev/v1, kind: Widget, metadata: {name: %s%s}, spec: {daily: %d, total: %d}}",
		name, owners, daily, total)
}

const podWithoutSecurity = `
apiVersion: v1
kind: Pod
metadata: {name: loose}
spec: {containers: [{name: c, image: example.com/c}]}
`

func TestADetachedClusterBehavesLikeKubernetesAndSurvivesARestart(t *testing.T) {
	t.Setenv("KUBECACHEDIR", t.TempDir())
	dir := filepath.Join(t.TempDir(), "cluster")
	report := parseReport(t, adopsCluster(t, "up", "--dir", dir, "--detach", "--audit"))
	defer adopsCluster(t, "down", "--dir", dir)
	root, marketer := report.Kubeconfig, report.UserKubeconfig

	if again := parseReport(t, adopsCluster(t, "up", "--dir", dir, "--detach")); again.PID != report.PID {
		t.Errorf("a second `up --detach` must report the running cluster, got %+v", again)
	}

	// Custom resources and their CEL rules.
	mustKubectl(t, root, widgetDefinition, "apply", "-f", "-")
	mustKubectl(t, root, "", "wait", "--for=condition=Established", "crd/widgets.test.adops.dev", "--timeout=20s")
	refused(t, "daily must not exceed total", root, widget("wrong", 9, 5, ""), "apply", "-f", "-")
	mustKubectl(t, root, widget("owner", 1, 5, ""), "apply", "--server-side", "-f", "-")

	// RBAC.
	refused(t, "Forbidden", marketer, "", "get", "widgets.test.adops.dev")
	refused(t, "Forbidden", report.OperatorKubeconfig, "", "get", "secrets")
	mustKubectl(t, root, "", "create", "rolebinding", "view", "--clusterrole=view", "--group=marketers")
	mustKubectl(t, marketer, "", "get", "configmaps")

	// Admission.
	mustKubectl(t, root, "", "label", "namespace", "default", "pod-security.kubernetes.io/enforce=restricted")
	refused(t, "violates PodSecurity", root, podWithoutSecurity, "apply", "-f", "-")

	// Garbage collection of kinds that have just been made known.
	uid := mustKubectl(t, root, "", "get", "widget", "owner", "-o", "jsonpath={.metadata.uid}")
	mustKubectl(t, root, widget("owned", 1, 5, uid), "apply", "-f", "-")
	mustKubectl(t, root, "", "delete", "widget", "owner")
	eventually(t, "what a deleted object owned is collected", 10*time.Second, func() bool {
		output, err := kubectlAs(root, "", "get", "widget", "owned")
		return err != nil && strings.Contains(output, "NotFound")
	})

	audit, err := os.ReadFile(report.AuditLog)
	if err != nil || !bytes.Contains(audit, []byte(`"username":"marketer"`)) {
		t.Errorf("the audit log must tell of the user's requests: %v", err)
	}

	// A restart keeps addresses, credentials and objects.
	mustKubectl(t, root, widget("kept", 1, 5, ""), "apply", "-f", "-")
	adopsCluster(t, "down", "--dir", dir)
	assertGone(t, report)
	restarted := parseReport(t, adopsCluster(t, "up", "--dir", dir, "--detach"))
	if restarted.Server != report.Server || restarted.Etcd != report.Etcd {
		t.Errorf("the addresses changed from %s, %s to %s, %s", report.Server, report.Etcd, restarted.Server, restarted.Etcd)
	}
	mustKubectl(t, root, "", "get", "widget", "kept")

	// So does one after a crash.
	crashed, err := os.FindProcess(restarted.PID)
	if err != nil {
		t.Fatal(err)
	}
	mustKubectl(t, root, widget("late", 1, 5, ""), "apply", "-f", "-")
	if err := crashed.Kill(); err != nil {
		t.Fatal(err)
	}
	assertGone(t, restarted)
	adopsCluster(t, "up", "--dir", dir, "--detach")
	mustKubectl(t, root, "", "get", "widget", "late")

	// --fresh-etcd keeps the credentials only.
	adopsCluster(t, "down", "--dir", dir)
	fresh := parseReport(t, adopsCluster(t, "up", "--dir", dir, "--detach", "--fresh-etcd"))
	refused(t, "NotFound", root, "", "get", "crd", "widgets.test.adops.dev")

	adopsCluster(t, "down", "--dir", dir, "--purge")
	assertGone(t, fresh)
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("--purge must remove %s: %v", dir, err)
	}
	adopsCluster(t, "down", "--dir", dir)
}

func TestAClusterInTheForegroundEndsWithItsStdin(t *testing.T) {
	c := command("up", "--dir", t.TempDir(), "--exit-with-stdin")
	stdin, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	report := startInForeground(t, c)
	mustKubectl(t, report.Kubeconfig, "", "get", "namespaces")
	stdin.Close()
	assertGone(t, report)
	if err := c.Wait(); err != nil {
		t.Errorf("it must end without an error: %v", err)
	}
}

func TestAClusterInTheForegroundEndsWhenItsParentIsKilled(t *testing.T) {
	// The shell must stay the parent, hence the command after it.
	c := exec.Command("sh", "-c", `"$0" up --dir "$1"; exit`, os.Args[0], t.TempDir())
	c.Env = append(os.Environ(), runAsCommand+"=1")
	report := startInForeground(t, c)
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	assertGone(t, report)
	_ = c.Wait()
}

// startInForeground starts c and returns the report that it prints when it is ready.
func startInForeground(t *testing.T, c *exec.Cmd) readyReport {
	t.Helper()
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		rest, _ := io.ReadAll(stdout)
		t.Fatalf("no report: %v\n%s%s", err, rest, stderr.String())
	}
	return parseReport(t, line)
}
