package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

func none(string) string { return "" }

func ask(t *testing.T, a *app, method, path string) (int, map[string]any, http.Header) {
	t.Helper()
	answer := httptest.NewRecorder()
	a.ServeHTTP(answer, httptest.NewRequest(method, path, nil))
	body := map[string]any{}
	if answer.Body.Len() > 0 {
		if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
	}
	return answer.Code, body, answer.Header()
}

func TestItSaysThatItIsWell(t *testing.T) {
	a := newApp(startTelemetry("test", none, io.Discard))
	if status, body, _ := ask(t, a, "GET", "/healthz"); status != 200 || body["status"] != "ok" {
		t.Fatal(status, body)
	}
	a.drain()
	if status, _, _ := ask(t, a, "GET", "/readyz"); status != 503 {
		t.Fatal(status)
	}
}

func TestItGreets(t *testing.T) {
	a := newApp(startTelemetry("test", none, io.Discard))
	for query, want := range map[string]string{"": "Hello, world!", "?name=Zo%C3%AB": "Hello, Zoë!"} {
		if _, body, _ := ask(t, a, "GET", "/api/hello"+query); body["message"] != want {
			t.Fatal(body)
		}
	}
	status, _, header := ask(t, a, "GET", "/api/hello?name="+strings.Repeat("a", 101))
	if status != 400 || header.Get("content-type") != "application/problem+json" {
		t.Fatal(status, header)
	}
}

func TestWhatIsNotThere(t *testing.T) {
	a := newApp(startTelemetry("test", none, io.Discard))
	if status, _, _ := ask(t, a, "GET", "/nowhere"); status != 404 {
		t.Fatal(status)
	}
	if status, _, _ := ask(t, a, "POST", "/api/hello"); status != 405 {
		t.Fatal(status)
	}
	if status, body, _ := ask(t, a, "HEAD", "/healthz"); status != 200 || len(body) != 0 {
		t.Fatal(status, body)
	}
}

func TestAFailureInsideIsForTheLogOnly(t *testing.T) {
	var lines bytes.Buffer
	a := newApp(startTelemetry("test", none, &lines))
	a.routes["/broken"] = map[string]route{"GET": func(*http.Request) (int, any, error) { panic("secret reason") }}
	status, body, _ := ask(t, a, "GET", "/broken")
	if status != 500 || strings.Contains(body["title"].(string), "secret") || !strings.Contains(lines.String(), "secret reason") {
		t.Fatal(status, body, lines.String())
	}
}

func TestItServesSendsTelemetryAndEndsWell(t *testing.T) {
	var mu sync.Mutex
	got := map[string]string{}
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		mu.Lock()
		got[r.URL.Path] += string(text)
		mu.Unlock()
	}))
	defer collector.Close()
	env := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL, "OTEL_SERVICE_NAME": "named"}
	told, tell := context.WithCancel(context.Background())
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- serve(told, startTelemetry("test", func(name string) string { return env[name] }, io.Discard), "127.0.0.1:0", ready)
	}()
	request, _ := http.NewRequest("GET", "http://"+<-ready+"/api/hello", nil)
	request.Header.Set("traceparent", "00-"+strings.Repeat("a", 32)+"-"+strings.Repeat("b", 16)+"-01")
	answer, err := http.DefaultClient.Do(request)
	if err != nil || answer.StatusCode != 200 {
		t.Fatal(answer, err)
	}
	_ = answer.Body.Close()
	tell()
	select {
	case err := <-ended:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it did not end")
	}
	mu.Lock()
	defer mu.Unlock()
	for _, path := range []string{"/v1/traces", "/v1/logs", "/v1/metrics"} {
		if !strings.Contains(got[path], `"stringValue":"named"`) {
			t.Fatalf("%s: %s", path, got[path])
		}
	}
	if !strings.Contains(got["/v1/traces"], strings.Repeat("a", 32)) {
		t.Fatal(got["/v1/traces"])
	}
}

func TestOnlyAWholeTraceparentIsTaken(t *testing.T) {
	for _, wrong := range []string{"", "00-x", "00-" + strings.Repeat("0", 32) + "-" + strings.Repeat("2", 16) + "-01"} {
		if trace, _, _ := parseTraceparent(wrong); trace != "" {
			t.Fatal(wrong)
		}
	}
}
