"""Which part of an audit is judged, and how strictly, by the options of the command."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qtctl.errors import InputError

if TYPE_CHECKING:
    from qtctl.findings.finding import Finding, Severity
    from qtctl.flows.declared import Declared
    from qtctl.flows.earlier import Earlier
    from qtctl.model.evidence import Evidence
    from qtctl.reports.selection import Selection

LEVELS = ("info", "warning", "error")


def _check_level(given: str | None) -> str | None:
    if given is None or given in LEVELS:
        return given
    raise typer.BadParameter(f"{given!r} is not one of {', '.join(map(repr, LEVELS))}")


FAIL_HELP = "The gate for this audit, instead of fail_on in policy.toml: info, warning or error."
FailOnOption = Annotated[
    str | None,
    typer.Option(
        "--fail-on", metavar="LEVEL", callback=_check_level, help=FAIL_HELP, autocompletion=lambda: list(LEVELS)
    ),
]
OnlyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--only", metavar="ID", help="Only this finding, or all whose ids begin with this (QT3); may be repeated."
    ),
]
SubjectOption = Annotated[
    list[str] | None,
    typer.Option(
        "--subject", metavar="GLOB", help="Only findings on subjects that match ('quantum-ai-*'); may be repeated."
    ),
]
NewSinceOption = Annotated[
    Path | None,
    typer.Option(
        "--new-since",
        metavar="FILE",
        help="Only findings that FILE does not have: evidence from --save, or an audit as JSON.",
    ),
]


@dataclass(frozen=True, slots=True)
class Part:
    """InputError if an id does not exist, or a file cannot be read: before any host is asked."""

    only: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    fail_on: str | None = None
    new_since: Path | None = None

    def __post_init__(self) -> None:
        for each in self.only:
            _check_id(each)
        if self.new_since is not None:
            self.read_earlier()

    @property
    def gate(self) -> "Severity | None":
        from qtctl.findings.finding import Severity

        return None if self.fail_on is None else Severity(self.fail_on)

    def find_earlier(self, declared: "Declared") -> "Evidence | None":
        """The evidence of the earlier look, if that is evidence: findings are new compared with it."""
        found = self.read_earlier()
        return None if found is None else found.find_evidence(declared)

    def read_earlier(self) -> "Earlier | None":
        """The file of --new-since. InputError if it is neither evidence nor an audit."""
        if self.new_since is None:
            return None
        from qtctl.adapters.files import read_text
        from qtctl.flows.earlier import read_earlier

        return read_earlier(read_text(self.new_since), str(self.new_since))

    @property
    def selection(self) -> "Selection":
        from qtctl.reports.selection import Selection

        return Selection(self.only, self.subjects)

    def of(self, declared: "Declared", checks: "tuple[Finding, ...]") -> "tuple[tuple[Finding, ...], str]":
        """The checks that are judged, and what is left out, in words. InputError if nothing is left."""
        from qtctl.flows.earlier import choose_checks, make_nothing_selected

        chosen, said = choose_checks(declared, checks, self.selection, self.read_earlier())
        if not chosen:
            raise make_nothing_selected(declared.desired.host, self.selection)
        return chosen, said


def split_ids(given: Iterable[str]) -> tuple[str, ...]:
    """Split at commas, in capitals."""
    return tuple(each.strip().upper() for words in given for each in words.split(","))


def _check_id(begin: str) -> None:
    """Whether a registry has such checks of its own is found out when it is read."""
    from qtctl.rules.catalogue import list_ids

    if re.fullmatch(r"QT9\d{0,2}", begin, re.ASCII):
        return
    if not begin or not any(each.startswith(begin) for each in list_ids()):
        raise InputError(f"no finding has an id that begins with {begin!r}", hint="qtctl explain lists all")


@dataclass(frozen=True, slots=True)
class Shown:
    """How an audit is shown, by the options of the command. `every`: with what holds."""

    format: str | None
    every: bool
    verbose: bool
    part: Part
