import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.dialects.compose.ports import Malformed, long, short
from qtctl.dialects.compose.types import PortKind, Published

from .cases_ports import CASES, Row


def row(port: Published) -> Row:
    return port.kind.value, port.published, port.target, port.host_ip, port.protocol, port.variables


@pytest.mark.parametrize("text", [text for text, rows in CASES.items() if rows is not None])
def test_a_short_form_says_what_docker_would_publish(text: str) -> None:
    ports = short(text, 7)
    assert [row(port) for port in ports] == CASES[text]
    assert {(port.raw, port.line) for port in ports} == {(text, 7)}


@pytest.mark.parametrize("text", [text for text, rows in CASES.items() if rows is None])
def test_a_port_that_docker_would_refuse_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        short(text, 7)


@given(st.text(alphabet="0123456789:-/.[]${}abctudpP_", max_size=24))
def test_any_text_is_ports_or_malformed(text: str) -> None:
    try:
        ports = short(text, 1)
    except Malformed:
        return
    assert ports
    assert all((port.published is not None) == (port.kind is PortKind.FIXED) for port in ports)


ADDRESSES = st.sampled_from(["", "127.0.0.1", "0.0.0.0", "[::1]"])  # noqa: S104 - texts of a compose file


@given(ADDRESSES, st.integers(1, 65535), st.integers(1, 65535), st.sampled_from(["tcp", "udp"]))
def test_the_short_and_the_long_form_say_the_same(address: str, published: int, target: int, protocol: str) -> None:
    text = f"{address + ':' if address else ''}{published}:{target}/{protocol}"
    fields = {"target": str(target), "published": str(published), "protocol": protocol, "host_ip": address.strip("[]")}
    told = {key: value for key, value in fields.items() if value}
    assert [row(port) for port in short(text, 1)] == [row(port) for port in long("", 1, told)]
