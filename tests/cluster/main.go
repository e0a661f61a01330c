// Command adops-cluster is a real Kubernetes control plane in one binary, for
// tests and demos: etcd, kube-apiserver and the controllers of
// kube-controller-manager run inside one process, and kubectl is a sub-command.
//
// It is the code of the Kubernetes release named in go.mod, not a fake: CRDs and
// their CEL rules, RBAC, server-side apply, admission, watches, garbage
// collection, namespace deletion and service account tokens behave as they do in
// production. There is no kubelet and no scheduler, so pods are admitted but
// never run.
//
// One process, because then nothing is left behind: whatever ends it, SIGKILL
// included, ends etcd and the controllers too and frees the ports.
//
// See README.md for how to build and call it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const usage = `adops-cluster: a Kubernetes control plane for tests and demos

  adops-cluster up --dir DIR [--detach] [--audit] [--fresh-etcd] [--exit-with-stdin]
        start, print one line of JSON when ready, run until SIGTERM or SIGINT,
        or until the parent process ends
  adops-cluster down --dir DIR [--purge]
        stop the cluster of DIR, if there is one
  adops-cluster env --dir DIR
        print shell exports for the running cluster
  adops-cluster kubectl ARGS...
        kubectl; also when called by a name that ends in "kubectl"
`

func main() {
	if strings.HasSuffix(filepath.Base(os.Args[0]), "kubectl") {
		kubectl(os.Args[1:])
		return
	}
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	var err error
	switch args := os.Args[2:]; os.Args[1] {
	case "up":
		err = up(args)
	case daemonCommand:
		err = daemon(args)
	case "down":
		err = down(args)
	case "env":
		err = env(args)
	case "kubectl":
		kubectl(args)
	case "help", "-h", "--help":
		fmt.Print(usage)
	default:
		err = usageError{fmt.Errorf("unknown command %q", os.Args[1])}
	}
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.As(err, &usageError{}):
		fmt.Fprintf(os.Stderr, "adops-cluster: %v\n\n%s", err, usage)
		os.Exit(2)
	default:
		fmt.Fprintf(os.Stderr, "adops-cluster: %v\n", err)
		os.Exit(1)
	}
}

// usageError is a mistake in the command line; it is answered with the usage text.
type usageError struct{ error }

// parseFlags parses flags that every command has, `--dir` among them, plus those
// that define adds, and returns the absolute directory.
func parseFlags(command string, args []string, define func(*flag.FlagSet)) (string, error) {
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	flags.Usage = func() { fmt.Fprint(os.Stderr, usage) }
	dir := flags.String("dir", "", "directory that holds everything of one cluster")
	if define != nil {
		define(flags)
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return "", err
		}
		os.Exit(2) // the flag package has already printed the error and the usage
	}
	if flags.NArg() > 0 {
		return "", usageError{fmt.Errorf("%s: unexpected argument %q", command, flags.Arg(0))}
	}
	if *dir == "" {
		return "", usageError{fmt.Errorf("%s: --dir is required", command)}
	}
	return filepath.Abs(*dir)
}
