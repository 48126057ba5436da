"""qtctl logs, on real hosts: over SSH, from their journals."""

import json
import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from qtctl.cli.exits import Exit
from tests.cli.terminal import on_terminal, seen
from tests.cli.world import environment
from tests.logs.ground import BEHIND_S, SERVICES, Ground
from tests.security.hostile import ALL, forged_in, odd_in

pytestmark = pytest.mark.lab

ALL_HOSTS = ("--all-hosts", "--user", "audit")


def read(ground: Ground, *argv: str, code: int = Exit.OK) -> list[dict[str, Any]]:
    ran = ground.run("logs", *argv, "--format", "jsonl")
    assert ran.code == code, ran.err
    return [json.loads(each) for each in ran.out.splitlines()]


def messages(found: list[dict[str, Any]], mark: str) -> list[str]:
    return [each["message"] for each in found if each["kind"] == "line" and mark in each["message"]]


@contextmanager
def following(ground: Ground, *argv: str) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        ground.argv("logs", "-f", *argv),
        cwd=ground.folder,
        env=environment(ground.folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def await_output(process: "subprocess.Popen[bytes]", text: str, within_s: float = 30.0, *, err: bool = False) -> str:
    pipe = process.stderr if err else process.stdout
    assert pipe is not None
    seen_, until = b"", time.monotonic() + within_s
    while text.encode() not in seen_:
        left = until - time.monotonic()
        assert left > 0, f"no {text!r} in {within_s} s: {seen_.decode()}"
        if select.select([pipe], [], [], left)[0]:
            piece = os.read(pipe.fileno(), 65536)
            assert piece, seen_.decode()
            seen_ += piece
    return seen_.decode()


def test_five_services_in_the_order_in_which_they_wrote(three: Ground) -> None:
    """One host's clock is 40 s behind: by its stamps alone, its lines would come first."""
    order = [*SERVICES, *reversed(SERVICES)]
    for number, service in enumerate(order):
        three.say(service, f"order {number}")
    found = read(three, *ALL_HOSTS, "--since", "-1min")
    assert messages(found, "order ") == [f"order {number}" for number in range(len(order))]
    lines = [each for each in found if each["kind"] == "line" and "order " in each["message"]]
    assert [each["service"] for each in lines] == order
    assert [each["host"] for each in lines] == [SERVICES[each] for each in order]
    clocks = {each["host"]: each["clock_ahead_us"] / 1e6 for each in found if each["kind"] == "host"}
    assert clocks["log2"] == pytest.approx(-BEHIND_S, abs=1)
    assert clocks["log1"] == pytest.approx(0, abs=1)
    by_stamp = [each["message"] for each in sorted(lines, key=lambda each: each["stamped"])]
    assert by_stamp != [each["message"] for each in lines], "the clock of one host is wrong, or this shows nothing"


def test_times_are_those_of_the_caller(three: Ground) -> None:
    """Of the host whose clock is behind, too: `--since` means the same moment everywhere."""
    three.say("brain", "before it")
    time.sleep(1.1)
    begin = time.time()
    three.say("brain", "after it")
    three.say("api", "after it")
    found = read(three, *ALL_HOSTS, "--since", f"@{begin:.6f}")
    assert messages(found, "it") == ["after it", "after it"]
    assert messages(read(three, *ALL_HOSTS, "--since", "-1min", "--until", f"@{begin:.6f}"), "after it") == []


def test_a_selection(three: Ground) -> None:
    begin = time.time()
    for service in SERVICES:
        three.say(service, f"chosen {service}")

    def chosen(*argv: str) -> list[str]:
        return messages(read(three, *argv, "--since", f"@{begin:.6f}", "--user", "audit"), "chosen ")

    assert chosen("feed", "--host", "log1") == ["chosen feed"]
    assert chosen("front", "--all-hosts") == ["chosen api", "chosen brain"], "the services of a target"
    assert chosen("@log3-tag", "--all-hosts") == ["chosen cache", "chosen sender"]
    assert chosen("--tag", "all", "--exclude", "log1") == ["chosen brain", "chosen cache", "chosen sender"]
    newest = read(three, *ALL_HOSTS, "-n", "2", "--grep", "^chosen")
    assert messages(newest, "chosen") == ["chosen cache", "chosen sender"], "the newest of all hosts together"
    assert chosen("--all-hosts", "--grep", "CHOSEN A") == []
    assert chosen("--all-hosts", "--grep", "chosen [ab]") == ["chosen api", "chosen brain"]
    ran = three.run("logs", "brain", "--host", "log1")
    assert (ran.code, ran.out) == (Exit.USAGE, "")
    assert "brain: no service, target or unit of that name is declared for log1" in ran.err


def test_priorities(three: Ground) -> None:
    three.say("api", "<3>urgent and bad")
    three.say("api", "<6>urgent not")
    found = read(three, "--host", "log1", "--since", "-1min", "--priority", "err", "--user", "audit")
    assert [(each["message"], each["priority"]) for each in found if "message" in each] == [("urgent and bad", "err")]


def test_an_account_that_may_not_read_the_journal(three: Ground) -> None:
    ran = three.run("logs", "--host", "log1", "--user", "nobody2", "-n", "5")
    assert (ran.code, ran.out) == (Exit.INCOMPLETE, "")
    said = ran.err.splitlines()[-1]
    assert said.startswith("log1: UNKNOWN: nobody2 may not read the journal (add it to the group systemd-journal: ")
    followed = three.run("logs", "--host", "log1", "--user", "nobody2", "-f")
    assert (followed.code, followed.err.splitlines()[-1]) == (Exit.INCOMPLETE, said)


def test_one_host_that_is_away_costs_no_other_its_lines(three: Ground) -> None:
    (three.folder / "registry/hosts.toml").write_text(
        (text := (three.folder / "registry/hosts.toml").read_text())
        + '[away]\naddress = "127.0.0.1"\nssh_port = 9\naudit_user = "audit"\ndeploy_user = "ops"\n'
        + 'memory = "1G"\ncpus = 1\ntags = ["log1-tag"]\n'
    )
    (three.folder / "registry/services/api.toml").write_text(
        (service := (three.folder / "registry/services/api.toml").read_text()).replace('"log1"', '"log1", "away"')
    )
    try:
        three.say("api", "still here")
        found = read(three, "api", *ALL_HOSTS, "--since", "-1min", code=Exit.INCOMPLETE)
        assert messages(found, "still") == ["still here"]
        assert {each["host"]: each["state"] for each in found if each["kind"] == "host"} == {
            "log1": "complete",
            "away": "unknown",
        }
    finally:
        (three.folder / "registry/hosts.toml").write_text(text)
        (three.folder / "registry/services/api.toml").write_text(service)


def test_hostile_messages_do_nothing(three: Ground) -> None:
    attack = ALL.replace("\n", " ").encode("utf-8", "replace") + b" \x1b[2J\x07\xff\x7f end"
    three.say("api", b"hostile " + attack)
    for form in ("text", "json", "jsonl"):
        ran = three.run("logs", "api", "--host", "log1", "--user", "audit", "-n", "1", "--format", form)
        assert ran.code == Exit.OK, ran.err
        assert "hostile" in ran.out
        assert odd_in(ran.out + ran.err) == set()
        assert forged_in(ran.out + ran.err) == []
    assert json.loads(three.run("logs", "api", "--host", "log1", "--user", "audit", "-n", "1", "--format", "json").out)


def test_colours_are_for_terminals(three: Ground) -> None:
    for service in ("api", "brain", "cache"):
        three.say(service, "<6>in colour")
    argv = ("logs", *ALL_HOSTS, "-n", "3", "--grep", "in colour")
    with on_terminal(three.folder, *argv) as (ours, process):
        screen = seen(ours)
        assert process.wait(10) == Exit.OK
    colours = dict(re.findall(r"\x1b\[(\d+)m(\w+) *\x1b\[0m  in colour", screen.replace("\r", "")))
    assert len(colours) == len(set(colours.values())) == 3, screen
    assert "\x1b[" not in three.run(*argv).out
    with on_terminal(three.folder, *argv, NO_COLOR="1") as (ours, process):
        assert "\x1b[3" not in seen(ours)


def test_following_while_services_write(three: Ground) -> None:
    with following(three, *ALL_HOSTS, "-n", "0") as process:
        three.sh("log1", "until pgrep -u audit journalctl; do sleep 0.1; done")
        three.sh("log2", "until pgrep -u audit journalctl; do sleep 0.1; done")
        three.sh("log3", "until pgrep -u audit journalctl; do sleep 0.1; done")
        text = ""
        for number, service in enumerate(SERVICES):
            three.say(service, f"followed {number}")
            text += await_output(process, f"followed {number}")
        assert re.findall(r"followed (\d)", text) == [str(number) for number in range(len(SERVICES))]
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == Exit.INTERRUPTED
    three.sh("log1", "i=0; while pgrep -u audit journalctl; do sleep 0.1; i=$((i+1)); test $i -lt 100; done")


def test_following_goes_on_after_a_lost_connection(three: Ground) -> None:
    """What was written meanwhile is shown, once."""
    with following(three, "api", "--host", "log1", "--user", "audit", "-n", "0") as process:
        three.sh("log1", "until pgrep -u audit journalctl; do sleep 0.1; done")
        three.say("api", "lost 1")
        text = await_output(process, "lost 1")
        three.sh("log1", "pkill -KILL -u audit")
        three.say("api", "lost 2")
        text += await_output(process, "lost 2")
        three.say("api", "lost 3")
        text += await_output(process, "lost 3")
        assert re.findall(r"lost (\d)", text) == ["1", "2", "3"]
        assert "connected again" in await_output(process, "connected again", err=True)
