"""An earlier look at a host, which decides which findings are new: evidence, or an audit as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from qtctl.collect.document import load
from qtctl.dialects.json_text import read_json
from qtctl.dialects.shell import quote
from qtctl.errors import InputError, Place
from qtctl.findings.finding import Finding, Outcome
from qtctl.flows.audit import judge_placed
from qtctl.flows.declared import Declared
from qtctl.model.evidence import Evidence
from qtctl.reports.selection import Known, Selection, read_fingerprints

HINT = "give it evidence of --save, or an audit as --format json"


@dataclass(frozen=True, slots=True)
class Earlier:
    """`where`: the file, as the user named it."""

    text: str
    document: Mapping[str, object]
    where: str

    def find_evidence(self, declared: Declared) -> Evidence | None:
        """None if it is an audit. InputError if it is evidence of another host."""
        return check_host(load(self.text, self.where), declared, self.where) if "items" in self.document else None

    def find_known(self, declared: Declared) -> Known:
        """What was found then, and not waived."""
        name, evidence = PurePath(self.where).name, self.find_evidence(declared)
        if evidence is None:
            return Known(name, read_fingerprints(self.document, self.where))
        checks = judge_placed(declared, evidence)
        broken = (check for check in checks if check.outcome is Outcome.BROKEN and check.waiver is None)
        return Known(name, frozenset(check.fingerprint for check in broken))

    def find_compared(self) -> Known:
        """What was found then by comparing hosts: nothing if it is evidence, which is of one host."""
        rows = frozenset[str]() if "items" in self.document else read_fingerprints(self.document, self.where)
        return Known(PurePath(self.where).name, rows)


def read_earlier(text: str, where: str) -> Earlier:
    """InputError if it is not a JSON object."""
    found = read_json(text, where, HINT)
    if not isinstance(found, dict):
        raise InputError("it is neither an audit nor evidence", hint=HINT, place=Place(where))
    return Earlier(text, found, where)


def choose_checks(
    declared: Declared, checks: tuple[Finding, ...], selection: Selection, earlier: Earlier | None
) -> tuple[tuple[Finding, ...], str]:
    """The checks that count, perhaps none, findings of an earlier look marked; and what is left out, in words."""
    if earlier is not None:
        checks = tuple(map(earlier.find_known(declared).mark, checks))
    if not selection.only and not selection.subjects:
        return checks, ""
    return tuple(filter(selection.has, checks)), selection.describe(checks)


def make_nothing_selected(host: str, selection: Selection) -> InputError:
    """The error if a selection leaves no check. `host`: one or several, in words."""
    what = " ".join((*selection.only, *selection.subjects))
    return InputError(f"no check of {host} matches {what}", hint="qtctl audit --all shows them all")


def check_host(evidence: Evidence, declared: Declared, where: str) -> Evidence:
    """`evidence`, if it is from the host of `declared`. `where`: its file, for the InputError."""
    if evidence.host != declared.desired.host:
        hint = f"name it with --as {quote(evidence.host)}, and the registry that declares it"
        what = f"evidence of {evidence.host}, not of {declared.desired.host}"
        raise InputError(what, hint=hint, place=Place(where))
    return evidence
