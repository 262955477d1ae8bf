package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// route answers a status and a body. What it returns as an error becomes an answer too: refused as it is, anything else as 500.
type route func(*http.Request) (int, any, error)

// app holds the routes of the service; drain makes it say that it is going away.
type app struct {
	telemetry *telemetry
	draining  atomic.Bool
	routes    map[string]map[string]route
}

func newApp(t *telemetry) *app {
	a := &app{telemetry: t}
	a.routes = map[string]map[string]route{
		"/": {"GET": func(*http.Request) (int, any, error) {
			return 200, map[string]string{"service": "${{ values.name }}", "try": "api/hello?name=you", "health": "healthz"}, nil
		}},
		"/api/hello": {"GET": func(r *http.Request) (int, any, error) {
			body, err := hello(r.URL.Query().Get("name"))
			return 200, body, err
		}},
		// Alive: the process answers. A failing liveness probe restarts it, so nothing else belongs here.
		"/healthz": {"GET": func(*http.Request) (int, any, error) { return 200, map[string]string{"status": "ok"}, nil }},
		// Ready: it may be given requests. Ask here whether what it depends on is there.
		"/readyz": {"GET": func(*http.Request) (int, any, error) {
			if a.draining.Load() {
				return 503, map[string]string{"status": "draining"}, nil
			}
			return 200, map[string]string{"status": "ok"}, nil
		}},
	}
	return a
}

func (a *app) drain() { a.draining.Store(true) }

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := "/{unknown}"
	methods, known := a.routes[r.URL.Path]
	if known {
		name = r.URL.Path
	}
	began := time.Now()
	span := a.telemetry.startSpan(r.Method+" "+name, kindServer, r.Header.Get("traceparent"))
	span.set("http.request.method", r.Method)
	span.set("http.route", name)
	span.set("url.path", r.URL.Path)
	span.set("user_agent.original", r.UserAgent())

	status, body := a.answer(methods, known, r, span)

	span.set("http.response.status_code", status)
	if status >= 500 {
		span.fail(fmt.Sprint(status), fmt.Sprintf("answered %d", status))
	}
	write(w, r, status, body)
	span.end()
	a.telemetry.record("http.server.request.duration", time.Since(began).Seconds(), fields{
		"http.request.method": r.Method, "http.route": name, "http.response.status_code": status,
	})
}

func (a *app) answer(methods map[string]route, known bool, r *http.Request, span *span) (status int, body any) {
	defer func() {
		if crash := recover(); crash != nil {
			// What went wrong inside is for the log, not for strangers.
			a.telemetry.log(span, "error", "a request failed", fields{"error": fmt.Sprint(crash), "stack": string(debug.Stack())})
			status, body = problem(500, "Something went wrong.")
		}
	}()
	if !known {
		return problem(404, "there is nothing at "+r.URL.Path)
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	found, offered := methods[method]
	if !offered {
		return problem(405, method+" is not offered here")
	}
	status, body, err := found(r)
	var no refused
	if errors.As(err, &no) {
		return problem(no.status, no.title)
	}
	if err != nil {
		a.telemetry.log(span, "error", "a request failed", fields{"error": err.Error()})
		return problem(500, "Something went wrong.")
	}
	return status, body
}

func problem(status int, title string) (int, any) {
	return status, map[string]any{"status": status, "title": title}
}

func write(w http.ResponseWriter, r *http.Request, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		status, text = 500, []byte(`{"status":500,"title":"Something went wrong."}`)
	}
	kind := "application/json"
	if status >= 400 && status != 503 {
		kind = "application/problem+json"
	}
	w.Header().Set("content-type", kind)
	w.Header().Set("content-length", fmt.Sprint(len(text)))
	w.Header().Set("cache-control", "no-store")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(text)
	}
}
