package main

import (
	"context"
	"strings"

	"k8s.io/kubernetes/cmd/kube-controller-manager/app"
	"k8s.io/kubernetes/cmd/kube-controller-manager/app/options"
)

// controllers are those of kube-controller-manager that run. Workloads are
// expanded down to pods, so that a test sees whether admission accepts them. The
// garbage collector is not among them: see runGarbageCollector.
var controllers = []string{
	"namespace-controller",
	"serviceaccount-controller",
	"serviceaccount-token-controller",
	"root-ca-certificate-publisher-controller",
	"clusterrole-aggregation-controller",
	"resourcequota-controller",
	"deployment-controller",
	"replicaset-controller",
	"statefulset-controller",
	"job-controller",
	"cronjob-controller",
	"disruption-controller",
	"endpointslice-controller",
	"validatingadmissionpolicy-status-controller",
}

// runControllers runs kube-controller-manager until ctx is done.
func runControllers(ctx context.Context, d directory, files *pki) error {
	manager, err := options.NewKubeControllerManagerOptions()
	if err != nil {
		return err
	}
	known, disabled, aliases := app.KnownControllers(), app.ControllersDisabledByDefault(), app.ControllerAliases()
	sets := manager.Flags(known, disabled, aliases)
	err = parseComponentFlags("kube-controller-manager", sets, []string{
		"--kubeconfig=" + d.kubeconfig(admin),
		"--controllers=" + strings.Join(controllers, ","),
		"--leader-elect=false",
		"--secure-port=0",
		"--service-account-private-key-file=" + files.serviceAccount,
		"--root-ca-file=" + files.caCert,
		"--kube-api-qps=1000",
		"--kube-api-burst=2000",
		"--profiling=false",
	})
	if err != nil {
		return err
	}
	manager.ParsedFlags = &sets
	if err := manager.ComponentGlobalsRegistry.Set(); err != nil {
		return err
	}
	config, err := manager.Config(ctx, known, disabled, aliases)
	if err != nil {
		return err
	}
	return app.Run(ctx, config.Complete())
}
