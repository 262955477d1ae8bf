import json
import threading
import time
import unittest
import urllib.error
import urllib.request

from service import app as app_module
from service.__main__ import start
from service.telemetry import Telemetry


class AppTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lines = []
        cls.port, cls.stop = start({"PORT": "0", "HOST": "127.0.0.1"}, Telemetry("test", env={}, write=cls.lines.append))

    @classmethod
    def tearDownClass(cls):
        cls.stop()

    def ask(self, path, method="GET"):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method)
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None, answer.headers["content-type"]
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read()), error.headers["content-type"]

    def test_it_says_that_it_is_well(self):
        self.assertEqual(self.ask("/healthz")[:2], (200, {"status": "ok"}))
        self.assertEqual(self.ask("/readyz")[0], 200)

    def test_it_greets(self):
        self.assertEqual(self.ask("/api/hello")[1], {"message": "Hello, world!"})
        self.assertEqual(self.ask("/api/hello?name=Zo%C3%AB")[1], {"message": "Hello, Zoë!"})

    def test_a_name_that_is_too_long_is_the_callers_mistake(self):
        status, body, kind = self.ask("/api/hello?name=" + "a" * 101)
        self.assertEqual((status, body["status"], kind), (400, 400, "application/problem+json"))

    def test_what_is_not_there_is_404_and_the_wrong_method_405(self):
        self.assertEqual(self.ask("/nowhere")[0], 404)
        self.assertEqual(self.ask("/api/hello", "POST")[0], 405)
        self.assertEqual(self.ask("/healthz", "HEAD")[:2], (200, None))

    def test_a_failure_inside_is_for_the_log_only(self):
        app_module.ROUTES[("GET", "/broken")] = lambda query: 1 / 0
        port, stop = start({"PORT": "0", "HOST": "127.0.0.1"}, Telemetry("test", env={}, write=self.lines.append))
        del app_module.ROUTES[("GET", "/broken")]
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/broken", timeout=5)
        with caught.exception as error:
            self.assertNotIn(b"ZeroDivision", error.read())
        self.assertTrue(any("ZeroDivisionError" in line for line in self.lines))
        stop()

    def test_requests_that_run_are_answered_when_it_stops(self):
        app_module.ROUTES[("GET", "/slow")] = lambda query: time.sleep(0.3) or (200, {"slow": True})
        port, stop = start({"PORT": "0", "HOST": "127.0.0.1"}, Telemetry("test", env={}, write=self.lines.append))
        del app_module.ROUTES[("GET", "/slow")]
        answers = []
        asking = threading.Thread(target=lambda: answers.append(urllib.request.urlopen(f"http://127.0.0.1:{port}/slow", timeout=5).status))
        asking.start()
        time.sleep(0.1)
        stop()
        asking.join()
        self.assertEqual(answers, [200])


if __name__ == "__main__":
    unittest.main()
