"""qtctl host prepare on a lab host, and what is said where the way to root is not as it should be."""

import json
import os
from collections.abc import Iterator

import pytest

from qtctl.remote.helper_place import CONFIG, HELPER
from tests.live.box import Box, Ran, qtctl

pytestmark = pytest.mark.lab

RULE = "/etc/sudoers.d/qtctl-quantum-trader"
STATE = (
    "find /var/lib/qtctl /etc/systemd /etc/sudoers.d /opt /etc/qtctl -printf '%p %i %m %s %U %l\\n' 2>/dev/null | sort"
)


def prepare(box: Box, *options: str, user: str = "root") -> Ran:
    return qtctl("host", "prepare", "--host", box.name, "--user", user, "--format", "json", *options)


def actions(ran: Ran) -> dict[str, str]:
    return {step["subject"]: step["action"] for step in ran.json()["steps"]}


@pytest.fixture(scope="module")
def host(box: Box) -> Iterator[Box]:
    """The box: ops has lost its sudo for everything."""
    box.sh("mv /etc/sudoers.d/ops /root/ops.sudoers; cp -p /etc/sudoers /root/sudoers")
    try:
        yield box
    finally:
        box.sh(
            f"mv /root/ops.sudoers /etc/sudoers.d/ops; mv /root/sudoers /etc/sudoers; rm -rf {HELPER} {RULE} {CONFIG}; "
            "rm -f /etc/sudoers.d/broken; rmdir /etc/qtctl /opt/qtctl/libexec /opt/qtctl 2>/dev/null || :"
        )


def test_what_is_missing_is_shown_then_installed_once_and_taken_away(host: Box) -> None:
    before = host.sh(STATE)
    denied = prepare(host, "--apply", user="ops")
    assert (denied.code, "sudo: a password is required" in denied.err) == (4, True), denied.err
    shown = prepare(host)
    assert (shown.code, shown.json()["changes"], shown.json()["applied"]) == (1, 3, False)
    assert host.sh(STATE) == before
    applied = prepare(host, "--apply")
    assert (applied.code, applied.json()["applied"]) == (0, True)
    modes = host.sh(f"stat -c '%a %U:%G' {HELPER} {CONFIG}/* {RULE}").splitlines()
    assert modes == ["755 root:root", "644 root:root", "440 root:root"]
    again = prepare(host, "--apply")
    assert (again.code, set(actions(again).values()), again.json()["applied"]) == (0, {"none"}, False)
    host.sh(f"sed -i 's/^ops.*/ops ALL=(ALL) NOPASSWD: ALL/' {RULE}; chmod 0775 {HELPER}")
    differs = prepare(host)
    assert {step["subject"]: step["action"] for step in differs.json()["steps"] if step["action"] != "none"} == {
        RULE: "change", HELPER: "change",
    }  # fmt: skip
    assert "-ops ALL=(ALL) NOPASSWD: ALL" in json.dumps(differs.json()["steps"])
    removed = prepare(host, "--remove", "--apply")
    assert removed.code == 0, removed.err
    assert host.sh(STATE) == before
    assert set(actions(prepare(host, "--remove")).values()) == {"none"}


def test_a_host_where_something_is_in_the_way_is_not_changed(host: Box) -> None:
    refusals = {
        "echo broken >/etc/sudoers.d/broken; chmod 0440 /etc/sudoers.d/broken": "sudoers already has an error",
        "rm -f /etc/sudoers.d/broken; sed -i '/includedir/d' /etc/sudoers": "has no @includedir",
        f"cp -p /root/sudoers /etc/sudoers; echo mine >{RULE}": f"{RULE} was not written by qtctl",
        f"ln -sf /etc/hosts {RULE}": f"{RULE} is not a regular file: link",
        f"rm {RULE}; mkdir -p /opt/qtctl/libexec; chown ops /opt/qtctl": "/opt/qtctl can be changed by user ops",
    }
    for change, why in refusals.items():
        host.sh(change)
        before = host.sh(STATE)
        ran = prepare(host, "--apply")
        assert (ran.code, why in ran.err) == (4, True), (why, ran.err)
        assert host.sh(STATE) == before, why
    host.sh("rm -r /opt/qtctl")


def test_accounts_that_are_missing_are_made(host: Box) -> None:
    files = "passwd shadow group gshadow"
    host.sh(
        f"for each in {files}; do cp -p /etc/$each /root; done; mv /home/qtaudit /root; sed -i /^qtaudit:/d /etc/passwd"
    )
    try:
        host.sh("chown ops /home")
        refused = prepare(host, "--apply")
        assert (refused.code, "/home can be changed by user ops" in refused.err) == (4, True), refused.err
        host.sh("chown root /home; ! getent passwd qtaudit; install -d -o ops /home/qtaudit")
        refused = prepare(host, "--apply")
        assert (refused.code, "belongs to another account" in refused.err) == (4, True), refused.err
        host.sh("rmdir /home/qtaudit")
        made = prepare(host, "--apply")
        assert actions(made)["qtaudit"] == "create"
        home = host.sh("getent passwd qtaudit | cut -d: -f6-; stat -c %U /home/qtaudit")
        assert home == "/home/qtaudit:/bin/sh\nqtaudit\n"
        assert host.sh("getent shadow qtaudit | cut -d: -f2") == "*\n"
    finally:
        host.sh(f"chown root /home; for each in {files}; do mv /root/$each /etc; done; rm -rf /home/qtaudit")
        host.sh("mv /root/qtaudit /home")


_OTHER = f"sed -i 's/^# Version [0-9a-f]*,/# Version 0123456789abcdef,/' {HELPER}"
_TTY = f"sed -i 's/, !requiretty//' {RULE}; sed -i '1i Defaults requiretty' /etc/sudoers"
_PASSWORD = "sudo: a password is required"
WAYS = {
    "another version": (_OTHER, "host has helper 0123456789abcdef"),
    "writable": (f"chgrp ops {HELPER}; chmod 0775 {HELPER}", f"{HELPER} can be changed by group ops (mode 0775)"),
    "a folder": ("chown ops /opt/qtctl", "/opt/qtctl can be changed by ops (its owner)"),
    "a link": (f"mv {HELPER} {HELPER}.x; ln -s {HELPER}.x {HELPER}", f"{HELPER} is a link"),
    "something else": (f"echo '#!/bin/sh' >{HELPER}", f"{HELPER} is not a helper of qtctl"),
    "no helper": (f"rm {HELPER}", _PASSWORD),
    "no rule": (f"rm {RULE}", _PASSWORD),
    "a password": (f"sed -i s/NOPASSWD:// {RULE}", _PASSWORD),
    "not executable": (f"chmod 0644 {HELPER}", "command not found"),
    "a terminal": (_TTY, "you must have a tty"),
    "no sudo": ("mv /usr/bin/sudo /root", "sudo"),
}
"""What is wrong, and what is said."""
CORE = ("another version", "writable", "no rule", "a terminal")
"""Those of every run; QTCTL_PREPARE=all: all of them."""
ASKED = tuple(WAYS) if os.environ.get("QTCTL_PREPARE") == "all" else CORE
_KEEP = f"rm -rf /root/kept; mkdir /root/kept; cp -a /opt/qtctl {RULE} /root/kept"
_AS_BEFORE = (
    f"rm -rf /opt/qtctl; cp -a /root/kept/qtctl /opt; cp -a /root/kept/{RULE.rpartition('/')[2]} {RULE}; "
    "cp -p /root/sudoers /etc/sudoers; [ ! -e /root/sudo ] || mv /root/sudo /usr/bin"
)


def test_each_way_that_is_not_as_it_should_be_is_named_and_nothing_is_changed(host: Box) -> None:
    assert prepare(host, "--apply").code == 0
    host.sh(_KEEP)
    for name in ASKED:
        wrong, why = WAYS[name]
        try:
            before = host.sh(f"{wrong}\n{STATE}")
            ran = qtctl("deploy", "--host", host.name, "--yes")
        finally:
            after = host.sh(f"{STATE}\n{_AS_BEFORE}")
        assert (ran.code, why in ran.err) == (4, True), (name, ran.code, ran.err)
        assert after == before, name


def test_an_audit_says_why_root_could_not_be_asked(host: Box) -> None:
    assert prepare(host, "--apply").code == 0
    host.sh(_OTHER)
    ran = host.audit("--user", "ops", "--become")
    assert ran.code == 3
    assert '"reason": "not root: the host has helper 0123456789abcdef of qtctl' in ran.out
