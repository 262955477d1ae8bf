"""Traces, metrics and logs as OTLP/HTTP JSON, with nothing to install.

It is told where to by the variables of the OpenTelemetry specification: OTEL_EXPORTER_OTLP_ENDPOINT,
OTEL_EXPORTER_OTLP_HEADERS, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES. Without an endpoint nothing is sent and
everything else works the same. docs/telemetry.md says how to put the OpenTelemetry SDK in its place.
"""

import contextlib
import contextvars
import json
import os
import platform
import re
import secrets
import sys
import threading
import time
import traceback
import urllib.error
import urllib.parse
import urllib.request
import uuid
from datetime import datetime, timezone

SCOPE = {"name": "telemetry.py", "version": "1.0.0"}
KIND = {"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}
SEVERITY = {"debug": 5, "info": 9, "warn": 13, "error": 17}
# Seconds; the boundaries that the semantic conventions name for HTTP durations.
BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
LARGEST_BATCH = 512
LONGEST_QUEUE = 4096
TRY_AGAIN = {408, 429, 502, 503, 504}

_current = contextvars.ContextVar("span", default=None)


class Span:
    """A piece of work with its begin and end. What is set on it is told with it."""

    def __init__(self, name, kind, attributes, parent):
        self.name = name
        self.kind = kind
        self.attributes = dict(attributes)
        self.parent = parent
        self.trace_id = parent[0] if parent else secrets.token_hex(16)
        self.span_id = secrets.token_hex(8)
        self.sampled = parent[2] if parent else True
        self.status = {"code": 0}
        self.began = time.time_ns()

    @property
    def traceparent(self):
        """The header that joins the two sides of a call."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"

    def fail(self, error, kind=None):
        self.status = {"code": 2, "message": str(error)}
        self.attributes.setdefault("error.type", kind or type(error).__name__)


class Telemetry:
    """`service_name` is used where OTEL_SERVICE_NAME is not set; `write` gets each log line (default: standard output)."""

    def __init__(self, service_name, env=None, write=None, interval=1.0, metrics_interval=5.0):
        env = os.environ if env is None else env
        self._endpoint = env.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").rstrip("/") or None
        self._headers = _pairs(env.get("OTEL_EXPORTER_OTLP_HEADERS"))
        self._resource = {"attributes": _attributes(_describe(service_name, env))}
        self._write = write or _print_line
        self._queues = {"traces": [], "logs": []}
        self._series = {}
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._stopped = threading.Event()
        self._pause = 0.0
        self._began = time.time_ns()
        self._thread = None
        if self._endpoint:
            self._thread = threading.Thread(target=self._run, args=(interval, metrics_interval), daemon=True)
            self._thread.start()

    @contextlib.contextmanager
    def span(self, name, kind="internal", attributes=None, parent=None):
        """Runs a block in a span of its own. What it raises is recorded and raised on. `parent`: a traceparent header."""
        above = _current.get()
        context = parse_traceparent(parent) or (above and (above.trace_id, above.span_id, above.sampled))
        span = Span(name, kind, attributes or {}, context)
        token = _current.set(span)
        try:
            yield span
        except BaseException as error:
            span.fail(error)
            raise
        finally:
            _current.reset(token)
            if span.sampled:
                self._push("traces", _span_record(span))

    def log(self, level, message, **fields):
        """One structured line for people and the collector, with the ids of the span that runs now."""
        span = _current.get()
        ids = {"trace_id": span.trace_id, "span_id": span.span_id} if span else {}
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._write(json.dumps({"time": now, "level": level, "message": message, **fields, **ids}, default=str, separators=(",", ":")))
        record = {
            "timeUnixNano": str(time.time_ns()),
            "severityNumber": SEVERITY.get(level, 9),
            "severityText": level.upper(),
            "body": {"stringValue": message},
            "attributes": _attributes(fields),
        }
        if span:
            record.update(traceId=span.trace_id, spanId=span.span_id)
        self._push("logs", record)

    def log_error(self, message, error):
        """A failure with where it came from: for the log, not for strangers."""
        self.log("error", message, error="".join(traceback.format_exception(error)))

    def count(self, name, value=1, attributes=None, unit="1"):
        """Adds to a counter that only grows."""
        with self._lock:
            self._one("sum", name, unit, attributes, lambda: {"value": 0})["value"] += value

    def record(self, name, value, attributes=None, unit="s"):
        """Puts a value, in seconds unless `unit` says otherwise, into a histogram."""
        with self._lock:
            one = self._one("histogram", name, unit, attributes, lambda: {"count": 0, "sum": 0.0, "buckets": [0] * (len(BOUNDS) + 1)})
            one["count"] += 1
            one["sum"] += value
            one["buckets"][next((n for n, bound in enumerate(BOUNDS) if value <= bound), len(BOUNDS))] += 1

    def urlopen(self, url, data=None, headers=None, method=None, timeout=10):
        """`urllib.request.urlopen` in a client span, with the traceparent header that joins the two sides."""
        target = urllib.parse.urlsplit(url)
        request = urllib.request.Request(url, data=data, headers=dict(headers or {}), method=method)
        verb = request.get_method()
        attributes = {"http.request.method": verb, "server.address": target.hostname, "url.full": f"{target.scheme}://{target.netloc}{target.path}"}
        with self.span(verb, "client", attributes) as span:
            request.add_header("traceparent", span.traceparent)
            try:
                answer = urllib.request.urlopen(request, timeout=timeout)
            except urllib.error.HTTPError as error:
                span.attributes["http.response.status_code"] = error.code
                span.fail(f"answered {error.code}", str(error.code))
                raise
            span.attributes["http.response.status_code"] = answer.status
            return answer

    def shutdown(self):
        """Sends what is waiting and stops."""
        self._stopped.set()
        if self._thread:
            self._thread.join(timeout=10)
            self._pause = 0.0
            self._flush_queues()
            self._flush_metrics()

    def _one(self, kind, name, unit, attributes, make):
        key = (name, json.dumps(attributes or {}, sort_keys=True))
        if key not in self._series:
            self._series[key] = (kind, name, unit, _attributes(attributes or {}), make())
        return self._series[key][4]

    def _push(self, signal, item):
        if self._endpoint is None:
            return
        with self._lock:
            queue = self._queues[signal]
            queue.append(item)
            # The oldest go first when the collector is away for long: the newest tell more.
            del queue[: max(0, len(queue) - LONGEST_QUEUE)]

    def _run(self, interval, metrics_interval):
        due = time.monotonic() + metrics_interval
        while not self._stopped.wait(interval):
            self._flush_queues()
            if time.monotonic() >= due:
                due = time.monotonic() + metrics_interval
                self._flush_metrics()

    def _flush_queues(self):
        with self._sending:
            for signal in self._queues:
                while time.monotonic() >= self._pause:
                    with self._lock:
                        batch = self._queues[signal][:LARGEST_BATCH]
                        del self._queues[signal][:LARGEST_BATCH]
                    if not batch:
                        break
                    if not self._send(signal, self._wrap(signal, batch)):
                        with self._lock:
                            self._queues[signal][:0] = batch
                        break

    def _flush_metrics(self):
        with self._lock:
            metrics = [_metric(self._began, *one) for one in self._series.values()]
        used = time.process_time()
        metrics.append(_total(self._began, "process.cpu.time", "s", used, []))
        self._send("metrics", {"resourceMetrics": [{"resource": self._resource, "scopeMetrics": [{"scope": SCOPE, "metrics": metrics}]}]})

    def _wrap(self, signal, items):
        if signal == "traces":
            return {"resourceSpans": [{"resource": self._resource, "scopeSpans": [{"scope": SCOPE, "spans": items}]}]}
        return {"resourceLogs": [{"resource": self._resource, "scopeLogs": [{"scope": SCOPE, "logRecords": items}]}]}

    def _send(self, signal, body):
        """True when it is stored or must not be sent again; false to try later."""
        headers = {**self._headers, "content-type": "application/json"}
        request = urllib.request.Request(f"{self._endpoint}/v1/{signal}", json.dumps(body, separators=(",", ":")).encode(), headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                answer.read()
            return True
        except urllib.error.HTTPError as error:
            if error.code not in TRY_AGAIN:
                return True
        except OSError:
            pass  # The collector is away: that must never be the service's trouble.
        self._pause = time.monotonic() + 5
        return False


def parse_traceparent(header):
    """Reads `00-<trace>-<span>-<flags>` as (trace, span, sampled); None for anything else."""
    match = re.fullmatch(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})", header or "")
    if match is None or set(match[1]) == {"0"} or set(match[2]) == {"0"}:
        return None
    return match[1], match[2], int(match[3], 16) & 1 == 1


def _span_record(span):
    record = {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "name": span.name,
        "kind": KIND.get(span.kind, 1),
        "startTimeUnixNano": str(span.began),
        "endTimeUnixNano": str(max(time.time_ns(), span.began)),
        "attributes": _attributes(span.attributes),
        "status": span.status,
    }
    if span.parent:
        record["parentSpanId"] = span.parent[1]
    return record


def _metric(began, kind, name, unit, attributes, data):
    if kind == "sum":
        return _total(began, name, unit, data["value"], attributes)
    point = {
        "startTimeUnixNano": str(began),
        "timeUnixNano": str(time.time_ns()),
        "count": str(data["count"]),
        "sum": data["sum"],
        "bucketCounts": [str(n) for n in data["buckets"]],
        "explicitBounds": BOUNDS,
        "attributes": attributes,
    }
    return {"name": name, "unit": unit, "histogram": {"aggregationTemporality": 2, "dataPoints": [point]}}


def _total(began, name, unit, value, attributes):
    point = {"startTimeUnixNano": str(began), "timeUnixNano": str(time.time_ns()), "asDouble": value, "attributes": attributes}
    return {"name": name, "unit": unit, "sum": {"aggregationTemporality": 2, "isMonotonic": True, "dataPoints": [point]}}


def _describe(service_name, env):
    return {
        "service.name": service_name,
        "service.instance.id": str(uuid.uuid4()),
        "process.pid": os.getpid(),
        "process.runtime.name": "cpython",
        "process.runtime.version": platform.python_version(),
        "telemetry.sdk.language": "python",
        "telemetry.sdk.name": SCOPE["name"],
        "telemetry.sdk.version": SCOPE["version"],
        **_pairs(env.get("OTEL_RESOURCE_ATTRIBUTES")),
        **({"service.name": env["OTEL_SERVICE_NAME"]} if env.get("OTEL_SERVICE_NAME") else {}),
    }


def _pairs(text):
    """Reads `a=1,b=two%20words`."""
    pairs = (pair.partition("=") for pair in (text or "").split(","))
    return {key.strip(): urllib.parse.unquote(value.strip()) for key, _, value in pairs if key.strip()}


def _attributes(fields):
    return [{"key": key, "value": _value(value)} for key, value in fields.items() if value is not None]


def _value(value):
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"stringValue": value if isinstance(value, str) else json.dumps(value, default=str)}


def _print_line(line):
    # One write per line, so that lines of two threads do not mix.
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
