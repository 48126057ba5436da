"""What --engine may say, and how the scheduler is spoken to."""

import pytest

from qtctl.engines.scheduler import Scheduler, choose_address, parse_engine
from qtctl.errors import InputError

LOCAL = ("127.0.0.1", "127.8.0.1", "localhost", "::1")
ELSEWHERE = ("dask.example.org", "10.0.0.7", "fd00::7", "localhost.example.org", "0.0.0.0")  # noqa: S104 - nothing listens


def write(scheme: str, host: str, port: str = "") -> str:
    return f"{scheme}://[{host}]{port}" if ":" in host else f"{scheme}://{host}{port}"


def parse(given: str) -> Scheduler:
    found = parse_engine(given)
    assert found is not None
    return found


def test_the_processes_of_this_machine() -> None:
    assert parse_engine("processes") is None


@pytest.mark.parametrize("host", [*LOCAL, *ELSEWHERE])
def test_a_scheduler_is_named_with_or_without_its_port(host: str) -> None:
    for scheme in ("dask", "tls"):
        assert parse(write(scheme, host)) == Scheduler(scheme, host, 8786)
        assert parse(write(scheme, host, ":9000")) == Scheduler(scheme, host, 9000)
        assert str(parse(write(scheme, host, ":9000/"))) == write(scheme, host, ":9000")


@pytest.mark.parametrize(
    "given",
    [
        *("", "dask", "dask://", "dask://:8786", "ssh://host", "tcp", "inproc://1", "processes:8", "DASK://host"),
        *("dask://host:", "dask://host:0", "dask://host:99999", "dask://host:1:2", "dask://me@host", "dask://ho st"),
        *("dask://-host", "dask://host/path", "dask://[host", "dask://::1", "dask://999.0.0.1", "dask://host\n"),
    ],
)
def test_anything_else_is_an_error(given: str) -> None:
    with pytest.raises(InputError, match="is not an engine"):
        parse_engine(given)


@pytest.mark.parametrize("host", LOCAL)
def test_on_this_machine_plain_tcp_will_do(host: str) -> None:
    plain, sealed = write("tcp", host, ":1"), write("tls", host, ":1")
    assert choose_address(parse(plain), lambda: True) == plain
    assert choose_address(parse(write("dask", host, ":1")), lambda: False) == plain
    assert choose_address(parse(write("dask", host, ":1")), lambda: True) == sealed


@pytest.mark.parametrize("host", ELSEWHERE)
def test_to_another_machine_only_tls_leads(host: str) -> None:
    with pytest.raises(InputError, match=r"TLS only \(tls://.*:8786, or forward"):
        parse_engine(write("tcp", host))
    for scheme in ("dask", "tls"):
        assert choose_address(parse(write(scheme, host)), lambda: True) == write("tls", host, ":8786")
        with pytest.raises(InputError, match=r"has no certificate for TLS \(set distributed\.comm\.tls\.ca-file"):
            choose_address(parse(write(scheme, host)), lambda: False)
