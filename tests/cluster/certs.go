package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// pki names the PEM files of the cluster's keys and certificates.
type pki struct {
	caCert         string
	servingCert    string
	servingKey     string
	serviceAccount string // private key that signs service account tokens
}

// serviceIPRange is where Services get their IP from. Its first address is the
// `kubernetes` Service.
const serviceIPRange = "10.0.0.0/24"

// ensurePKI makes keys and certificates at the first start of a directory and
// returns those of the first start ever after.
func (d directory) ensurePKI() (*pki, error) {
	folder := d.path("pki")
	files := &pki{
		caCert:         filepath.Join(folder, "ca.crt"),
		servingCert:    filepath.Join(folder, "apiserver.crt"),
		servingKey:     filepath.Join(folder, "apiserver.key"),
		serviceAccount: filepath.Join(folder, "service-account.key"),
	}
	// The CA certificate is written last: it being there means that all are.
	if _, err := os.Stat(files.caCert); err == nil {
		return files, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}

	// The CA's key is not kept: nothing but the serving certificate is ever signed.
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	servingKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serviceAccountKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}

	// A clock that is a little behind, in a container say, must still accept them.
	notBefore := time.Now().Add(-time.Hour)
	ca := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "adops-cluster"},
		NotBefore:             notBefore,
		NotAfter:              notBefore.AddDate(10, 0, 0),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	serving := &x509.Certificate{
		SerialNumber: big.NewInt(2),
		Subject:      pkix.Name{CommonName: "kube-apiserver"},
		NotBefore:    notBefore,
		NotAfter:     notBefore.AddDate(10, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{
			"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
		},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback, net.IPv4(10, 0, 0, 1)},
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return nil, err
	}
	servingDER, err := x509.CreateCertificate(rand.Reader, serving, ca, servingKey.Public(), caKey)
	if err != nil {
		return nil, err
	}

	return files, errors.Join(
		writeKey(files.servingKey, servingKey),
		writeKey(files.serviceAccount, serviceAccountKey),
		writePEM(files.servingCert, "CERTIFICATE", servingDER),
		writePEM(files.caCert, "CERTIFICATE", caDER),
	)
}

func writeKey(path string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return writePEM(path, "EC PRIVATE KEY", der)
}

func writePEM(path, kind string, der []byte) error {
	return writeFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
