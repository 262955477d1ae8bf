// ${{ values.name }} is an HTTP service. docs/index.md says what it does.
package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// How long requests that run have to end when the process is told to.
const drainTime = 8 * time.Second

func main() {
	told, forget := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer forget()
	t := startTelemetry("${{ values.name }}", os.Getenv, os.Stdout)
	if err := serve(told, t, net.JoinHostPort(env("HOST", "0.0.0.0"), env("PORT", "8080")), nil); err != nil {
		t.log(nil, "error", "it cannot serve", fields{"error": err.Error()})
		t.shutdown()
		os.Exit(1)
	}
}

// serve answers until told, then lets the requests that run come to their end. ready gets the address.
func serve(told context.Context, t *telemetry, address string, ready chan<- string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	a := newApp(t)
	server := &http.Server{Handler: a, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 60 * time.Second, MaxHeaderBytes: 64 << 10}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	t.log(nil, "info", "listening", fields{"address": listener.Addr().String()})
	if ready != nil {
		ready <- listener.Addr().String()
	}
	select {
	case err := <-failed:
		return err
	case <-told.Done():
	}
	a.drain()
	limit, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	err = server.Shutdown(limit)
	t.log(nil, "info", "stopped", nil)
	t.shutdown()
	return err
}

func env(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
