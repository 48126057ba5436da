"""Where a number of a report comes from."""

from dataclasses import dataclass
from pathlib import Path

from qtctl.adapters.files import read_text
from qtctl.api.audit import judge
from qtctl.api.evidence import read
from qtctl.contained.looking import leads_somewhere
from qtctl.dialects.json_pointer import parse_pointer
from qtctl.dialects.json_text import read_json
from qtctl.errors import InputError, Place
from qtctl.findings.finding import Finding
from qtctl.flows.declared import Declared
from qtctl.reports.numbers.catalogue import HINT
from qtctl.reports.why import WhyReport, build_report

USAGE = "write it as FILE#/POINTER: registry.json#/summary/running"


@dataclass(frozen=True, slots=True)
class Ground:
    """What a report was made from: `saved` evidence, and what the registry declares for its host."""

    saved: Path
    declared: Declared


def explain_number(named: str, ground: Ground | None = None) -> WhyReport:
    """`named`: FILE#/POINTER. InputError if the file is not a report of qtctl, or has no number there.

    With `ground`, checks that the report only names have their proofs. InputError if the report was made from something
    else.
    """
    file, pointer = split_name(named)
    content = read_json(read_text(Path(file)), file, HINT)
    steps = parse_pointer(pointer)
    if ground is None:
        return build_report(content, file, steps)
    at, checks = _judge(ground)
    report = build_report(content, file, steps, {f"{each.id} {each.subject}": each.proof for each in checks})
    if report.at and report.at != at:
        what = f"evidence of {at}, and {file} was made from evidence of {report.at}"
        raise InputError(what, hint="name the evidence of this report", place=Place(str(ground.saved)))
    return report


def _judge(ground: Ground) -> tuple[str, tuple[Finding, ...]]:
    evidence = read(ground.saved, ground.declared)
    return evidence.taken_at, judge(ground.declared, evidence)


def split_name(named: str) -> tuple[str, str]:
    """A file and a pointer.

    The file's name may have a # in it: the first split that leaves the name of a file counts.
    """
    cuts = [at for at, char in enumerate(named) if char == "#"]
    if not cuts:
        raise InputError(f"{named[:200]!r} names no number", hint=USAGE)
    at = next((at for at in cuts if at and leads_somewhere(named[:at])), cuts[0])
    if not at:
        raise InputError(f"{named[:200]!r} names no file", hint=USAGE)
    return named[:at], named[at + 1 :]
