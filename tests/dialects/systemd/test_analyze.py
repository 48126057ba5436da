"""What systemd-analyze 252 and 257 really printed, and what is read from it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.dialects.systemd.analyze import (
    Elapse,
    Message,
    OpenItem,
    parse_calendar,
    parse_cycles,
    parse_security,
    parse_verify,
    parse_version,
)

VERIFY = """\
/tmp/r/root/etc/systemd/system/fleet-a.service:12: Unknown key 'NoSuchThing' in section [Service], ignoring.
/tmp/r/root/etc/systemd/system/fleet-a.service:13: Failed to parse RestartSec=xx, ignoring: Invalid argument
fleet-b.service: Command nope is not executable: No such file or directory
fleet-c.timer: Timer unit lacks value setting. Refusing.
Unit fleet-c.timer has a bad unit file setting.
/tmp/r/root/etc/systemd/system/fleet-a.service:12: Unknown key 'NoSuchThing' in section [Service], ignoring.
Failed to prepare filename /x: Invalid argument
"""
UNITS = "/etc/systemd/system"
SAID = (
    Message(
        "fleet-a.service", f"{UNITS}/fleet-a.service", 12, "Unknown key 'NoSuchThing' in section [Service], ignoring."
    ),
    Message(
        "fleet-a.service", f"{UNITS}/fleet-a.service", 13, "Failed to parse RestartSec=xx, ignoring: Invalid argument"
    ),
    Message("fleet-b.service", "", None, "Command nope is not executable: No such file or directory"),
    Message("fleet-c.timer", "", None, "Timer unit lacks value setting. Refusing."),
    Message("fleet-c.timer", "", None, "has a bad unit file setting."),
    Message("", "", None, "Failed to prepare filename /x: Invalid argument"),
)
HEAD = f"  {'NAME':<60}{'DESCRIPTION':<72}EXPOSURE"
SECURITY = f"""\
{HEAD}
✗ {"RemoveIPC=":<60}{"Service user may leave SysV IPC objects around":<72}     0.1
✓ {"NoNewPrivileges=":<60}{"Service processes cannot acquire new privileges":<72}
✗ {"PrivateNetwork=":<60}{"Service has access to the host's network":<72}     0.5
  {"SystemCallFilter=":<60}{"Not applicable":<72}

→ Overall exposure level for fleet-a.service: 8.3 EXPOSED 🙁
{HEAD}
- {"DeviceAllow=":<60}{"Service has no device ACL":<72}     0.2

-> Overall exposure level for fleet-b.service: 0.4 SAFE :-D
{HEAD}
✗ {"DeviceAllow=":<60}{"Service has no device ACL":<72}     0.2
"""
CALENDAR = """\
Normalized form: Mon *-*-* 04:15:00
    Next elapse: Mon 2026-11-23 04:15:00 UTC
       From now: 1 day 17h left

  Original form: 2020-01-01
Normalized form: 2020-01-01 00:00:00
    Next elapse: never
"""


def test_verify() -> None:
    assert parse_verify(VERIFY, "/tmp/r/root") == SAID
    assert parse_verify("\n \n", "/tmp/r/root") == ()


def test_cycles() -> None:
    text = """\
/etc/systemd/system/a.service:3: Unknown key name 'X' in section 'Service', ignoring.
sysinit.target: Found ordering cycle on a.service/start
sysinit.target: Found dependency on sysinit.target/start
sysinit.target: Unable to break cycle starting with sysinit.target/start
b.service: Found ordering cycle on c@1.service/start
b.service: Found dependency on d.target/start
b.service: Found dependency on b.service/start
b.service: Job d.target/start deleted to break ordering cycle starting with b.service/start
sysinit.target: Found ordering cycle on sysinit.target/start
sysinit.target: Found dependency on a.service/start
"""
    once = (("a.service", "sysinit.target"), ("c@1.service", "d.target", "b.service"))
    assert parse_cycles(text + "x\n") == once
    assert parse_cycles(text.partition("sysinit")[0]) == ()


def test_security() -> None:
    found = parse_security(SECURITY)
    assert list(found) == ["fleet-a.service", "fleet-b.service"]
    a, b = found.values()
    assert (a.exposure, a.rating) == (8.3, "EXPOSED")
    assert a.open == (
        OpenItem("PrivateNetwork=", "Service has access to the host's network", 0.5),
        OpenItem("RemoveIPC=", "Service user may leave SysV IPC objects around", 0.1),
    )
    assert (b.exposure, b.rating, [item.name for item in b.open]) == (0.4, "SAFE", ["DeviceAllow="])


def test_calendar() -> None:
    assert parse_calendar(CALENDAR) == (
        Elapse("Mon *-*-* 04:15:00", never=False),
        Elapse("2020-01-01 00:00:00", never=True),
    )


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("systemd 252 (252.39-1~deb12u2)\n+PAM", 252),
        ("systemd 257 (257.13-1~deb13u1)", 257),
        ("", None),
        ("busybox", None),
    ],
)
def test_version(text: str, version: int | None) -> None:
    assert parse_version(text) == version


@given(st.text(), st.text(min_size=1))
def test_any_text_is_read(text: str, root: str) -> None:
    parse_verify(text, root)
    parse_security(f"{HEAD}\n{text}")
    parse_calendar(text)
    parse_version(text)
