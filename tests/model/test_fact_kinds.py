"""A kind of fact is registered once: with its row and its probe it is asked for, read back, judged and documented."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, is_dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, ClassVar

import pytest

from qtctl import model, probes
from qtctl.adapters.clock import SystemClock
from qtctl.adapters.local import LocalHost
from qtctl.audit.judge import judge, list_needs
from qtctl.collect import document
from qtctl.collect.collect import collect, refuse_all
from qtctl.errors import HostError
from qtctl.model.facts import FACT_KINDS, Channel, FactKind
from qtctl.model.inquiry import build_inquiry
from qtctl.probes import stores
from qtctl.probes.family import list_families
from qtctl.rules import catalogue, host
from tests.collect.small import desired

HELP = "install getconf"


@dataclass(frozen=True, slots=True)
class PageSize:
    """Subject: `host`. Bytes."""

    FACT: ClassVar[str] = "page.size"
    size: int


PROBE = """
from qtctl.model.evidence import Need
from qtctl.probes.answer import answer_observed, decode_text
from qtctl.probes.batch import Probe, make_command
from qtctl.probes.family import Family
from tests.model.test_fact_kinds import PageSize


def ask(needs, inquiry):
    if not needs:
        return Probe((), lambda _: [])
    read = lambda stdout: PageSize(int(decode_text(stdout)))
    parse = lambda frames: [answer_observed(needs[0], read(frames[0].stdout), again="getconf PAGESIZE")]
    return Probe((make_command(("getconf", "PAGESIZE")),), parse)


FAMILY = Family((PageSize,), ask)
"""
RULE = """
from qtctl.findings.finding import Severity
from qtctl.model.evidence import Need
from qtctl.rules.rule import Expectation, Rule, Verdict
from tests.model.test_fact_kinds import PageSize

NEED = Need(PageSize.FACT, "host")


def expect(desired):
    return (Expectation("host", {"power": 2}, (NEED,), judge),)


def judge(facts):
    size = facts.read(PageSize, "host").size
    return Verdict(size & (size - 1) == 0, {"size": size})


RULES = (Rule("QT799", "page size", Severity.ERROR, what="", why="", fix="", expect=expect),)
"""


def fact_classes(module: ModuleType) -> Iterator[type[Any]]:
    for each in vars(module).values():
        if (
            isinstance(each, type)
            and is_dataclass(each)
            and each.__module__ == module.__name__
            and hasattr(each, "FACT")
        ):
            yield each


def test_every_class_of_a_fact_is_registered_under_its_name() -> None:
    modules = [import_module(f"qtctl.model.{each.name}") for each in iter_modules(model.__path__)]
    classes = {each for module in modules if module.__name__.endswith("facts") for each in fact_classes(module)}
    assert {kind.model for kind in FACT_KINDS.values()} == classes
    assert all(name == kind.model.FACT for name, kind in FACT_KINDS.items())


def test_every_kind_is_asked_through_its_channel_by_one_probe() -> None:
    by_exec = [fact.FACT for family in list_families() for fact in family.facts]
    assert len(by_exec) == len(set(by_exec))
    of = {channel: {name for name, kind in FACT_KINDS.items() if kind.channel is channel} for channel in Channel}
    assert of[Channel.EXEC] | of[Channel.ROOT] == set(by_exec)
    assert of[Channel.BUS] == {"unit", "unit.listing"}
    assert of[Channel.STORE] | of[Channel.SSH] == {"reach", "health", *stores.FACTS}


@pytest.fixture
def new_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A row, a file of a probe and a file of a rule, as someone would add them."""
    for package, name, text in ((probes, "page_size", PROBE), (host, "page_size", RULE)):
        folder = tmp_path / package.__name__
        folder.mkdir()
        (folder / f"{name}.py").write_text(text)
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
    monkeypatch.setitem(FACT_KINDS, PageSize.FACT, FactKind(PageSize, Channel.EXEC, HELP))
    list_families.cache_clear()
    catalogue.list_host_rules.cache_clear()
    yield
    for package in (probes, host):
        sys.modules.pop(f"{package.__name__}.page_size", None)
    monkeypatch.undo()
    list_families.cache_clear()
    catalogue.list_host_rules.cache_clear()


@pytest.mark.usefixtures("new_kind")
def test_a_new_kind_needs_a_row_a_probe_and_a_rule_and_nothing_else() -> None:
    wanted = desired()
    assert PageSize.FACT in {need.fact for need in list_needs(wanted)}
    asked = [need for need in list_needs(wanted) if need.fact == PageSize.FACT]
    with LocalHost() as here:
        evidence = collect(here, build_inquiry(wanted, asked), SystemClock())
    read = document.load(document.dump(evidence), "e.json")
    assert read == evidence
    (check,) = [each for each in judge(wanted, read) if each.id == "QT799"]
    assert str(check.outcome) == "holds"
    assert f"fact.{PageSize.FACT}" in document.make_schema()["$defs"]


@pytest.mark.usefixtures("new_kind")
def test_where_a_new_kind_is_not_known_its_channel_is_the_cause_and_its_help_the_remedy() -> None:
    wanted = desired()
    evidence = refuse_all(build_inquiry(wanted, list_needs(wanted)), HostError("no route"), SystemClock(), "192.0.2.1")
    checks = judge(wanted, evidence)
    (check,) = [each for each in checks if each.id == "QT799"]
    assert str(check.outcome) == "unknown"
    (way,) = [each for each in checks if (each.id, each.subject) == ("QT701", "exec")]
    assert check.cause == way.fingerprint
    assert FACT_KINDS[PageSize.FACT].find_help("host") == HELP
