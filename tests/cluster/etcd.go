package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

// startEtcd starts etcd on the preferred port if that is free, and returns when
// it serves.
func startEtcd(d directory, preferred int) (*embed.Etcd, int, error) {
	var etcd *embed.Etcd
	port, err := onFreePort(preferred, func(port int) (err error) {
		etcd, err = embed.StartEtcd(etcdConfig(d, port))
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("start etcd: %w", err)
	}
	select {
	case <-etcd.Server.ReadyNotify():
		return etcd, port, nil
	case err := <-etcd.Err():
		return nil, 0, fmt.Errorf("start etcd: %w", err)
	case <-time.After(startTimeout):
		return nil, 0, errors.New("start etcd: not ready in time")
	}
}

func etcdConfig(d directory, port int) *embed.Config {
	config := embed.NewConfig()
	config.Name = "adops"
	config.Dir = d.etcdData()
	config.LogOutputs = []string{d.etcdLog()}
	config.LogLevel = "warn"

	client := url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", port)}
	config.ListenClientUrls = []url.URL{client}
	config.AdvertiseClientUrls = config.ListenClientUrls
	// etcd insists on a listener for peers; there are none, so any port does. The
	// address it advertises is a constant, because it is kept in the data.
	config.ListenPeerUrls = []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	config.AdvertisePeerUrls = []url.URL{{Scheme: "http", Host: "127.0.0.1:2380"}}
	config.InitialCluster = config.InitialClusterFromName(config.Name)

	// No fsync: the data survives the death of this process, which is what tests
	// need, but not that of the machine.
	config.UnsafeNoFsync = true
	// A single member has nobody to wait for: short ticks make it leader at once.
	config.TickMs, config.ElectionMs = 50, 250
	config.PreVote = false
	config.QuotaBackendBytes = 1 << 30
	config.MaxSnapFiles, config.MaxWalFiles = 1, 1
	config.EnableGRPCGateway = false
	config.WarningUnaryRequestDuration = embed.DefaultWarningUnaryRequestDuration // 0, the default here, logs each request
	return config
}

// removeEtcdData drops all objects of the cluster.
func removeEtcdData(d directory) error { return os.RemoveAll(d.etcdData()) }
