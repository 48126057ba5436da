"""The endpoint, over real connections: what it serves, and that nobody can keep it busy."""

import http.client
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from qtctl.api.metrics import check_place
from qtctl.errors import InputError
from qtctl.metrics import endpoint as served
from qtctl.metrics.endpoint import AT_ONCE, LARGEST_REQUEST, Endpoint, parse_place

TEXT = "qtctl_build_info 1.0\n"


@pytest.fixture
def place() -> Iterator[tuple[Endpoint, int]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with Endpoint("127.0.0.1", port) as endpoint:
        yield endpoint, port


def get(port: int, path: str = "/metrics", method: str = "GET") -> tuple[int, str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path)
        reply = connection.getresponse()
        return reply.status, reply.read().decode(), reply.headers["Content-Type"]
    finally:
        connection.close()


def test_it_serves_what_was_published_last(place: tuple[Endpoint, int]) -> None:
    endpoint, port = place
    assert get(port)[0] == 503
    endpoint.publish("old 1\n")
    endpoint.publish(TEXT)
    status, body, kind = get(port)
    assert (status, body) == (200, TEXT)
    assert kind.startswith("text/plain; version=")
    assert get(port, "/metrics?x=1")[:2] == (200, TEXT)
    assert get(port, method="HEAD")[:2] == (200, "")


@pytest.mark.parametrize(
    ("path", "method", "status"), [("/", "GET", 404), ("/metrics/x", "GET", 404), ("/metrics", "POST", 405)]
)
def test_it_serves_nothing_else(place: tuple[Endpoint, int], path: str, method: str, status: int) -> None:
    assert get(place[1], path, method)[0] == status


@pytest.mark.parametrize("sent", [b"\r\n\r\n", b"GET\r\n\r\n", b"\x16\x03\x01\r\n\r\n", b"GET /metrics SPDY\r\n\r\n"])
def test_what_is_no_http_is_refused(place: tuple[Endpoint, int], sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", place[1]), timeout=10) as client:
        client.sendall(sent)
        assert client.recv(100).startswith(b"HTTP/1.1 400 ")


def test_a_request_without_end_is_cut_off(place: tuple[Endpoint, int]) -> None:
    with socket.create_connection(("127.0.0.1", place[1]), timeout=10) as client:
        try:
            client.sendall(b"x" * (4 * LARGEST_REQUEST))
            assert client.recv(100) == b""
        except ConnectionError:
            pass


def test_slow_clients_are_left_after_a_while(place: tuple[Endpoint, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "WITHIN_S", 0.3)
    endpoint, port = place
    endpoint.publish(TEXT)
    clients = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(AT_ONCE)]
    try:
        for client in clients:
            client.sendall(b"GET /metr")
        assert [client.recv(100) for client in clients] == [b""] * AT_ONCE
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                assert get(port)[:2] == (200, TEXT)
            except (ConnectionError, http.client.HTTPException):
                continue
            return
        raise AssertionError("it serves nobody any more")
    finally:
        for client in clients:
            client.close()


def test_more_clients_than_places_cost_no_threads(place: tuple[Endpoint, int]) -> None:
    before = threading.active_count()
    clients = [socket.create_connection(("127.0.0.1", place[1]), timeout=10) for _ in range(5 * AT_ONCE)]
    try:
        clients[-1].recv(1)
        assert threading.active_count() <= before + AT_ONCE
    finally:
        for client in clients:
            client.close()


@pytest.mark.parametrize(
    "text", ["", "9810", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:70000", "example.org:9810", "::1:x"]
)
def test_a_place_that_is_none(text: str) -> None:
    with pytest.raises(InputError, match="not an address and a port"):
        parse_place(text)


@pytest.mark.parametrize("text", ["0.0.0.0:9810", "[::]:9810", "192.0.2.1:9810"])
def test_other_machines_only_on_request(text: str) -> None:
    with pytest.raises(InputError, match="not a loopback address"):
        check_place(text, remote=False)
    assert check_place(text, remote=True)[1] == 9810


@pytest.mark.parametrize("text", ["127.0.0.1:9810", "[::1]:9810", "127.8.0.1:9810"])
def test_loopback_is_the_default(text: str) -> None:
    assert check_place(text, remote=False)[1] == 9810


def test_a_place_that_is_taken(place: tuple[Endpoint, int]) -> None:
    with pytest.raises(InputError, match="another program listens there"):
        Endpoint("127.0.0.1", place[1])
