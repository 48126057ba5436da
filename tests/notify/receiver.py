"""A webhook on loopback: what it is sent, and what it does before it answers."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """`status`: what it answers. `meanwhile`: what is done once a notification has arrived, before the answer."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.status = 200
        self.meanwhile: Callable[[], None] = lambda: None
        self.url = ""

    @property
    def said(self) -> list[tuple[str, str]]:
        return [(each["kind"], each["id"]) for each in self.got]


@contextmanager
def receive() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if found.status < 300:
                found.got.append(json.loads(body))
            found.headers.append(dict(self.headers))
            found.meanwhile()
            self.send_response(found.status)
            self.send_header("Location", "http://192.0.2.1/")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_address[1]}/a-path?x=1"
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield found
        finally:
            server.shutdown()
