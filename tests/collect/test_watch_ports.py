"""Whether a declared port is listened on, by what `ss` printed."""

from qtctl.collect.watching import read_ports


def test_ports() -> None:
    ports = (("tcp", "127.0.0.1", 80), ("tcp", "192.0.2.1", 81), ("udp", "*", 82), ("tcp", "[::1]", 83))
    text = "tcp 127.0.0.1:80\ntcp 10.0.0.1:81\nudp *:82\ntcp 127.0.0.1:8083\n"
    assert [*read_ports(text, ports).values()] == ["listening", "listening on 10.0.0.1", "listening", "closed"]
    assert {*read_ports("missing\n", ports).values()} == {"unknown: ss is not installed"}
    assert {*read_ports("", ports).values()} == {"closed"}
