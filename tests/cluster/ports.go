package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"

	"golang.org/x/sys/unix"
)

// Ports are taken from below the range that Linux hands out to outgoing
// connections, so that a cluster that restarts finds its ports still free.
const (
	firstPort = 20000
	lastPort  = 30000
)

// onFreePort calls bind with a port to bind to, first with preferred (0: none),
// then with random ones, until it does not answer that the port is taken. To ask
// first which port is free would leave a moment in which another process takes it.
func onFreePort(preferred int, bind func(port int) error) (int, error) {
	const attempts = 100
	var err error
	for attempt := range attempts {
		port := preferred
		if attempt > 0 || port == 0 {
			port = firstPort + rand.IntN(lastPort-firstPort)
		}
		if err = bind(port); err == nil {
			return port, nil
		}
		if !errors.Is(err, unix.EADDRINUSE) {
			return 0, err
		}
	}
	return 0, fmt.Errorf("no free port after %d attempts: %w", attempts, err)
}

// listen opens a listener on 127.0.0.1, on the preferred port if that is free.
func listen(preferred int) (net.Listener, int, error) {
	var listener net.Listener
	port, err := onFreePort(preferred, func(port int) (err error) {
		listener, err = net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		return err
	})
	return listener, port, err
}
