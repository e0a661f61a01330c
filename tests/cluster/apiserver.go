package main

import (
	"context"
	"fmt"
	"net"

	"github.com/spf13/pflag"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"
)

// auditPolicy logs each request once, when it is done: reads and whatever has to
// do with secrets or tokens without a body, other writes with what was sent.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
- level: None
  users: ["system:apiserver"]
- level: Metadata
  resources:
  - group: ""
    resources: [secrets, "serviceaccounts/token"]
  - group: authentication.k8s.io
- level: Request
  verbs: [create, update, patch, delete, deletecollection]
- level: Metadata
`

// runAPIServer runs kube-apiserver on listener until ctx is done.
func runAPIServer(ctx context.Context, d directory, files *pki, etcdServer string, listener net.Listener, audit bool) error {
	flags := []string{
		"--etcd-servers=" + etcdServer,
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		// The `kubernetes` Service gets no endpoints: a loopback address is not
		// allowed there, and no pod runs that could want them.
		"--endpoint-reconciler-type=none",
		"--service-cluster-ip-range=" + serviceIPRange,
		"--tls-cert-file=" + files.servingCert,
		"--tls-private-key-file=" + files.servingKey,

		"--token-auth-file=" + d.tokenFile(),
		"--anonymous-auth=false",
		"--authorization-mode=RBAC",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + files.serviceAccount,
		"--service-account-signing-key-file=" + files.serviceAccount,
		"--allow-privileged",

		// Load tests measure the operator, so the server must not throttle it.
		"--enable-priority-and-fairness=false",
		"--max-requests-inflight=3000",
		"--max-mutating-requests-inflight=1500",
		"--profiling=false",
	}
	if audit {
		policy := d.path("audit-policy.yaml")
		if err := writeFile(policy, []byte(auditPolicy)); err != nil {
			return err
		}
		flags = append(flags, "--audit-policy-file="+policy, "--audit-log-path="+d.auditLog())
	}

	server := options.NewServerRunOptions()
	if err := parseComponentFlags("kube-apiserver", server.Flags(), flags); err != nil {
		return err
	}
	server.SecureServing.Listener = listener
	server.SecureServing.BindPort = listener.Addr().(*net.TCPAddr).Port
	if err := server.GenericServerRunOptions.ComponentGlobalsRegistry.Set(); err != nil {
		return err
	}
	completed, err := server.Complete(ctx)
	if err != nil {
		return err
	}
	if errs := completed.Validate(); len(errs) > 0 {
		return utilerrors.NewAggregate(errs)
	}
	return app.Run(ctx, completed)
}

// parseComponentFlags sets a Kubernetes component's options as its command line would.
func parseComponentFlags(component string, sets cliflag.NamedFlagSets, args []string) error {
	flags := pflag.NewFlagSet(component, pflag.ContinueOnError)
	for _, set := range sets.FlagSets {
		flags.AddFlagSet(set)
	}
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("%s: %w", component, err)
	}
	return nil
}
