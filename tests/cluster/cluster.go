package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	logsapi "k8s.io/component-base/logs/api/v1"
)

// cluster is a control plane that runs inside this process.
type cluster struct {
	report readyReport
	// failed receives the error of a component that has ended by itself.
	failed chan error

	etcd       *embed.Etcd
	components sync.WaitGroup
	cancel     context.CancelFunc
}

// start brings up all components and returns when the cluster is ready. With an
// error it returns the cluster as far as it came, to be stopped.
func start(ctx context.Context, d directory, options *upOptions) (*cluster, error) {
	if options.freshEtcd {
		if err := removeEtcdData(d); err != nil {
			return nil, err
		}
	}
	files, err := d.ensurePKI()
	if err != nil {
		return nil, err
	}
	s, err := d.loadState()
	if err != nil {
		return nil, err
	}

	c := &cluster{failed: make(chan error, 1)}
	ctx, c.cancel = context.WithCancel(ctx)
	listener, port, err := listen(s.APIServerPort)
	if err != nil {
		return c, err
	}
	s.APIServerPort = port
	c.etcd, s.EtcdPort, err = startEtcd(d, s.EtcdPort)
	if err != nil {
		return c, err
	}
	c.report = readyReport{
		Server:             fmt.Sprintf("https://127.0.0.1:%d", s.APIServerPort),
		Kubeconfig:         d.kubeconfig(admin),
		UserKubeconfig:     d.kubeconfig(user),
		OperatorKubeconfig: d.kubeconfig(operator),
		Etcd:               fmt.Sprintf("http://127.0.0.1:%d", s.EtcdPort),
		PID:                os.Getpid(),
		Dir:                string(d),
	}
	if options.audit {
		c.report.AuditLog = d.auditLog()
	}
	ca, err := os.ReadFile(files.caCert)
	if err != nil {
		return c, err
	}
	if err := errors.Join(d.saveState(s), d.writeTokens(s), d.writeKubeconfigs(c.report.Server, ca, s)); err != nil {
		return c, err
	}

	c.run("etcd", func() error {
		select {
		case err := <-c.etcd.Err():
			return err
		case <-ctx.Done():
			return nil
		}
	})
	// Both components set up the one logger of the process, with equal options.
	logsapi.ReapplyHandling = logsapi.ReapplyHandlingIgnoreUnchanged
	c.run("kube-apiserver", func() error {
		return runAPIServer(ctx, d, files, c.report.Etcd, listener, options.audit)
	})

	config, err := clientcmd.BuildConfigFromFlags("", d.kubeconfig(admin))
	if err != nil {
		return c, err
	}
	config.QPS = -1 // no limit
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return c, err
	}
	if err := c.waitUntil(ctx, apiServerReady(client)); err != nil {
		return c, fmt.Errorf("kube-apiserver is not ready: %w", err)
	}
	c.run("kube-controller-manager", func() error { return runControllers(ctx, d, files) })
	c.run("garbage collector", func() error { return runGarbageCollector(ctx, rest.CopyConfig(config)) })
	if err := c.waitUntil(ctx, defaultNamespaceReady(client)); err != nil {
		return c, fmt.Errorf("the controllers are not ready: %w", err)
	}
	return c, nil
}

// run runs a component until it returns. A component that ends for another reason
// than that the cluster stops is a failure of the cluster.
func (c *cluster) run(name string, component func() error) {
	c.components.Go(func() {
		err := component()
		if err == nil {
			err = errors.New("ended")
		}
		select {
		case c.failed <- fmt.Errorf("%s: %w", name, err):
		default: // the first failure is the cause
		}
	})
}

// stop ends all components. It does not wait long: an API server would let open
// watches end by themselves, and etcd's data needs no goodbye.
func (c *cluster) stop() {
	c.cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.components.Wait()
		if c.etcd != nil {
			c.etcd.Close()
		}
	}()
	select {
	case <-done:
	case <-time.After(2 * time.Second):
	}
}
