package main

import (
	"bytes"
	"encoding/csv"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// identity is a user of the cluster, with a static token and a kubeconfig file.
type identity struct {
	name   string // of the kubeconfig file
	user   string
	groups []string
}

var (
	admin = identity{"admin", "admin", []string{"system:masters"}}
	// operator is who the operator is when it runs as a pod of the Helm chart, so
	// it may do exactly what the RBAC objects that the project ships allow.
	operator = identity{"operator", "system:serviceaccount:adops-system:adops-operator", []string{
		"system:serviceaccounts", "system:serviceaccounts:adops-system", "system:authenticated",
	}}
	// user is a human without any right until a test binds a role.
	user = identity{"user", "marketer", []string{"marketers"}}

	identities = []identity{admin, operator, user}
)

// writeTokens writes the file for kube-apiserver's --token-auth-file.
func (d directory) writeTokens(s *state) error {
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	for _, i := range identities {
		if err := w.Write([]string{s.Tokens[i.name], i.user, i.user, strings.Join(i.groups, ",")}); err != nil {
			return err
		}
	}
	w.Flush()
	return writeFile(d.tokenFile(), text.Bytes())
}

// writeKubeconfigs writes a self-contained kubeconfig file for each identity.
func (d directory) writeKubeconfigs(server string, ca []byte, s *state) error {
	for _, i := range identities {
		config := clientcmdapi.NewConfig()
		config.Clusters["adops"] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: ca}
		config.AuthInfos[i.name] = &clientcmdapi.AuthInfo{Token: s.Tokens[i.name]}
		config.Contexts["adops"] = &clientcmdapi.Context{Cluster: "adops", AuthInfo: i.name, Namespace: "default"}
		config.CurrentContext = "adops"
		text, err := clientcmd.Write(*config)
		if err != nil {
			return err
		}
		if err := writeFile(d.kubeconfig(i), text); err != nil {
			return err
		}
	}
	return nil
}
