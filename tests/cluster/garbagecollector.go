package main

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/kubernetes/pkg/controller/garbagecollector"
)

// runGarbageCollector runs the garbage collector until ctx is done. It is the one
// of kube-controller-manager, which however looks for new kinds of objects only
// every 30 seconds. A test that has just applied its CRDs cannot wait for so long.
func runGarbageCollector(ctx context.Context, config *rest.Config) error {
	const (
		discoveryPeriod = time.Second
		syncTimeout     = 30 * time.Second
		workers         = 5
	)
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	metadataClient, err := metadata.NewForConfig(config)
	if err != nil {
		return err
	}
	// Sync wants a discovery client that is not the mapper's.
	discoveryClient, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return err
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client.Discovery()))
	started := make(chan struct{})
	close(started)
	collector, err := garbagecollector.NewGarbageCollector(
		ctx, client, metadataClient, mapper,
		garbagecollector.DefaultIgnoredResources(),
		metadataOnly{metadatainformer.NewSharedInformerFactory(metadataClient, 0)},
		started,
	)
	if err != nil {
		return err
	}
	go collector.Sync(ctx, discoveryClient, discoveryPeriod)
	collector.Run(ctx, workers, syncTimeout)
	return nil
}

// metadataOnly watches just the metadata of objects, of the built-in kinds too:
// owner references are there, and it saves the memory of the rest.
type metadataOnly struct {
	metadatainformer.SharedInformerFactory
}

func (f metadataOnly) ForResource(resource schema.GroupVersionResource) (informers.GenericInformer, error) {
	return f.SharedInformerFactory.ForResource(resource), nil
}
