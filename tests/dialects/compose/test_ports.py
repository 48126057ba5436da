import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.dialects.compose.load import load
from qtctl.dialects.compose.types import PortKind, Published
from qtctl.errors import InputError

from .cases_ports import CASES, Row


def row(port: Published) -> Row:
    return port.kind.value, port.published, port.target, port.host_ip, port.protocol, port.variables


def ports_of(entry: object) -> tuple[Published, ...]:
    (service,) = load(f"services:\n  a:\n    image: x\n    ports:\n      - {json.dumps(entry)}\n", "f.yml").services
    return service.ports


@pytest.mark.parametrize("text", [text for text, rows in CASES.items() if rows is not None])
def test_a_short_form_says_what_docker_would_publish(text: str) -> None:
    ports = ports_of(text)
    assert [row(port) for port in ports] == CASES[text]
    assert {(port.raw, port.line) for port in ports} == {(text, 5)}


@pytest.mark.parametrize("text", [text for text, rows in CASES.items() if rows is None])
def test_a_port_that_compose_refuses_is_an_error_with_its_line(text: str) -> None:
    with pytest.raises(InputError, match=r"f\.yml:5"):
        ports_of(text)


@given(st.text(alphabet="0123456789:-/.[]${}abctudpP_", max_size=24))
def test_any_text_is_ports_or_an_error(text: str) -> None:
    try:
        ports = ports_of(text)
    except InputError:
        return
    assert all((port.published is not None) == (port.kind is PortKind.FIXED) for port in ports)


ADDRESSES = st.sampled_from(["", "127.0.0.1", "0.0.0.0", "[::1]"])  # noqa: S104 - texts of a compose file


@given(ADDRESSES, st.integers(1, 65535), st.integers(1, 65535), st.sampled_from(["tcp", "udp"]))
def test_the_short_and_the_long_form_say_the_same(address: str, published: int, target: int, protocol: str) -> None:
    text = f"{address + ':' if address else ''}{published}:{target}/{protocol}"
    told = {"target": target, "published": str(published), "protocol": protocol, "host_ip": address.strip("[]")}
    long = {key: value for key, value in told.items() if value}
    assert [row(port) for port in ports_of(text)] == [row(port) for port in ports_of(long)]
