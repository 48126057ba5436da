"""A hundred warnings about units that others wrote, each judged: at most two are false, and each is found again."""

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qtctl.findings.finding import Severity
from qtctl.flows.lint import lint
from tests.adopt.small import adopt
from tests.lint.case import TEMPLATES

SAMPLES = ("judged.toml", "judged_again.toml")
MOST_FALSE = 2


def judged(sample: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / sample).read_text())["finding"]
    return found


@pytest.mark.parametrize("sample", SAMPLES)
def test_at_most_two_of_a_hundred_are_false(sample: str) -> None:
    assert len(judged(sample)) == 100
    assert all(each["why"] and each["project"] for each in judged(sample))
    assert sum(not each["right"] for each in judged(sample)) <= MOST_FALSE


@pytest.mark.parametrize("sample", SAMPLES)
def test_each_is_found_again_and_nothing_else(sample: str) -> None:
    """Units that say no more than what a finding rests on; one host has all of them."""
    texts, wanted, containers = {}, set(), set()
    for number, each in enumerate(judged(sample)):
        for name, text, finding in _units(number, each):
            texts[f"{name}.service"] = text
            if finding:
                wanted.add((name, finding))
        containers |= {line.partition("=")[2] for line in each["directives"] if line.startswith("container=")}
    files = {path: text for path, text in adopt(texts).files.items() if path.endswith(".toml")}
    files |= {"legacy/compose.toml": _compose(containers)} if containers else {}
    found = lint(files, TEMPLATES).findings
    worst = [(subject, each.id) for each in found if each.severity is not Severity.INFO for subject in each.subjects]
    assert sorted(worst) == sorted(wanted)


def _compose(services: Iterable[str]) -> bytes:
    """A compose file that had these services: their names are known to be those of containers."""
    tables = (f'[services.{name}]\nis = "deprecated"\nwhy = "Gone."\n' for name in sorted(services))
    return "".join(('compose = "compose.yml"\n', *tables)).encode()


def _units(number: int, each: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    said: dict[str, list[str]] = defaultdict(list)
    for directive in each["directives"]:
        section, _, line = directive.partition(".")
        if not directive.startswith("container="):
            said[section].append(line)
    if each["id"] == "QT106":
        first = each["directives"][0].removeprefix("twin=")
        yield first, _text({}, about_memory=False), ""
        yield each["unit"], _text({}, about_memory=False), "QT106"
        return
    at = "@" if any("%i" in line for line in each["directives"]) else ""
    about_memory = each["id"] == "QT114" and not any(line.startswith("RestartSec") for line in said["Service"])
    yield f"r{number:03}{at}", _text(said, about_memory=about_memory), each["id"]


def _text(said: dict[str, list[str]], *, about_memory: bool) -> str:
    unit, service = ["Description=x", *said.get("Unit", [])], list(said.get("Service", []))
    if about_memory:
        unit.append("StartLimitIntervalSec=3600")
    else:
        service.append("MemoryMax=1M")
    if not any(line.startswith("ExecStart=") for line in service):
        service.insert(0, "ExecStart=/bin/x")
    install = ["WantedBy=multi-user.target"]
    return "\n".join(("[Unit]", *unit, "[Service]", *service, "[Install]", *install, ""))
