package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Traces, metrics and logs as OTLP/HTTP JSON, with nothing to install. It is told where to by the variables of the
// OpenTelemetry specification: OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS, OTEL_SERVICE_NAME,
// OTEL_RESOURCE_ATTRIBUTES. Without an endpoint nothing is sent and everything else works the same.

const (
	kindInternal = 1
	kindServer   = 2
	kindClient   = 3

	largestBatch = 512
	longestQueue = 4096
)

// Seconds; the boundaries that the semantic conventions name for HTTP durations.
var bounds = []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}

var severity = map[string]int{"debug": 5, "info": 9, "warn": 13, "error": 17}

// fields are attributes by name.
type fields map[string]any

type telemetry struct {
	endpoint string
	headers  map[string]string
	resource any
	out      io.Writer
	began    time.Time
	client   *http.Client
	stop     chan struct{}
	done     chan struct{}

	mu     sync.Mutex
	traces []any
	logs   []any
	series map[string]*histogram
}

type histogram struct {
	name       string
	attributes []any
	count      int
	sum        float64
	buckets    []int
}

// span is a piece of work with its begin and end. A nil span is none.
type span struct {
	t          *telemetry
	name       string
	kind       int
	traceID    string
	spanID     string
	parentID   string
	sampled    bool
	began      time.Time
	attributes fields
	failure    string
}

// startTelemetry sends what it is given each second. name is used where OTEL_SERVICE_NAME is not set.
func startTelemetry(name string, getenv func(string) string, out io.Writer) *telemetry {
	t := &telemetry{
		endpoint: strings.TrimRight(getenv("OTEL_EXPORTER_OTLP_ENDPOINT"), "/"),
		headers:  pairs(getenv("OTEL_EXPORTER_OTLP_HEADERS")),
		resource: map[string]any{"attributes": attributesOf(describe(name, getenv))},
		out:      out,
		began:    time.Now(),
		client:   &http.Client{Timeout: 5 * time.Second},
		stop:     make(chan struct{}),
		done:     make(chan struct{}),
		series:   map[string]*histogram{},
	}
	if t.endpoint == "" {
		close(t.done)
		return t
	}
	go t.run()
	return t
}

// startSpan begins a span: of the trace that a traceparent header names, else of a trace of its own.
func (t *telemetry) startSpan(name string, kind int, traceparent string) *span {
	s := &span{t: t, name: name, kind: kind, spanID: randomHex(8), sampled: true, began: time.Now(), attributes: fields{}}
	s.traceID, s.parentID, s.sampled = parseTraceparent(traceparent)
	if s.traceID == "" {
		s.traceID, s.sampled = randomHex(16), true
	}
	return s
}

// child begins a span inside another one.
func (s *span) child(name string, kind int) *span {
	return s.t.startSpan(name, kind, s.traceparent())
}

// traceparent is the header that joins the two sides of a call.
func (s *span) traceparent() string {
	flags := "00"
	if s.sampled {
		flags = "01"
	}
	return "00-" + s.traceID + "-" + s.spanID + "-" + flags
}

func (s *span) set(name string, value any) { s.attributes[name] = value }

func (s *span) fail(kind, message string) {
	s.attributes["error.type"] = kind
	s.failure = message
}

func (s *span) end() {
	if !s.sampled {
		return
	}
	record := map[string]any{
		"traceId": s.traceID, "spanId": s.spanID, "name": s.name, "kind": s.kind,
		"startTimeUnixNano": nano(s.began), "endTimeUnixNano": nano(time.Now()),
		"attributes": attributesOf(s.attributes), "status": map[string]any{"code": 0},
	}
	if s.parentID != "" {
		record["parentSpanId"] = s.parentID
	}
	if s.failure != "" {
		record["status"] = map[string]any{"code": 2, "message": s.failure}
	}
	s.t.push(&s.t.traces, record)
}

// log writes one structured line for people and the collector, with the ids of the span where there is one.
func (t *telemetry) log(s *span, level, message string, more fields) {
	line := fields{"time": time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), "level": level, "message": message}
	for name, value := range more {
		line[name] = value
	}
	record := map[string]any{
		"timeUnixNano": nano(time.Now()), "severityNumber": severity[level], "severityText": strings.ToUpper(level),
		"body": map[string]any{"stringValue": message}, "attributes": attributesOf(more),
	}
	if s != nil {
		line["trace_id"], line["span_id"] = s.traceID, s.spanID
		record["traceId"], record["spanId"] = s.traceID, s.spanID
	}
	text, err := json.Marshal(line)
	if err != nil {
		text = []byte(strconv.Quote(message))
	}
	t.mu.Lock()
	_, _ = t.out.Write(append(text, '\n'))
	t.mu.Unlock()
	t.push(&t.logs, record)
}

// record puts a value, in seconds, into a histogram.
func (t *telemetry) record(name string, value float64, attributes fields) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := name + fmt.Sprint(attributes)
	one, known := t.series[key]
	if !known {
		one = &histogram{name: name, attributes: attributesOf(attributes), buckets: make([]int, len(bounds)+1)}
		t.series[key] = one
	}
	one.count++
	one.sum += value
	one.buckets[sort.SearchFloat64s(bounds, value)]++
}

// shutdown sends what is waiting and stops.
func (t *telemetry) shutdown() {
	select {
	case <-t.stop:
		return
	default:
	}
	close(t.stop)
	<-t.done
	t.flush()
	t.flushMetrics()
}

func (t *telemetry) run() {
	defer close(t.done)
	each := time.NewTicker(time.Second)
	defer each.Stop()
	for n := 1; ; n++ {
		select {
		case <-t.stop:
			return
		case <-each.C:
		}
		t.flush()
		if n%5 == 0 {
			t.flushMetrics()
		}
	}
}

func (t *telemetry) push(queue *[]any, item any) {
	if t.endpoint == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	*queue = append(*queue, item)
	// The oldest go first when the collector is away for long: the newest tell more.
	if over := len(*queue) - longestQueue; over > 0 {
		*queue = (*queue)[over:]
	}
}

func (t *telemetry) flush() {
	t.flushQueue(&t.traces, "traces", "resourceSpans", "scopeSpans", "spans")
	t.flushQueue(&t.logs, "logs", "resourceLogs", "scopeLogs", "logRecords")
}

func (t *telemetry) flushQueue(queue *[]any, signal, outer, inner, items string) {
	for {
		t.mu.Lock()
		count := len(*queue)
		if count > largestBatch {
			count = largestBatch
		}
		batch := append([]any{}, (*queue)[:count]...)
		*queue = (*queue)[count:]
		t.mu.Unlock()
		if count == 0 {
			return
		}
		if !t.send(signal, t.wrap(outer, inner, items, batch)) {
			t.mu.Lock()
			*queue = append(batch, *queue...)
			t.mu.Unlock()
			return
		}
	}
}

func (t *telemetry) flushMetrics() {
	if t.endpoint == "" {
		return
	}
	t.mu.Lock()
	metrics := []any{}
	for _, one := range t.series {
		buckets := make([]string, len(one.buckets))
		for n, count := range one.buckets {
			buckets[n] = strconv.Itoa(count)
		}
		metrics = append(metrics, map[string]any{"name": one.name, "unit": "s", "histogram": map[string]any{
			"aggregationTemporality": 2,
			"dataPoints": []any{map[string]any{
				"startTimeUnixNano": nano(t.began), "timeUnixNano": nano(time.Now()), "count": strconv.Itoa(one.count), "sum": one.sum,
				"bucketCounts": buckets, "explicitBounds": bounds, "attributes": one.attributes,
			}},
		}})
	}
	t.mu.Unlock()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	metrics = append(metrics, map[string]any{"name": "go.memory.used", "unit": "By", "gauge": map[string]any{
		"dataPoints": []any{map[string]any{"timeUnixNano": nano(time.Now()), "asDouble": float64(memory.HeapInuse), "attributes": []any{}}},
	}})
	t.send("metrics", t.wrap("resourceMetrics", "scopeMetrics", "metrics", metrics))
}

func (t *telemetry) wrap(outer, inner, items string, batch []any) any {
	scope := map[string]any{"scope": map[string]any{"name": "telemetry.go", "version": "1.0.0"}, items: batch}
	return map[string]any{outer: []any{map[string]any{"resource": t.resource, inner: []any{scope}}}}
}

// send answers true when it is stored or must not be sent again; false to try later.
func (t *telemetry) send(signal string, body any) bool {
	text, err := json.Marshal(body)
	if err != nil {
		return true
	}
	request, err := http.NewRequest(http.MethodPost, t.endpoint+"/v1/"+signal, bytes.NewReader(text))
	if err != nil {
		return true
	}
	for name, value := range t.headers {
		request.Header.Set(name, value)
	}
	request.Header.Set("content-type", "application/json")
	answer, err := t.client.Do(request)
	if err != nil {
		// The collector is away: that must never be the service's trouble.
		return false
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	switch answer.StatusCode {
	case 408, 429, 502, 503, 504:
		return false
	}
	return true
}

func describe(name string, getenv func(string) string) fields {
	all := fields{
		"service.name": name, "service.instance.id": randomHex(16), "process.pid": os.Getpid(),
		"process.runtime.name": "go", "process.runtime.version": runtime.Version(),
		"telemetry.sdk.language": "go", "telemetry.sdk.name": "telemetry.go", "telemetry.sdk.version": "1.0.0",
	}
	for key, value := range pairs(getenv("OTEL_RESOURCE_ATTRIBUTES")) {
		all[key] = value
	}
	if named := getenv("OTEL_SERVICE_NAME"); named != "" {
		all["service.name"] = named
	}
	return all
}

// pairs reads `a=1,b=two%20words`.
func pairs(text string) map[string]string {
	all := map[string]string{}
	for _, pair := range strings.Split(text, ",") {
		key, value, found := strings.Cut(pair, "=")
		if !found || strings.TrimSpace(key) == "" {
			continue
		}
		plain, err := url.PathUnescape(strings.TrimSpace(value))
		if err != nil {
			plain = value
		}
		all[strings.TrimSpace(key)] = plain
	}
	return all
}

var traceparentForm = regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$`)

// parseTraceparent reads `00-<trace>-<span>-<flags>`; empty for anything else.
func parseTraceparent(header string) (traceID, spanID string, sampled bool) {
	parts := traceparentForm.FindStringSubmatch(header)
	if parts == nil || strings.Trim(parts[1], "0") == "" || strings.Trim(parts[2], "0") == "" {
		return "", "", false
	}
	flags, err := strconv.ParseUint(parts[3], 16, 8)
	return parts[1], parts[2], err == nil && flags&1 == 1
}

func attributesOf(all fields) []any {
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	sort.Strings(names)
	list := make([]any, 0, len(names))
	for _, name := range names {
		list = append(list, map[string]any{"key": name, "value": valueOf(all[name])})
	}
	return list
}

func valueOf(value any) any {
	switch v := value.(type) {
	case bool:
		return map[string]any{"boolValue": v}
	case int:
		return map[string]any{"intValue": strconv.Itoa(v)}
	case float64:
		return map[string]any{"doubleValue": v}
	case string:
		return map[string]any{"stringValue": v}
	}
	return map[string]any{"stringValue": fmt.Sprint(value)}
}

func nano(at time.Time) string { return strconv.FormatInt(at.UnixNano(), 10) }

func randomHex(bytes int) string {
	raw := make([]byte, bytes)
	if _, err := rand.Read(raw); err != nil {
		panic(err)
	}
	return hex.EncodeToString(raw)
}
