import json
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from service.telemetry import Telemetry, parse_traceparent


class Collector(BaseHTTPRequestHandler):
    """Keeps what it is sent; refuses the next `refuse` requests."""

    received = []
    refuse = 0

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if Collector.refuse > 0:
            Collector.refuse -= 1
            self.send_response(503)
        else:
            Collector.received.append((self.path, dict(self.headers), json.loads(body)))
            self.send_response(200)
        self.end_headers()

    def log_message(self, *_args):
        pass


class TelemetryTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.server.server_close()

    def setUp(self):
        Collector.received.clear()
        self.lines = []

    def start(self, **over):
        env = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self.server.server_port}/",
            "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20abc",
            "OTEL_SERVICE_NAME": "named",
            "OTEL_RESOURCE_ATTRIBUTES": "service.version=1.2.3,team=a%20b",
        }
        return Telemetry("x", env=env, write=self.lines.append, interval=60, **over)

    def sent(self, signal):
        return [body for path, _, body in Collector.received if path == f"/v1/{signal}"]

    def test_spans_go_inside_each_other_and_logs_name_them(self):
        telemetry = self.start()
        with telemetry.span("outer", "server", parent="00-" + "a" * 32 + "-" + "b" * 16 + "-01") as outer:
            with telemetry.span("inner"):
                telemetry.log("info", "working", order=7)
        telemetry.shutdown()
        inner, sent = self.sent("traces")[0]["resourceSpans"][0]["scopeSpans"][0]["spans"]
        self.assertEqual((sent["traceId"], sent["parentSpanId"]), ("a" * 32, "b" * 16))
        self.assertEqual((inner["traceId"], inner["parentSpanId"]), ("a" * 32, outer.span_id))
        line = json.loads(self.lines[0])
        self.assertEqual((line["message"], line["order"], line["trace_id"]), ("working", 7, "a" * 32))
        record = self.sent("logs")[0]["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]
        self.assertEqual(record["spanId"], inner["spanId"])

    def test_it_says_who_it_is_and_sends_its_token(self):
        telemetry = self.start()
        telemetry.log("info", "hello")
        telemetry.shutdown()
        _, headers, body = Collector.received[0]
        self.assertEqual(headers["Authorization"], "Bearer abc")
        resource = {one["key"]: one["value"] for one in body["resourceLogs"][0]["resource"]["attributes"]}
        self.assertEqual(resource["service.name"], {"stringValue": "named"})
        self.assertEqual(resource["team"], {"stringValue": "a b"})

    def test_what_is_raised_is_recorded_and_raised_on(self):
        telemetry = self.start()
        with self.assertRaises(KeyError):
            with telemetry.span("broken"):
                raise KeyError("x")
        telemetry.shutdown()
        span = self.sent("traces")[0]["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
        self.assertEqual(span["status"]["code"], 2)
        self.assertIn({"key": "error.type", "value": {"stringValue": "KeyError"}}, span["attributes"])

    def test_counters_and_histograms_are_sent_once_each(self):
        telemetry = self.start()
        for _ in range(3):
            telemetry.count("orders", attributes={"kind": "book"})
        telemetry.record("seconds", 0.02)
        telemetry.record("seconds", 100)
        telemetry.shutdown()
        metrics = {one["name"]: one for one in self.sent("metrics")[0]["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]}
        self.assertEqual(metrics["orders"]["sum"]["dataPoints"][0]["asDouble"], 3)
        point = metrics["seconds"]["histogram"]["dataPoints"][0]
        self.assertEqual((point["count"], point["bucketCounts"][2], point["bucketCounts"][-1]), ("2", "1", "1"))

    def test_what_the_collector_could_not_take_is_sent_later(self):
        telemetry = self.start()
        Collector.refuse = 1
        telemetry.log("info", "kept")
        telemetry._flush_queues()
        self.assertEqual(self.sent("logs"), [])
        telemetry.shutdown()
        self.assertEqual(len(self.sent("logs")), 1)

    def test_without_an_endpoint_nothing_is_sent(self):
        telemetry = Telemetry("x", env={}, write=self.lines.append)
        telemetry.log("warn", "quiet")
        telemetry.shutdown()
        self.assertEqual((Collector.received, len(self.lines)), ([], 1))

    def test_a_call_to_another_service_carries_the_trace(self):
        telemetry = self.start()
        with telemetry.span("outer") as outer:
            with telemetry.urlopen(f"http://127.0.0.1:{self.server.server_port}/other", data=b"{}") as answer:
                self.assertEqual(answer.status, 200)
        headers = next(headers for path, headers, _ in Collector.received if path == "/other")
        self.assertEqual(parse_traceparent(headers["Traceparent"])[0], outer.trace_id)
        telemetry.shutdown()

    def test_only_a_whole_traceparent_is_taken(self):
        self.assertEqual(parse_traceparent("00-" + "1" * 32 + "-" + "2" * 16 + "-00"), ("1" * 32, "2" * 16, False))
        for wrong in (None, "", "00-x", "00-" + "0" * 32 + "-" + "2" * 16 + "-01", "01-" + "1" * 32 + "-" + "2" * 16 + "-01"):
            self.assertIsNone(parse_traceparent(wrong))


if __name__ == "__main__":
    unittest.main()
