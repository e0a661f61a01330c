package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// startTimeout is far more than a start takes (seconds), for machines under load.
	startTimeout = 3 * time.Minute
	// daemonCommand is `up` in the background process that `up --detach` starts.
	daemonCommand = "daemon"
)

// upOptions are the flags of `up`.
type upOptions struct {
	detach        bool
	audit         bool
	freshEtcd     bool
	exitWithStdin bool
}

func parseUp(command string, args []string) (directory, *upOptions, error) {
	options := &upOptions{}
	dir, err := parseFlags(command, args, func(flags *flag.FlagSet) {
		flags.BoolVar(&options.detach, "detach", false, "run in the background; return when ready")
		flags.BoolVar(&options.audit, "audit", false, "log all requests to DIR/audit.log")
		flags.BoolVar(&options.freshEtcd, "fresh-etcd", false, "drop all objects; keep certificates, tokens and ports")
		flags.BoolVar(&options.exitWithStdin, "exit-with-stdin", false, "end when stdin does")
	})
	if err == nil && options.detach && options.exitWithStdin {
		err = usageError{errors.New("--exit-with-stdin makes no sense with --detach")}
	}
	return directory(dir), options, err
}

func up(args []string) error {
	d, options, err := parseUp("up", args)
	if err != nil {
		return err
	}
	if options.detach {
		return detach(d, args)
	}
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGTERM, unix.SIGINT, unix.SIGHUP)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		waitForParentToEnd()
		cancel()
	}()
	if options.exitWithStdin {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			cancel()
		}()
	}
	return run(ctx, d, options)
}

// daemon is `up` without a terminal and a parent to live and die with.
func daemon(args []string) error {
	d, options, err := parseUp(daemonCommand, args)
	if err != nil {
		return err
	}
	signal.Ignore(unix.SIGHUP)
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGTERM, unix.SIGINT)
	defer stop()
	return run(ctx, d, options)
}

// waitForParentToEnd returns when the process that started this one is gone.
// PR_SET_PDEATHSIG would fire as soon as the *thread* that started it ends, which
// for a test harness is the end of the first test.
func waitForParentToEnd() {
	parent := os.Getppid()
	for os.Getppid() == parent {
		time.Sleep(100 * time.Millisecond)
	}
}

// detach starts the daemon in a session of its own and waits until it is ready.
// When a cluster runs on the directory already, it is that one which is reported.
func detach(d directory, args []string) error {
	running, err := d.running()
	if err != nil {
		return err
	}
	if running {
		text, err := os.ReadFile(d.readyFile())
		if err != nil {
			return fmt.Errorf("a cluster on %s is just starting or stopping", d)
		}
		_, err = os.Stdout.Write(text)
		return err
	}

	executable, err := os.Executable()
	if err != nil {
		return err
	}
	process := exec.Command(executable, append([]string{daemonCommand}, args...)...)
	process.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	output, err := process.StdoutPipe()
	if err != nil {
		return err
	}
	process.Stderr = os.Stderr // until it is ready; then the daemon lets go of it
	if err := process.Start(); err != nil {
		return err
	}
	// Nobody else can interrupt a start in the background.
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, unix.SIGTERM, unix.SIGINT, unix.SIGHUP)
	go func() {
		<-interrupts
		_ = process.Process.Kill()
	}()
	line, err := bufio.NewReader(output).ReadBytes('\n')
	if err != nil {
		err := process.Wait()
		if process.ProcessState.ExitCode() != 1 {
			// Not an error that the daemon has told on stderr, but a crash.
			return fmt.Errorf("the cluster did not start: %v\n--- end of %s\n%s", err, d.logFile(), d.logTail())
		}
		return errors.New("the cluster did not start")
	}
	_, err = os.Stdout.Write(line)
	return err
}

// readyReport is the line that `up` prints, and the content of DIR/ready.json.
type readyReport struct {
	Server             string `json:"server"`
	Kubeconfig         string `json:"kubeconfig"`
	UserKubeconfig     string `json:"userKubeconfig"`
	OperatorKubeconfig string `json:"operatorKubeconfig"`
	Etcd               string `json:"etcd"`
	AuditLog           string `json:"auditLog,omitempty"`
	PID                int    `json:"pid"`
	Dir                string `json:"dir"`
}

// run starts the cluster of a directory, reports it on stdout and keeps it until
// ctx is done or a component fails.
func run(ctx context.Context, d directory, options *upOptions) (err error) {
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return err
	}
	held, err := d.tryLock()
	if errors.Is(err, errLocked) {
		pid, _ := d.lockOwner()
		return fmt.Errorf("a cluster already runs on %s (pid %d)", d, pid)
	}
	if err != nil {
		return err
	}
	defer held.release()
	if err := os.Remove(d.readyFile()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}

	console, err := openConsole(d)
	if err != nil {
		return err
	}
	// What is returned from here on is printed by main to stderr, which is the log.
	defer func() {
		if err != nil {
			console.fail(err, d)
		}
	}()

	cluster, err := start(ctx, d, options)
	if cluster != nil {
		defer cluster.stop()
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil // told to stop before it was ready
		}
		return err
	}
	line, err := json.Marshal(cluster.report)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	if err := writeFile(d.readyFile(), line); err != nil {
		return err
	}
	defer os.Remove(d.readyFile())
	console.ready(line)
	// The start leaves garbage of twice the size of what is kept, and many clusters
	// may run side by side.
	debug.FreeOSMemory()

	select {
	case <-ctx.Done():
		return nil
	case err := <-cluster.failed:
		return err
	}
}

// console is the stdout and stderr that the process was started with.
type console struct{ stdout, stderr *os.File }

// openConsole keeps the process's stdout and stderr for the report, and puts the
// log file in their place. Done with file descriptors, so that a panic of the Go
// runtime goes to the log as well.
func openConsole(d directory) (*console, error) {
	log, err := os.OpenFile(d.logFile(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	keep := func(descriptor int, name string) (*os.File, error) {
		copied, err := unix.FcntlInt(uintptr(descriptor), unix.F_DUPFD_CLOEXEC, 3)
		if err != nil {
			return nil, err
		}
		return os.NewFile(uintptr(copied), name), unix.Dup3(int(log.Fd()), descriptor, 0)
	}
	stdout, err := keep(1, "stdout")
	if err != nil {
		return nil, err
	}
	stderr, err := keep(2, "stderr")
	if err != nil {
		return nil, err
	}
	// etcd panics when its data is damaged: that must not go to the log alone.
	if err := debug.SetCrashOutput(stderr, debug.CrashOptions{}); err != nil {
		return nil, err
	}
	return &console{stdout, stderr}, nil
}

// ready prints the report and lets go of both, so that whoever reads from them
// sees their end and is not kept waiting by a daemon.
func (c *console) ready(line []byte) {
	_, _ = c.stdout.Write(line)
	c.stdout.Close()
	c.stderr.Close()
	_ = debug.SetCrashOutput(nil, debug.CrashOptions{})
}

// fail says why the cluster ended. After ready, there is nobody left to be told.
func (c *console) fail(err error, d directory) {
	fmt.Fprintf(c.stderr, "adops-cluster: %v\n--- end of %s\n%s\n", err, d.logFile(), d.logTail())
}
