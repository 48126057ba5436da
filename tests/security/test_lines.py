"""A line ends where the program that wrote it ends it: what someone else put into a name begins no line of its own."""

from pathlib import Path

import pytest

import qtctl
from qtctl.dialects.lines import split_file_lines, split_lines
from qtctl.dialects.systemd.analyze import parse_verify
from qtctl.model.account_facts import Account
from qtctl.model.evidence import Need, State
from qtctl.plan.change_impact import make_diff
from qtctl.probes import accounts, listeners
from tests.probes.host import frame

NO_LINE_ENDS = ("\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e")


@pytest.mark.parametrize("separator", NO_LINE_ENDS, ids=ascii)
def test_lines(separator: str) -> None:
    text = f"a{separator}b\nc\r\n\nd"
    assert split_lines(text) == [f"a{separator}b", "c\r", "", "d"]
    assert split_file_lines(text) == [f"a{separator}b", "c", "", "d"]
    assert split_lines("") == split_file_lines("") == []
    assert split_lines("a\n") == split_file_lines("a\n") == split_file_lines("a\r") == ["a"]


@pytest.mark.parametrize("separator", NO_LINE_ENDS, ids=ascii)
def test_the_comment_of_one_account_is_not_another_account(separator: str) -> None:
    """`chfn` lets users write their own comment."""
    forged = (
        f"ann:x:1001:1001:{separator}root:x:1001:1001::/home/ann:/bin/sh:/home/ann:/bin/sh\nroot:x:0:0::/root:/bin/sh\n"
    )
    commented = f"ann:x:1001:1001:Ann{separator}Example:/home/ann:/bin/sh\nroot:x:0:0::/root:/bin/sh\n"
    probe = accounts.probe([Need("account", "root")], [])
    assert probe.parse([frame(forged.encode())])[0].state is State.UNPARSEABLE
    assert probe.parse([frame(commented.encode())])[0].value == Account("root", 0, 0, "/root", "/bin/sh")


@pytest.mark.parametrize("separator", NO_LINE_ENDS, ids=ascii)
def test_a_control_group_is_no_listener(separator: str) -> None:
    """A unit that delegates its group lets its account name groups below it."""
    below = f"x{separator}tcp LISTEN 0 5 0.0.0.0:22 0.0.0.0:* cgroup:/system.slice/ssh.service"
    found = listeners.read_rows(f"tcp LISTEN 0 5 127.0.0.1:9000 0.0.0.0:* cgroup:/system.slice/own.service/{below}\n")
    assert [row[:3] for row in found["tcp"]] == [["127.0.0.1", "9000", "own.service"]]


@pytest.mark.parametrize("separator", NO_LINE_ENDS, ids=ascii)
def test_a_message_of_systemd_is_one_message(separator: str) -> None:
    said = parse_verify(f"/r/etc/x.service:3: Unknown key 'a{separator}other.service: all is well', ignoring.\n", "/r")
    assert [(each.unit, each.line) for each in said] == [("x.service", 3)]


@pytest.mark.parametrize("separator", NO_LINE_ENDS, ids=ascii)
def test_a_diff_hides_a_value_to_its_end(separator: str) -> None:
    old = f"[Service]\nEnvironment=P=a{separator}secret\n".encode()
    shown = make_diff(old, b"[Service]\nNice=5\n", "/etc/systemd/system/x.service")
    assert "-Environment=" in shown
    assert "secret" not in shown


def test_nothing_splits_lines_as_python_does() -> None:
    root = Path(qtctl.__file__).parent
    calls = [path.name for path in root.rglob("*.py") if ".splitlines(" in path.read_text("utf-8")]
    assert calls == [], "qtctl.dialects.lines has what to use instead"
