"""Every command that has --format, in every format: found on the command line, so a new command is tested too."""

import io
import json
import re
import shutil
import signal
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from enum import EnumType
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from junitparser import JUnitXml

from qtctl.adapters.snapshot_folder import SnapshotFolder
from qtctl.cli.main import _run_guarded, build_command
from qtctl.formats.catalogue import Content, list_offered
from tests.cli.world import Ran, build, qtctl
from tests.docs.cli import _leaves
from tests.docs.generate import DOCS
from tests.formats.sarif_schema import validate
from tests.history.year import fill

FORMATS = list_offered(Content.HOSTS)
EVIDENCE = ("--from", "evidence.json")
ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "audit": EVIDENCE,
    "report registry": EVIDENCE,
    "report overview": EVIDENCE,
    "report catalogue": EVIDENCE,
    "report flow": EVIDENCE,
    "why": ("evidence.json#/schema_version",),
    "parity": ("--compose", "docker-compose.yml", *EVIDENCE),
    "adopt units": ("units", "--out", "adopted"),
    "adopt compose": ("docker-compose.yml", "--out", "adopted"),
    "check-claims": ("inventory.md", *EVIDENCE),
    "gate": ("--registry", "gated"),
    "show": ("api",),
    "evolution": ("all", "--store", "store"),
    "snapshot diff": ("1", "latest", "--store", "store"),
    "snapshot list": ("--store", "store"),
    "snapshot show": ("2026-07", "--store", "store"),
    "snapshot verify": ("--store", "store"),
}
"""What a command needs besides --format. One that is not here needs nothing."""
CONTROLS = ("start", "stop", "restart", "reload", "enable", "disable", "reset-failed", "kill")
HOSTS = {
    **dict.fromkeys(CONTROLS, ("api", "--host", "nowhere.invalid", "--yes")),
    "adopt drift": ("--host", "nowhere.invalid"),
    "adopt host": ("nowhere.invalid", "--out", "adopted"),
    "backup restore": ("nothing.qtbackup", "--host", "nowhere.invalid", "--yes"),
    "backup show": ("nothing.qtbackup",),
    "backup take": ("--host", "nowhere.invalid"),
    "deploy": ("--host", "nowhere.invalid", "--yes"),
    "generations": ("--host", "nowhere.invalid"),
    "status": ("--host", "nowhere.invalid"),
    "host prepare": ("--host", "nowhere.invalid"),
    "plan": ("--host", "nowhere.invalid"),
    "secrets status": ("--host", "nowhere.invalid"),
    "rollback": ("--host", "nowhere.invalid", "--yes"),
    "snapshot take": ("--host", "nowhere.invalid"),
}
"""Commands that need a live host: here only which formats they take is tested."""
DOCUMENTS = {
    "check-claims": "claims",
    "backup list": "backups",
    "snapshot diff": "evolution",
    "snapshot list": "snapshots",
    "snapshot verify": "snapshot-check",
}
"""What a command writes that is not called as its first word."""
BOOTS = frozenset({"lab up", "rehearse"})
STREAMS = frozenset({"logs", "watch"})
"""They print lines while these come, and no report: their formats are their own, see tests/logs and tests/watch."""


def offers() -> dict[str, tuple[str, ...]]:
    """Command → the formats that its option names."""
    found: dict[str, tuple[str, ...]] = {}
    root: Any = build_command()
    for path, command in _leaves(root, ()):
        if " ".join(path) in STREAMS:
            continue
        for option in command.params:
            if "--format" in option.opts:
                named = option.help.partition(".")[0].split(", ")
                kind = option.type_descriptor.annotation
                pictures = tuple(map(str, kind.__members__.values())) if isinstance(kind, EnumType) else ()
                found[" ".join(path)] = pictures or tuple(named)
    return found


OFFERS = offers()
CASES = [(command, name) for command, names in sorted(OFFERS.items()) for name in dict.fromkeys((*FORMATS, *names))]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    world = build(tmp_path_factory.mktemp("formats"))
    (world / "units").mkdir()
    (world / "units/a.service").write_text("[Service]\nExecStart=/bin/true\nEnvironment=TOKEN=hunter2hunter2\nNice=x\n")
    (world / "inventory.md").write_text("# Services (3)\n\n- small-api\n- small-feed\n\n48 services\n")
    fill(SnapshotFolder(world / "store"))
    shutil.copytree(world / "registry", world / "gated")
    (world / "gated/policy.toml").write_text('[gate]\nlint = true\naudit = "saved"\nsnapshots = "store"\n')
    assert qtctl(world, "audit", "--host", "nowhere.invalid", "--save", "evidence.json").code == 3
    return world


def inside(folder: Path, *argv: str, **env: str) -> Ran:
    """The command in this process, which is left as it was: a hundred processes would take a minute."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    out, err = io.StringIO(), io.StringIO()
    try:
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.chdir(folder)
            for variable in ("QTCTL_REGISTRY", "GITHUB_STEP_SUMMARY"):
                patch.delenv(variable, raising=False)
            patch.setenv("QTCTL_STATE", str(folder / ".lab"))
            for variable, value in env.items():
                patch.setenv(variable, value)
            code = _run_guarded(list(argv), debug=False)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return Ran(code, out.getvalue(), err.getvalue())


def run(folder: Path, command: str, name: str, **env: str) -> Ran:
    again = ("--force",) if command.startswith("adopt") and command not in HOSTS else ()
    needed = (*ARGUMENTS.get(command, HOSTS.get(command, ())), *again)
    return inside(folder, *command.split(), *needed, "--format", name, **env)


def test_the_commands_that_have_formats() -> None:
    assert set(OFFERS) >= {*ARGUMENTS, *HOSTS, *BOOTS, "lint", "verify", "list", "graph", "lab list"}
    pictures = {"graph"}
    assert {names for command, names in OFFERS.items() if command not in pictures} == {
        list_offered(content) for content in Content
    }
    assert {command for command, names in OFFERS.items() if names == list_offered(Content.DECLARED)} == {
        *CONTROLS, "status",
        "adopt drift", "backup list", "backup show", "backup take", "generations",
        "list", "plan", "secrets status", "show", "lab up", "lab list",
        "host prepare", "report flow", "why", "evolution",
        "snapshot diff", "snapshot list", "snapshot show", "snapshot take",
    }  # fmt: skip


WHY = "the name nowhere.invalid does not resolve"
ONCE = {
    "table": WHY, "md": WHY, "github": WHY, "sarif": '"kind": "open"', "junit": "<error ",
    "jsonl": '"outcome":"unknown"', "html": WHY,
}  # fmt: skip
"""What each format says once of such a host: a result has its reason, and its proof, in several places."""

ONE_LINE = ("audit", "parity", "report registry", "report overview", "report catalogue")


@pytest.mark.parametrize(
    ("command", "name"),
    [(command, name) for command in ONE_LINE for name in OFFERS[command] if name != "json"],
)
def test_a_host_that_was_not_reached_is_one_line(command: str, name: str, folder: Path) -> None:
    ran = run(folder, command, name)
    assert (ran.code, ran.out.count(ONCE[name]), WHY in ran.out) == (3, 1, True)


def test_a_host_that_was_not_reached_is_one_row_of_json(folder: Path) -> None:
    report = json.loads(run(folder, "audit", "json").out)
    (row,) = report["unknowns"]
    assert WHY in report["unreachable"]
    assert (row["id"], row["reason"], row["subject"]) == ("unreachable", report["unreachable"], "nowhere.invalid")
    assert [proof["again"] for proof in row["proof"]] == ["ssh nowhere.invalid true"]
    assert report["totals"]["unknown"] == report["totals"]["total"] > 1
    for command in ("parity", "report registry"):
        assert json.loads(run(folder, command, "json").out)["unreachable"] == report["unreachable"]


@pytest.mark.parametrize(("command", "name"), CASES)
def test_every_command_in_every_format(command: str, name: str, folder: Path) -> None:
    if name not in OFFERS[command]:
        ran = run(folder, command, name)
        assert ran.code == 2
        assert ran.out == ""
        assert len(ran.err.splitlines()) == 1
        assert all(each in ran.err for each in (repr(name), *map(repr, OFFERS[command])))
        return
    if command in HOSTS or command in BOOTS:
        return
    summary = folder / "summary.md"
    summary.unlink(missing_ok=True)
    ran = run(folder, command, name, GITHUB_STEP_SUMMARY=str(summary))
    assert ran.code in {0, 1, 3}, ran.err
    assert ran.err == ""
    assert summary.exists() == (name == "github")
    READERS.get(name, any)(ran.out)
    if name == "json":
        Draft202012Validator(schema_of(command)).validate(json.loads(ran.out))


def schema_of(command: str) -> dict[str, Any]:
    words = command.removeprefix("report ").split()
    name = DOCUMENTS.get(command, words[0])
    found: dict[str, Any] = json.loads((DOCS / f"schemas/{name}.json").read_text())
    return found


def read_table(text: str) -> None:
    """Where nobody looks: no frames, no colours, a line each."""
    assert text
    assert not set(text) & set("\x1b─│\r")


def read_markdown(text: str) -> None:
    assert text.startswith("# ")
    assert text.endswith("\n")
    assert "\n\n" in text


def read_json(text: str) -> None:
    assert json.loads(text)["schema_version"] == 1


def read_sarif(text: str) -> None:
    validate(json.loads(text))


def read_junit(text: str) -> None:
    suites = [*JUnitXml.fromstring(text.encode())]
    assert suites
    assert all(len(suite) == suite.tests for suite in suites)
    assert sum(suite.tests for suite in suites)


COMMAND = re.compile(r"::(error|warning|notice) [a-zA-Z]+=[^:\r\n]*::[^\r\n]+")


def read_github(text: str) -> None:
    assert all(COMMAND.fullmatch(line) for line in text.splitlines())
    assert text.splitlines()[-1].startswith("::notice title=qtctl ")


def read_lines(text: str) -> None:
    """A document on each line, and the summary last."""
    documents = [json.loads(line) for line in text.splitlines()]
    assert [each["kind"] for each in documents] == ["host", "summary"]
    schema = json.loads((DOCS / "schemas/audit-line.json").read_text())
    for each in documents:
        Draft202012Validator(schema).validate(each)


def read_html(text: str) -> None:
    assert text.startswith("<!doctype html>\n")
    assert text.endswith("</html>\n")
    assert "Content-Security-Policy" in text


READERS = {
    "html": read_html,
    "table": read_table,
    "md": read_markdown,
    "json": read_json,
    "sarif": read_sarif,
    "junit": read_junit,
    "github": read_github,
    "jsonl": read_lines,
}


def test_each_format_has_a_reader() -> None:
    assert set(READERS) == set(FORMATS)


@pytest.mark.parametrize("command", ["report registry", "parity"])
@pytest.mark.parametrize("name", list_offered(Content.JUDGED))
def test_a_report_in_a_file_is_what_stdout_would_have(command: str, name: str, folder: Path) -> None:
    shown = run(folder, command, name)
    argv = (*command.split(), *ARGUMENTS[command], "--format", name, "--out", "report.out")
    assert inside(folder, *argv).out == ""
    assert (folder / "report.out").read_text() == shown.out
