package main

import (
	"os"

	// Auth plugins that a kubeconfig may name, as in the released kubectl.
	_ "k8s.io/client-go/plugin/pkg/client/auth"
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
)

// kubectl runs the released kubectl's main function with args. It exits the
// process with kubectl's own exit code on failure.
func kubectl(args []string) {
	// kubectl reads os.Args itself to find plugins (`kubectl adops` -> kubectl-adops).
	os.Args = append([]string{"kubectl"}, args...)
	_, _ = logs.GlogSetter(cmd.GetLogVerbosity(os.Args))
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err)
	}
}
