"""Short-form ports as data: text → [(kind, published, target, host_ip, protocol, variables)]; None: Compose refuses."""

from typing import TypeAlias

Row: TypeAlias = tuple[str, int | None, int | None, str, str, tuple[str, ...]]

CASES: dict[str, list[Row] | None] = {
    "8001:8001": [("fixed", 8001, 8001, "", "tcp", ())],
    "8025:8000": [("fixed", 8025, 8000, "", "tcp", ())],
    "3000": [("chosen", None, 3000, "", "tcp", ())],
    "0:80": [("chosen", None, 80, "", "tcp", ())],
    "127.0.0.1:8001:8001/tcp": [("fixed", 8001, 8001, "127.0.0.1", "tcp", ())],
    "127.0.0.1::80": [("chosen", None, 80, "127.0.0.1", "tcp", ())],
    "53:53/UDP": [("fixed", 53, 53, "", "udp", ())],
    "[::1]:80:80": [("fixed", 80, 80, "::1", "tcp", ())],
    "::1:80:80": [("fixed", 80, 80, "::1", "tcp", ())],
    ":8080:80": [("fixed", 8080, 80, "", "tcp", ())],
    "8001-8001:80": [("fixed", 8001, 80, "", "tcp", ())],
    "8000-8002:9000-9002": [
        ("fixed", 8000, 9000, "", "tcp", ()),
        ("fixed", 8001, 9001, "", "tcp", ()),
        ("fixed", 8002, 9002, "", "tcp", ()),
    ],
    "8000-8010:80": [("chosen", None, 80, "", "tcp", ())],
    "${PORT:-8000}:8000": [("fixed", 8000, 8000, "", "tcp", ("PORT",))],
    "${IP-127.0.0.1}:${A:-1}:2": [("fixed", 1, 2, "127.0.0.1", "tcp", ("IP", "A"))],
    "${PORT:+8001}:8000": [("chosen", None, 8000, "", "tcp", ("PORT",))],
    "${PORT}:8000": [("open", None, None, "", "tcp", ("PORT",))],
    "$PORT:8000": [("open", None, None, "", "tcp", ("PORT",))],
    "${A:-${B:-1}}:80": [("fixed", 1, 80, "", "tcp", ("A", "B"))],
    "$${PORT}:80": None,
    "${PORT:?must be set}:8000": None,
    "localhost:80:81": None,
    "8000-8002:9000-9001": None,
    "8002-8000:8000-8002": None,
    "0": None,
    "80:0": None,
    "70000:80": None,
    "80:70000": None,
    "80:80/icmp": None,
    "80:": None,
    "http:web": None,
    "80:80:80:80:x": None,
    "-1:80": None,
    "٨٠:80": None,
    "": None,
}
