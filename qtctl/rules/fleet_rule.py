"""Rules over several hosts: in what the hosts of one tag should be alike, though the registry does not set it."""

from collections.abc import Callable
from dataclasses import dataclass

from qtctl.findings.finding import Severity
from qtctl.findings.meaning import Meaning
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts

Words = tuple[str, ...]
"""What a host tells of a trait: one value, or several in order."""
_ONE = frozenset(("host", "*"))
"""Subjects of facts that a host has one of."""


def name_subject(need: Need) -> str:
    return "" if need.subject in _ONE else need.subject


@dataclass(frozen=True, slots=True)
class Trait:
    """One thing in which hosts should be alike.

    `find`: the facts that tell it, from what is declared; one for each thing that has it, such as a venv. `label`: what
    that thing is called, '' for the host: subjects are "@TAG NAME of LABEL". `read`: what a fact tells; None if it is
    not compared on this host; LookupError with a reason if it is not known after all. `prove`: the label, one of the
    words in which two hosts differ, and all words of the host that is asked → a command, and the line that it prints
    there. `single`: it is one value, not a list.
    """

    name: str
    find: Callable[[Desired], tuple[Need, ...]]
    read: Callable[[Facts, Need, Desired], Words | None]
    prove: Callable[[str, str, Words], tuple[str, str]]
    remedy: str
    single: bool = True
    severity: Severity = Severity.WARNING
    label: Callable[[Need], str] = name_subject


@dataclass(frozen=True, slots=True)
class FleetRule(Meaning):
    """A finding over several hosts, one for each tag and trait."""

    traits: tuple[Trait, ...]
