"""Where a number of a report comes from."""

from pathlib import Path

from qtctl.adapters.files import read_text
from qtctl.dialects.json_pointer import parse_pointer
from qtctl.dialects.json_text import read_json
from qtctl.errors import InputError
from qtctl.reports.numbers.catalogue import HINT
from qtctl.reports.why import WhyReport, build_report

USAGE = "write it as FILE#/POINTER: registry.json#/summary/running"


def explain_number(named: str) -> WhyReport:
    """`named`: FILE#/POINTER. InputError if the file is no report of qtctl, or no number stands there."""
    file, pointer = split_name(named)
    content = read_json(read_text(Path(file)), file, HINT)
    return build_report(content, file, parse_pointer(pointer))


def split_name(named: str) -> tuple[str, str]:
    """A file and a pointer. A file's own name may have a # in it: the first that leaves the name of a file counts."""
    cuts = [at for at, char in enumerate(named) if char == "#"]
    if not cuts:
        raise InputError(f"{named[:200]!r} names no number", hint=USAGE)
    at = next((at for at in cuts if at and Path(named[:at]).exists()), cuts[0])
    if not at:
        raise InputError(f"{named[:200]!r} names no file", hint=USAGE)
    return named[:at], named[at + 1 :]
