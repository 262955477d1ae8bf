"""The routes of the service and the HTTP server around them."""

import json
import socketserver
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from .hello import Refused, hello

# By method and path: each gets the query and answers a status and a body. What it raises becomes an answer too: `Refused` as it
# is, anything else as 500.
ROUTES = {
    ("GET", "/"): lambda query: (200, {"service": "${{ values.name }}", "try": "api/hello?name=you", "health": "healthz"}),
    ("GET", "/api/hello"): lambda query: (200, hello(query.get("name", [""])[0])),
}


class App(ThreadingHTTPServer):
    """Listens at once. `drain` makes it say that it is going away, `wait_idle` waits for the requests that run."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address, telemetry):
        self.telemetry = telemetry
        self.draining = False
        self._running = 0
        self._changed = threading.Condition()
        self.routes = {
            **ROUTES,
            # Alive: the process answers. A failing liveness probe restarts it, so nothing else belongs here.
            ("GET", "/healthz"): lambda query: (200, {"status": "ok"}),
            # Ready: it may be given requests. Ask here whether what it depends on is there.
            ("GET", "/readyz"): lambda query: (503, {"status": "draining"}) if self.draining else (200, {"status": "ok"}),
        }
        self.paths = {path for _, path in self.routes}
        super().__init__(address, Handler)

    def server_bind(self):
        # Its parent asks for the machine's full name here, which takes long where no name server answers.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def drain(self):
        self.draining = True

    def begin(self):
        with self._changed:
            self._running += 1

    def end(self):
        with self._changed:
            self._running -= 1
            self._changed.notify_all()

    def wait_idle(self, seconds):
        with self._changed:
            return self._changed.wait_for(lambda: self._running == 0, timeout=seconds)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # A connection that says nothing is not kept for ever.
    timeout = 30
    # Head and body are two writes: the second must not wait for the first one's acknowledgement.
    disable_nagle_algorithm = True

    def handle_any(self):
        self.server.begin()
        try:
            self._serve()
        finally:
            self.server.end()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

    def _serve(self):
        telemetry = self.server.telemetry
        target = urlsplit(self.path)
        route = target.path if target.path in self.server.paths else "/{unknown}"
        began = time.perf_counter()
        attributes = {
            "http.request.method": self.command,
            "http.route": route,
            "url.path": target.path,
            "url.scheme": self.headers.get("x-forwarded-proto", "http"),
            "user_agent.original": self.headers.get("user-agent", ""),
        }
        with telemetry.span(f"{self.command} {route}", "server", attributes, self.headers.get("traceparent")) as span:
            status, body = self._answer(target)
            span.attributes["http.response.status_code"] = status
            if status >= 500:
                span.fail(f"answered {status}", str(status))
            self._send(status, body)
        labels = {"http.request.method": self.command, "http.route": route, "http.response.status_code": status}
        telemetry.record("http.server.request.duration", time.perf_counter() - began, labels)

    def _answer(self, target):
        try:
            length = int(self.headers.get("content-length") or 0)
            self.body = self.rfile.read(min(length, 1_048_576))
            if length > 1_048_576:
                self.close_connection = True
                raise Refused(413, "a request has at most 1 MB")
            method = "GET" if self.command == "HEAD" else self.command
            found = self.server.routes.get((method, target.path))
            if found:
                return found(parse_qs(target.query))
            if target.path in self.server.paths:
                raise Refused(405, f"{method} is not offered here")
            raise Refused(404, f"there is nothing at {target.path}")
        except Refused as refused:
            return refused.status, {"status": refused.status, "title": str(refused)}
        except Exception as error:
            self.server.telemetry.log_error("a request failed", error)
            # What went wrong inside is for the log, not for strangers.
            return 500, {"status": 500, "title": "Something went wrong."}

    def _send(self, status, body):
        text = json.dumps(body, ensure_ascii=False).encode()
        problem = status >= 400 and status != 503
        self.send_response(status)
        self.send_header("content-type", "application/problem+json" if problem else "application/json")
        self.send_header("content-length", str(len(text)))
        self.send_header("cache-control", "no-store")
        if self.server.draining:
            self.send_header("connection", "close")
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def log_message(self, *_args):
        """Each request is a span already."""
