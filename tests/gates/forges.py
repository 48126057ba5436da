"""The comments of GitHub's and GitLab's API, on a port of this machine."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "token-of-this-job-0123456789"
ME = 7


@dataclass
class Forge:
    """`comments` as the API has them. `status`: answered to every request where it is not 0."""

    comments: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    status: int = 0
    answer: bytes = b""
    location: str = ""
    url: str = ""

    def github(self, ref: str = "refs/pull/5/merge") -> dict[str, str]:
        return {
            "GITHUB_ACTIONS": "true", "GITHUB_API_URL": self.url, "GITHUB_REPOSITORY": "acme/shop",
            "GITHUB_REF": ref, "GITHUB_TOKEN": TOKEN,
        }  # fmt: skip

    def gitlab(self) -> dict[str, str]:
        return {
            "GITLAB_CI": "true", "CI_API_V4_URL": f"{self.url}/api/v4", "CI_PROJECT_ID": "3",
            "CI_MERGE_REQUEST_IID": "5", "QTCTL_COMMENT_TOKEN": TOKEN,
        }  # fmt: skip

    def add(self, body: str, *, ours: bool = True) -> dict[str, Any]:
        row = {
            "id": 100 + len(self.comments), "body": body, "author": {"id": ME if ours else 8},
            "user": {"type": "Bot" if ours else "User"}, "author_association": "NONE",
        }  # fmt: skip
        self.comments.append(row)
        return row

    @property
    def bodies(self) -> list[str]:
        return [each["body"] for each in self.comments]


@contextmanager
def serve() -> Iterator[Forge]:
    forge = Forge()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            content = json.loads(self.rfile.read(length)) if length else {}
            forge.asked.append(f"{self.command} {self.path}")
            known = self.headers.get("Authorization") == f"Bearer {TOKEN}" or self.headers.get("PRIVATE-TOKEN") == TOKEN
            status, answer = (401, b"{}") if not known else _act(forge, self.command, self.path, content)
            self.send_response(forge.status or status)
            if forge.location:
                self.send_header("Location", forge.location)
            self.end_headers()
            self.wfile.write(forge.answer or answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the server's own
            """Nothing."""

    for method in ("POST", "PATCH", "PUT"):
        setattr(Handler, f"do_{method}", Handler.do_GET)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        forge.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield forge
        server.shutdown()
        thread.join()


_LISTS = (r"/repos/acme/shop/issues/5/comments", r"/api/v4/projects/3/merge_requests/5/notes")
_ONE = {"PATCH": r"/repos/acme/shop/issues/comments/(\d+)", "PUT": r"/api/v4/projects/3/merge_requests/5/notes/(\d+)"}


def _act(forge: Forge, method: str, path: str, content: dict[str, Any]) -> tuple[int, bytes]:
    where, query = urlsplit(path).path, parse_qs(urlsplit(path).query)
    if where == "/api/v4/user":
        return 200, json.dumps({"id": ME}).encode()
    if where in _LISTS and method == "GET":
        size, page = int(query["per_page"][0]), int(query["page"][0])
        return 200, json.dumps(forge.comments[(page - 1) * size : page * size]).encode()
    if where in _LISTS and method == "POST":
        return 201, json.dumps(forge.add(content["body"])).encode()
    found = re.fullmatch(_ONE.get(method, r"(?!)"), where)
    for each in forge.comments:
        if found and each["id"] == int(found[1]):
            each["body"] = content["body"]
            return 200, json.dumps(each).encode()
    return 404, b"{}"
