"""Secrets that are put on a real host: into the right file, a restart by the next deploy, and no trace elsewhere."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from shlex import quote

import pytest

from tests.live.box import Box, Ran, qtctl

pytestmark = pytest.mark.lab

UNIT, FILE = "quantum-ai-engine.service", "/etc/quantum/ai-engine.secret.env"
NAME = "ai-engine/BINANCE_API_KEY"
CANARY = 'canary-put-7c1e "quoted" $HOME \\ end'
LARGE = bool(os.environ.get("QTCTL_LARGE"))
TEXT = "tr -cd '\\11\\12\\40-\\176'"
FORMS = ("canary-put-7c1e", "Y2FuYXJ5LXB1dC03YzFl", "63616e6172792d707574")
"""As it is, in base64 and in hexadecimal."""
WATCHED = "/run/live-put-watched"
WATCH = (
    "while :; do for each in /proc/[0-9]*; do "
    f"cat $each/cmdline $each/environ 2>/dev/null | tr '\\0' '\\n' | grep -Ff {WATCHED}.for && echo in $each; "
    f"done >> {WATCHED}; done"
)

ATTACKS = (
    ("chmod 0777 /etc/quantum", "chmod 0755 /etc/quantum", "can be changed by every user"),
    (f"mv {FILE} /root/x; ln -s /root/x {FILE}", f"mv -T /root/x {FILE}", "is a link"),
    (f"printf 'A=\"open' >> {FILE}", f"cp -p /root/kept.env {FILE}", "ends in an open quote"),
    (f"mount --bind {FILE} {FILE}", f"umount {FILE}", "could not be replaced"),
)
"""What is in the way, how that is healed, and what is said of it."""


def put(box: Box, value: str, *more: str, name: str = NAME) -> Ran:
    return qtctl("--debug", "secrets", "put", name, "--host", box.name, *more, stdin=value)


def states(box: Box) -> dict[str, tuple[str, str | None, list[str]]]:
    ran = qtctl("--debug", "secrets", "status", "--host", box.name, "--format", "json")
    assert not any(form in ran.out + ran.err for form in FORMS)
    rows = json.loads(ran.out)["secrets"]
    assert ran.code == (0 if all(row["state"] == "present" and not row["problems"] for row in rows) else 1)
    return {f"{row['services'][0]}/{row['name']}": (row["state"], row["mode"], row["problems"]) for row in rows}


@pytest.fixture(scope="module")
def watched(box: Box) -> Iterator[Box]:
    box.sh(f"cp -a {FILE} /root/kept.env")
    box.sh(f": > {WATCHED}; printf '%s\\n' {' '.join(FORMS)} > {WATCHED}.for")
    box.sh(f"systemd-run -q --unit=live-put-watch.service sh -c {quote(WATCH)}")
    try:
        yield box
    finally:
        box.sh("systemctl stop live-put-watch.service || :")
        box.sh(f"rm -rf /var/lib/qtctl {WATCHED} {WATCHED}.for /root/kept.env; systemctl restart {UNIT}")


@pytest.fixture
def kept(watched: Box) -> Iterator[Box]:
    """The host, and its secrets file as it was after each test."""
    yield watched
    watched.sh(f"cp -a --remove-destination /root/kept.env {FILE}")


def test_a_secret_comes_to_its_file_is_planned_to_restart_its_service_and_leaves_no_trace(kept: Box) -> None:
    since = kept.sh("date '+%Y-%m-%d %H:%M:%S'").strip()
    before = kept.sh(f"grep -c . {FILE}; grep ^BINANCE_API_SECRET= {FILE}")
    said = put(kept, CANARY + "\n")
    assert said.code == 0, said.err
    assert said.out == f"lab1: BINANCE_API_KEY is in {FILE}; the next qtctl deploy restarts {UNIT}\n"
    assert kept.sh(f"grep -c . {FILE}; grep ^BINANCE_API_SECRET= {FILE}") == before
    assert kept.sh(f"stat -c '%a %U:%G' {FILE}; ls -A /etc/quantum | grep -c qtctl- || :").split() == [
        "600",
        "root:root",
        "0",
    ]
    same = put(kept, CANARY)
    assert (same.code, same.out) == (0, f"lab1: BINANCE_API_KEY in {FILE} is what it was\n")
    assert states(kept)[NAME] == ("present", "0600", [])
    planned = qtctl("plan", "--host", kept.name, "--format", "json")
    steps = [
        (each["kind"], each["subject"], each["why"]) for each in planned.json()["steps"] if each["kind"] == "restart"
    ]
    assert [(kind, subject) for kind, subject, _ in steps] == [("restart", UNIT)]
    assert FILE in steps[0][2]
    trail = [json.loads(line) for line in kept.sh("cat /var/lib/qtctl/trail").splitlines()]
    mine = next(each for each in trail if each["event"] == "put" and each["secret"] == "BINANCE_API_KEY")
    assert (mine["secret"], mine["path"], mine["login"], mine["action"]) == ("BINANCE_API_KEY", FILE, "ops", "put")
    own = [json.loads(line) for line in Path(os.environ["QTCTL_TRAIL"]).read_text().splitlines()]
    assert [each["result"] for each in own if each["action"] == "put"][-2:] == ["put", "unchanged"]

    assert traces(kept, since, said, same, planned) == []
    assert kept.sh(f"cat {WATCHED}") == ""


@pytest.mark.skipif(not LARGE, reason="takes 15 s: set QTCTL_LARGE=1")
def test_the_next_deploy_restarts_its_service_and_keeps_no_copy_of_it(kept: Box) -> None:
    since = kept.sh("date '+%Y-%m-%d %H:%M:%S'").strip()
    pid = kept.sh(f"systemctl show -P MainPID {UNIT}")
    said = put(kept, CANARY)
    deployed = qtctl("--debug", "deploy", "--host", kept.name, "--yes", "--format", "json")
    assert (said.code, deployed.code) == (0, 0), deployed.err
    assert kept.sh(f"systemctl show -P MainPID {UNIT}") != pid
    environ = kept.sh(f"tr '\\0' '\\n' < /proc/$(systemctl show -P MainPID {UNIT})/environ")
    assert f"BINANCE_API_KEY={CANARY}" in environ.splitlines()
    pids = {line.rpartition("/")[2] for line in kept.sh(f"cat {WATCHED}").splitlines() if line.startswith("in ")}
    given = kept.sh("grep -lzF canary-put /proc/[0-9]*/environ 2>/dev/null | cut -d / -f 3 || :").split()
    assert pids <= {*given}, "the service itself is given it, and nobody else"
    assert kept.sh("ls /var/lib/qtctl/gen /var/lib/qtctl/objects | grep -c .").strip() != "0"
    assert traces(kept, since, said, deployed) == []
    kept.sh(f"systemctl restart {UNIT}")


def traces(box: Box, since: str, *ran: Ran) -> list[str]:
    """Where the value is seen, in whatever form: what was said, the journal, what was written since."""
    new = "find /run /tmp /var/tmp /var/lib/qtctl -xdev -type f -newer /root/kept.env -size -4M ! -name 'live-put*'"
    host = {
        "journal": box.sh(f"journalctl --no-pager -o verbose --all --since '{since}'"),
        "new files": box.sh(f"{new} -exec cat {{}} + 2>/dev/null | {TEXT}"),
        "kept": box.sh(f"find /var/lib/qtctl -type f -exec gzip -cdf {{}} + | {TEXT}"),
        "trail of the caller": Path(os.environ["QTCTL_TRAIL"]).read_text(),
    }
    said = {f"{number}": each.out + each.err for number, each in enumerate(ran)}
    return [where for where, text in {**host, **said}.items() if any(form in text for form in FORMS)]


def test_what_cannot_be_put_is_refused_and_nothing_is_changed(kept: Box) -> None:
    before = kept.sh(f"sha256sum {FILE}; ls -A /etc/quantum")
    for inflict, heal, why in ATTACKS if LARGE else ATTACKS[:2]:
        kept.sh(inflict)
        try:
            refused = put(kept, CANARY)
            assert (refused.code, why in refused.err, "canary" in refused.err) == (4, True, False), refused.err
        finally:
            kept.sh(heal)
    assert kept.sh(f"sha256sum {FILE}; ls -A /etc/quantum") == before


@pytest.mark.skipif(not LARGE, reason="takes 2 s: set QTCTL_LARGE=1")
def test_status_says_what_is_missing_empty_or_open_to_others(kept: Box) -> None:
    kept.sh(f"printf 'BINANCE_API_KEY=\\nOTHER=canary-put-7c1e\\n' > {FILE}; chmod 0644 {FILE}")
    found = states(kept)
    assert found[NAME] == ("empty", "0644", ["mode 0644, should be 0600"])
    assert found["ai-engine/BINANCE_API_SECRET"][0] == "missing"
    kept.sh(f"rm {FILE}")
    assert states(kept)[NAME] == ("missing", None, [])
    assert put(kept, CANARY).code == 0
    assert kept.sh(f"cat {FILE}").startswith("BINANCE_API_KEY=")
