import os
import signal
import threading

from .app import App
from .telemetry import Telemetry

# How long requests that run have to end when the process is told to, in seconds.
DRAIN = 8


def start(env=None, telemetry=None):
    """Starts the service; answers its port and the way to stop it."""
    env = os.environ if env is None else env
    telemetry = telemetry or Telemetry("${{ values.name }}", env)
    app = App((env.get("HOST", "0.0.0.0"), int(env.get("PORT", "8080"))), telemetry)
    serving = threading.Thread(target=app.serve_forever, kwargs={"poll_interval": 0.05})
    serving.start()
    telemetry.log("info", "listening", port=app.server_port)

    def stop():
        app.drain()
        app.shutdown()
        app.wait_idle(DRAIN)
        app.server_close()
        serving.join()
        telemetry.log("info", "stopped")
        telemetry.shutdown()

    return app.server_port, stop


def main():
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    _, stop = start()
    told.wait()
    stop()


if __name__ == "__main__":
    main()
