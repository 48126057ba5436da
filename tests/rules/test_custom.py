"""Checks of a registry's own: read, refused, judged, explained and weighed like any other."""

from dataclasses import replace
from pathlib import Path

import pytest

from qtctl.adapters.files import read_registry
from qtctl.audit.judge import judge, list_needs
from qtctl.errors import InputErrors
from qtctl.findings.finding import Finding, Outcome
from qtctl.flows.desired_cache import pack, unpack
from qtctl.model.check_facts import CommandResult, FileLine, Health, UnitProperty
from qtctl.model.desired import Desired
from qtctl.model.evidence import Ask, Evidence, Item, Need, State
from qtctl.model.fact import Fact, make_value
from qtctl.model.facts import File
from qtctl.model.inquiry import CommandQuestion, build_inquiry
from qtctl.registry.load import load
from qtctl.resolve.resolve import resolve
from qtctl.rules.custom import list_custom_rules
from qtctl.rules.explain import explain
from tests.builders.registry import write_check
from tests.live.box import ROOT

TAKEN = "2026-01-17T07:25:00.000Z"
NOW_US = 1_768_634_700_000_000
HOUR = 3_600_000_000
DIGEST = "a" * 64
CHECKS = "".join((
    write_check(
        "QT901",
        'file = { path = "/var/backups/dump", owner = "root", mode = "640", max_age = "26h", not_empty = true }',
        summary="the backup is there", remedy="start backup.service",
        more='why = "Without it a lost disk is the end."\nseverity = "error"\n',
    ),
    write_check(
        "QT902",
        'command = { argv = ["/usr/bin/cat", "/proc/sys/vm/nr_hugepages"], output = "64", within = "1s" }',
        summary="huge pages", remedy="sysctl vm.nr_hugepages=64",
    ),
    write_check("QT903", 'unit = { unit = "ssh.service", property = "Restart", value = "on-failure" }'),
    write_check("QT904", 'file = { path = "/core", kind = "absent" }', more='severity = "info"\n'),
    write_check(
        "QT905",
        'http = { listen = "127.0.0.1:9100", path = "/metrics", text = "up 1", values = { "a.b" = 3 }, within = "1s" }',
    ),
    write_check(
        "QT906",
        'file = { path = "/etc/ssh/sshd_config", line = "PasswordAuthentication no", '
        f'sha256 = "{DIGEST}", min_size = "10", max_size = "1K" }}',
    ),
))  # fmt: skip
CONFIG = File("file", "0644", "root", "root", 100, NOW_US - HOUR, sha256=DIGEST)
DUMP = File("file", "0640", "root", "root", 10, NOW_US - HOUR)
GOOD: dict[str, Fact | None] = {
    "QT905": Health(200, text=True, values={"a.b": 3}), "QT906": CONFIG,
    "QT901": DUMP, "QT902": CommandResult(0, "64\n"), "QT903": UnitProperty("on-failure"), "QT904": None,
}  # fmt: skip
SLOW = write_check("QT90N", 'command = { argv = ["/x"], within = "6s" }')


def files(checks: str = CHECKS, policy: str | None = None) -> dict[str, bytes]:
    found = dict(read_registry(ROOT / "registry"))
    found["checks.toml"] = checks.encode()
    if policy is not None:
        found["policy.toml"] = policy.encode()
    return found


def declared(checks: str = CHECKS, policy: str | None = None) -> Desired:
    registry = load(files(checks, policy))
    return resolve(registry, next(iter(registry.hosts)))


def judged(desired: Desired, **changed: Fact | None) -> dict[str, Finding]:
    """By id. `changed`: what the host answers in place of what is good. `line`: of the file of QT906."""
    wanted = {
        expected.needs[0]: rule.id for rule in list_custom_rules(desired.checks) for expected in rule.expect(desired)
    }
    items = []
    line = Need(FileLine.FACT, "QT906")
    of_line = make_value(changed.get("line") or FileLine(there=True))
    items.append(Item(line.fact, line.subject, State.OBSERVED, of_line, None, 99))
    for number, (need, id_) in enumerate(wanted.items(), 1):
        fact = {**GOOD, **changed}[id_]
        state = State.ABSENT if fact is None else State.OBSERVED
        items.append(Item(need.fact, need.subject, state, make_value(fact) if fact else None, None, number))
    asks = tuple(Ask(item.ask, "exec", (), "", TAKEN, 1, 0) for item in items)
    evidence = Evidence(1, "0", desired.host, "h", "ssh", "audit", TAKEN, asks, tuple(items))
    return {check.id: check for check in judge(desired, evidence) if check.id.startswith("QT9")}


def broken(checks: dict[str, Finding]) -> set[str]:
    return {id_ for id_, check in checks.items() if check.outcome is Outcome.BROKEN}


def test_all_hold() -> None:
    checks = judged(declared())
    assert {id_: check.outcome for id_, check in checks.items()} == dict.fromkeys(GOOD, Outcome.HOLDS)


@pytest.mark.parametrize(
    ("id_", "fact"),
    [
        ("QT901", None),
        ("QT901", replace(DUMP, owner="qt")),
        ("QT901", replace(DUMP, mode="0644")),
        ("QT901", replace(DUMP, mtime=NOW_US - 27 * HOUR)),
        ("QT901", replace(DUMP, size=0)),
        ("QT901", replace(DUMP, kind="link", target="/etc/passwd")),
        ("QT902", CommandResult(1, "64\n")),
        ("QT902", CommandResult(0, "640\n")),
        ("QT902", CommandResult(0, "64\n", late=True)),
        ("QT903", UnitProperty("no")),
        ("QT904", DUMP),
        ("QT905", Health(503)),
        ("QT905", Health(0, "no answer in 1 s")),
        ("QT905", Health(200, text=False, values={"a.b": 3})),
        ("QT905", Health(200, text=True, values={"a.b": True})),
        ("QT906", None),
        ("QT906", replace(CONFIG, size=9)),
        ("QT906", replace(CONFIG, size=1025)),
        ("QT906", replace(CONFIG, sha256="b" * 64)),
        ("QT906", replace(CONFIG, kind="socket", sha256=None)),
    ],
)
def test_each_is_broken_alone_with_its_remedy_and_a_proof(id_: str, fact: Fact | None) -> None:
    desired = declared()
    checks = judged(desired, **{id_: fact})
    assert broken(checks) == {id_}
    found = checks[id_]
    (own,) = [check for check in desired.checks if check.id == id_]
    assert (found.title, found.remedy, str(found.severity)) == (own.summary, own.remedy, own.severity)
    assert found.proof
    assert found.place == own.origin


def test_a_line_that_is_not_in_its_file() -> None:
    found = judged(declared(), line=FileLine(there=False))
    assert broken(found) == {"QT906"}
    (proof,) = found["QT906"].proof
    assert (proof.again, proof.line) == (
        "grep -Fxc -e 'PasswordAuthentication no' -- /etc/ssh/sshd_config", "0",
    )  # fmt: skip
    unread = judged(declared(), QT906=replace(CONFIG, sha256=None))
    assert unread["QT906"].outcome is Outcome.UNKNOWN


def test_what_was_not_asked_is_unknown() -> None:
    desired = declared()
    evidence = Evidence(1, "0", desired.host, "h", "ssh", "audit", TAKEN, (), ())
    own = [check for check in judge(desired, evidence) if check.id.startswith("QT9")]
    assert {check.outcome for check in own} == {Outcome.UNKNOWN}
    assert len(own) == len(GOOD)


def test_policy_weighs_them_and_knows_their_ids() -> None:
    desired = declared(policy='[severities]\nQT904 = "error"\n')
    assert str(judged(desired, QT904=DUMP)["QT904"].severity) == "error"
    with pytest.raises(InputErrors, match="QT909"):
        declared(policy='[severities]\nQT909 = "error"\n')


def test_only_declared_commands_are_asked_for_and_a_cache_keeps_them() -> None:
    desired = declared()
    inquiry = build_inquiry(desired, list_needs(desired))
    assert inquiry.commands == (CommandQuestion("QT902", ("/usr/bin/cat", "/proc/sys/vm/nr_hugepages"), 1_000_000),)
    assert unpack(pack(desired)) == desired


def test_they_are_explained() -> None:
    text = explain("QT901", list_custom_rules(declared().checks))
    assert text.startswith("# QT901 the backup is there\n")
    assert "Without it a lost disk is the end." in text
    assert "start backup.service" in text


@pytest.mark.parametrize(
    ("checks", "says"),
    [
        (write_check("QT9", 'file = { path = "/x" }'), "not the id of a check"),
        (write_check("QT301", 'file = { path = "/x" }'), "not the id of a check"),
        (write_check("QT901", ""), "nothing to look at"),
        (write_check("QT901", 'file = { path = "/x" }\ncommand = { argv = ["/x"] }'),
         "command and file"),
        (write_check("QT901", 'command = { argv = ["x"] }'), "not an absolute path"),
        (write_check("QT901", "command = { argv = [] }"), "argv"),
        (write_check("QT901", 'command = { argv = ["/x"], within = "1h" }'), "from 1us to 10s"),
        (write_check("QT901", 'command = { argv = ["/x"], shell = true }'), "shell"),
        (write_check("QT901", 'unit = { unit = "a.service", property = "Environment", value = "" }'),
         "not read from a host"),
        ("".join(SLOW.replace("N", n) for n in "12"), "more than 10s"),
        (write_check("QT901", 'http = { listen = "localhost:80", path = "/" }'), "IP address"),
        (write_check("QT901", 'http = { listen = "127.0.0.1:80", path = "x" }'), "path of a URL"),
        (write_check("QT901", 'http = { listen = "[::1]:80", path = "/", within = "1h" }'), "from 1us to 10s"),
        (write_check("QT901", 'file = { path = "/x", kind = "dir", line = "a" }'), "not a file"),
        (write_check("QT901", 'file = { path = "/x", min_size = "2K", max_size = "1K" }'), "more than max_size"),
        (write_check("QT901", 'file = { path = "/x", sha256 = "abc" }'), "64 digits"),
    ],
)  # fmt: skip
def test_what_no_registry_may_say(checks: str, says: str) -> None:
    with pytest.raises(InputErrors) as caught:
        load(files(checks))
    assert says in "\n".join(str(error) for error in caught.value.errors)
    assert all(error.place and Path(error.place.file).name == "checks.toml" for error in caught.value.errors)
