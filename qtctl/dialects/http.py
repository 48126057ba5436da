"""URLs of a host's own programs: the address that reaches them from the host, and a command that repeats a request."""

import json
from urllib.parse import quote as percent

from qtctl.dialects.shell import quote

_EVERYWHERE = {"*": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - asked, not bound
_PATH = "/?:@!$&'()*+,;=%-._~"
MOST_BODY = 64 * 1024
"""Bytes of a body that are read."""


def make_url_subject(address: str, port: int, path: str) -> str:
    """How checks and facts name a URL: `127.0.0.1:8001/health`."""
    return f"{address}:{port}{path}"


def choose_near_address(address: str) -> str:
    """The address at which the host itself reaches a listener declared at `address`: the same one, or loopback.

    Without brackets; `*`, 0.0.0.0 and [::] become the loopback address.
    """
    plain = address.replace("[", "").replace("]", "")
    if not plain.startswith("fe80"):
        plain = plain.partition("%")[0]
    return _EVERYWHERE.get(plain, plain)


def format_authority(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def quote_request_path(path: str) -> str:
    """As it is sent in a request: ASCII, no fragment."""
    return percent(path, safe=_PATH)


def quote_text(value: str) -> str:
    """A Python string in double quotes: the shell needs the single ones."""
    return json.dumps(value)


def make_again(address: str, port: int, path: str, within_s: float, shown: str) -> str:
    """A command that sends the same GET and prints the Python expression `shown` of the response `r`, or `none`."""
    near = quote_text(choose_near_address(address))
    program = (
        f"import http.client, json; c = http.client.HTTPConnection({near}, {port}); "
        f'c.request("GET", {quote_text(quote_request_path(path))}); r = c.getresponse(); print({shown})'
    )
    return f"timeout {within_s + 1:g} python3 -I -c {quote(program)} 2>/dev/null || echo none"
