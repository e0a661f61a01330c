package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// down stops the cluster of a directory, detached or not, and waits until it is gone.
func down(args []string) error {
	var purge bool
	dir, err := parseFlags("down", args, func(flags *flag.FlagSet) {
		flags.BoolVar(&purge, "purge", false, "remove the directory as well")
	})
	if err != nil {
		return err
	}
	d := directory(dir)
	if err := stopRunning(d); err != nil {
		return err
	}
	if !purge {
		return nil
	}
	return purgeDirectory(d)
}

func stopRunning(d directory) error {
	const patience = 10 * time.Second
	deadline := time.Now().Add(patience)
	signal := unix.SIGTERM
	for signalled := unix.Signal(0); ; time.Sleep(20 * time.Millisecond) {
		running, err := d.running()
		if err != nil || !running {
			return err
		}
		if time.Now().After(deadline) {
			if signal == unix.SIGKILL {
				return fmt.Errorf("the cluster on %s does not end", d)
			}
			signal, deadline = unix.SIGKILL, time.Now().Add(patience)
		}
		if signalled != signal {
			pid, err := d.lockOwner()
			if err != nil {
				return err
			}
			if err := unix.Kill(pid, signal); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("stop pid %d: %w", pid, err)
			}
			signalled = signal
		}
	}
}

// purgeDirectory removes a cluster's directory. One without a lock file is none
// of ours, and is refused: the flag may hold a typing error.
func purgeDirectory(d directory) error {
	if _, err := os.Stat(d.lockFile()); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(string(d)); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return fmt.Errorf("%s holds no cluster; not removed", d)
	}
	return os.RemoveAll(string(d))
}

// env prints the shell exports that make the running cluster the current one.
func env(args []string) error {
	dir, err := parseFlags("env", args, nil)
	if err != nil {
		return err
	}
	d := directory(dir)
	text, err := os.ReadFile(d.readyFile())
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("no cluster runs on %s", d)
	}
	if err != nil {
		return err
	}
	var report readyReport
	if err := json.Unmarshal(text, &report); err != nil {
		return fmt.Errorf("%s: %w", d.readyFile(), err)
	}
	fmt.Printf("export KUBECONFIG=%s\n", shellQuote(report.Kubeconfig))
	fmt.Printf("export ADOPS_OPERATOR_KUBECONFIG=%s\n", shellQuote(report.OperatorKubeconfig))
	fmt.Printf("export ADOPS_USER_KUBECONFIG=%s\n", shellQuote(report.UserKubeconfig))
	// What kubectl remembers of a server goes by its address, and another cluster
	// may have had this one before.
	fmt.Printf("export KUBECACHEDIR=%s\n", shellQuote(d.path("kubectl-cache")))
	return nil
}

func shellQuote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
