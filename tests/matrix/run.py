"""A situation, or two at once, made on a live host: what its audit must find, finds, proves, and says to do."""

import shlex
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from qtctl.collect.document import load
from tests.live.box import Box, Ran, qtctl
from tests.live.faulty import BECOME, Triple, act, desired_of, expect_triples, failed_proofs, find_triples, settle
from tests.matrix.situation import Situation
from tests.meaning.agreement import disagreements

AUDITOR = "qtaudit"
NOT_SAID = {"bullseye": {"QT505", "QT510"}}
"""What Redis 6 cannot tell: unknown there for some groups, whatever happens."""
HEALS_WITHIN_S = 20.0
LOOKS_EVERY_S = 0.5
LOOKS_AGAIN_S = 2.0
COMMAND_S = 45
"""Less than a lab host takes for a script: a command that waits for what the next one does is given up in time."""
Record = dict[str, Any]


class NotHealedError(Exception):
    """The host cannot be brought back: a new one has to be made."""


def run(box: Box, suite: str, situations: Sequence[Situation]) -> Record:
    """What happened, as the results file keeps it."""
    began = time.monotonic()
    expected = _without_unsaid({triple for each in situations for triple in expect_triples(box, each.data)}, suite)
    record: Record = {"expected": _texts(expected)}
    try:
        _look(box, suite, situations, expected, record)
    except Exception as error:  # noqa: BLE001 - a situation that cannot be made is a result, and the host is healed
        record["error"] = f"{type(error).__name__}: {error}"[:2000]
    finally:
        _heal(box, suite, situations, record)
        record["seconds"] = round(time.monotonic() - began, 1)
    return record


def _look(box: Box, suite: str, situations: Sequence[Situation], expected: set[Triple], record: Record) -> None:
    become = BECOME if any(each.become for each in situations) else ()
    for each in situations:
        act(box, each.data["inflict"])
    for each in situations:
        settle(box, each.data)
    with TemporaryDirectory() as work:
        saved = Path(work) / "evidence.json"
        ran = box.audit("--save", str(saved), *become)
        report = ran.json()
        differ = disagreements(desired_of(box), load(saved.read_text(), str(saved)))
    found = _said(report, suite)
    record |= {
        "missed": _texts(expected - found),
        "false": _texts(found - expected),
        "exit": _exit(ran.code, report, found),
        "exit_expected": max((each.exit for each in situations), key=(0, 3, 1).index),
        "as_declared": report["verdict"] if ran.code == 0 else "",
        "disagreements": [str(each) for each in differ],
        "tops": sorted({_name(each) for each in report["findings"] if each["because"] is None}),
        "proofs": sum(len(finding["proof"]) for finding in report["findings"]),
        "proofs_failed": [
            said for each in report["findings"] for said in failed_proofs(box, each, become[1] if become else AUDITOR)
        ],
        "unproved": [f"{each['id']} {each['subject']}" for each in report["findings"] if not each["proof"]],
    }
    if all(each.follows for each in situations):
        record["remedies"] = _follow(box, suite, report, become)


def _texts(triples: set[Triple]) -> list[str]:
    return sorted(" ".join((id_, subject, *((outcome,) if outcome != "FINDING" else ())))
                  for id_, subject, outcome in triples)  # fmt: skip


def _said(report: dict[str, Any], suite: str) -> set[Triple]:
    return _without_unsaid(find_triples(report), suite)


def _without_unsaid(triples: set[Triple], suite: str) -> set[Triple]:
    """Without the unknowns that the suite's Redis always has."""
    never = NOT_SAID.get(suite, set())
    return {triple for triple in triples if triple[2] != "UNKNOWN" or triple[0] not in never}


def _exit(code: int, report: dict[str, Any], found: set[Triple]) -> int:
    """What the exit code is without what this Redis cannot tell."""
    only_that = len(found) < len(find_triples(report)) and not any(outcome == "UNKNOWN" for _, _, outcome in found)
    return 0 if code == 3 and only_that else code


def _follow(box: Box, suite: str, report: dict[str, Any], become: Sequence[str]) -> dict[str, str]:
    """What each finding without a cause says to do, done: "heals", "says" (prose) or "fails"."""
    roots = [each for each in report["findings"] if each["because"] is None]
    commands = list(dict.fromkeys(tuple(command) for each in roots for command in each["commands"]))
    for command in commands:
        _do(box, command)
    if not commands:
        return {_name(each): "says" for each in roots}
    bad = {(each["id"], each["subject"], "FINDING") for each in roots if each["commands"]}
    alone = all(_is_alone(each) for each in roots if each["commands"])
    left = _until(box, suite, bad, become, HEALS_WITHIN_S / 2 if alone else LOOKS_AGAIN_S)
    return {_name(each): _judge(each, left) for each in roots}


def _name(finding: dict[str, Any]) -> str:
    return f"{finding['id']} {finding['subject']}"


def _judge(finding: dict[str, Any], left: set[Triple]) -> str:
    if not finding["commands"]:
        return "says"
    if (finding["id"], finding["subject"], "FINDING") not in left:
        return "heals"
    return "fails" if _is_alone(finding) else "says"


def _is_alone(finding: dict[str, Any]) -> bool:
    """Whether the remedy is its commands, without a word of prose."""
    return bool(finding["remedy"] == "; ".join(shlex.join(command) for command in finding["commands"]))


def _do(box: Box, command: Sequence[str]) -> None:
    """As root on the host; a deploy, where the auditor is."""
    if command[0] == "qtctl":
        deploys = ("--yes",) if command[1] == "deploy" else ()
        qtctl(command[1], "--registry", str(box.registry), *command[2:], *deploys)
        return
    if command[:2] == ("systemctl", "reboot"):
        qtctl("lab", "reboot", box.name)
        return
    if command[0] == "apt-get":
        return  # a lab host has no network
    box.succeeds(f"timeout {COMMAND_S} {shlex.join(command)} </dev/null")


def _until(box: Box, suite: str, bad: set[Triple], become: Sequence[str], seconds: float) -> set[Triple]:
    """What is found once none of `bad` is, or at the end of the time."""
    deadline = time.monotonic() + seconds
    while True:
        found = _said(box.audit(*become).json(), suite)
        if not found & bad or time.monotonic() > deadline:
            return found
        time.sleep(LOOKS_EVERY_S)


def _heal(box: Box, suite: str, situations: Sequence[Situation], record: Record) -> None:
    for each in reversed(situations):
        try:
            act(box, each.data["heal"])
        except AssertionError as error:
            record.setdefault("heal", []).append(str(error)[:500])
    become = BECOME if any(each.become for each in situations) else ()
    left = _until_healthy(box, suite, become)
    if not left:
        return
    record["not_healed"] = _texts(left)
    with suppress(Exception):
        qtctl("deploy", "--registry", str(box.registry), "--host", box.name, "--yes", "--take-over")
        box.sh("rm -f /etc/qtctl-lab/override.json; systemctl daemon-reload; systemctl reset-failed")
    if _until_healthy(box, suite, become):
        raise NotHealedError(record["not_healed"])


def _until_healthy(box: Box, suite: str, become: Sequence[str]) -> set[Triple]:
    deadline = time.monotonic() + HEALS_WITHIN_S
    while True:
        ran: Ran = box.audit(*become)
        found = _said(ran.json(), suite)
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(LOOKS_EVERY_S)


def is_right(record: Record) -> bool:
    """Exactly what was expected, with proofs that hold, and a host that was healed."""
    return not list(faults_of(record))


def faults_of(record: Record) -> Iterator[str]:
    """What is wrong with the audit, or with the situation."""
    for key in ("error", "missed", "false", "disagreements", "proofs_failed", "unproved", "not_healed"):
        if record.get(key):
            yield f"{key}: {record[key]}"
    if record.get("exit") != record.get("exit_expected"):
        yield f"exit: {record.get('exit')}, expected {record.get('exit_expected')}"
    yield from (f"remedy fails: {name}" for name, end in record.get("remedies", {}).items() if end == "fails")
