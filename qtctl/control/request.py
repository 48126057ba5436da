"""What a host is asked to do with units, and what it answers."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from shlex import join, quote

from qtctl.dialects import terminal
from qtctl.model.control import ControlPlan
from qtctl.model.trail import clean, write_fields, write_members
from qtctl.probes.deploys import BASE
from qtctl.remote.request import Request, Verb
from qtctl.remote.scripts import read_script

_QUEUED = re.compile(r"qtctl queued (\S{1,255}) (\{.*\})")
_DONE = re.compile(r"qtctl done (\S{1,255})")
_REFUSED = re.compile(r"qtctl refused (\S{1,255}) ?(.*)")
_STOPPED, _WARNING = "qtctl stopped ", "qtctl warning "
_JOB = re.compile(r"/org/freedesktop/systemd1/job/[0-9]{1,10}")
_FIELDS = 5
"""Of a job in systemd's answer: id, path, unit, path of the unit, type; then, of the first, those queued with it."""
_CALL_FAILED = "Call failed: "


@dataclass(frozen=True, slots=True)
class Queued:
    """What became of the request for one unit. `jobs`: object path → unit, its own first. `refused`: systemd's words.

    Neither: it was done at once.
    """

    jobs: Mapping[str, str]
    own: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """`units`: by name, those that the host got to. `stopped`: why it did nothing at all."""

    units: Mapping[str, Queued]
    stopped: str = ""
    warnings: tuple[str, ...] = ()


def describe_why(plan: ControlPlan) -> str:
    """For the host's journal: what the registry says against it, and the operator's reason. One line."""
    by_what: dict[str, list[str]] = {}
    for each in plan.contradictions:
        by_what.setdefault(each.what, []).append(each.unit)
    against = "; ".join(f"{what}: {', '.join(units)}" for what, units in by_what.items())
    said = f"contradicts the registry: {against}" if against else ""
    # The reason comes first: what is too long is cut, and the units are in a field of their own.
    return clean(". ".join(filter(None, (plan.request.reason, said))))


def make_request(plan: ControlPlan, about: Mapping[str, str]) -> Request:
    """`about`: who asks, for the audit trail of the host."""
    request, why = plan.request, describe_why(plan)
    given = (
        f"base={BASE}",
        f"control_verb={request.verb} control_signal={request.signal} control_why={quote(why)}",
        f"whose_members={quote(write_members(about))}",
        f"whose_fields={quote(write_fields(about))}",
    )
    scripts = (read_script("trail.sh"), read_script("control.sh"))
    script = "\n".join((*given, *scripts, join(("control_units", *plan.units)), ""))
    rows = (request.verb, str(request.signal), why, write_members(about), write_fields(about), *plan.units)
    return Request(script, Verb.CONTROL, "\n".join(rows).encode())


def read_answer(stdout: bytes) -> Answer:
    """Whatever is not in the form of an answer is left out."""
    units: dict[str, Queued] = {}
    stopped, warnings = "", []
    for line in stdout.decode("utf-8", "replace").split("\n"):
        if found := _QUEUED.fullmatch(line):
            units[found[1]] = _read_jobs(found[1], found[2])
        elif found := _DONE.fullmatch(line):
            units[found[1]] = Queued({})
        elif found := _REFUSED.fullmatch(line):
            units[found[1]] = Queued({}, refused=_shorten(found[2].removeprefix(_CALL_FAILED)) or "it did not say why")
        elif line.startswith(_STOPPED):
            stopped = _shorten(line.removeprefix(_STOPPED))
        elif line.startswith(_WARNING):
            warnings.append(_shorten(line.removeprefix(_WARNING)))
    return Answer(units, stopped, tuple(warnings))


def _read_jobs(unit: str, text: str) -> Queued:
    """The job of the unit, and those that systemd queued with it."""
    try:
        data = json.loads(text)["data"]
        rows = [data[:_FIELDS], *data[_FIELDS]]
        jobs = {str(row[1]): str(row[2]) for row in rows}
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return Queued({}, refused="its answer could not be read")
    if not all(map(_JOB.fullmatch, jobs)):
        return Queued({}, refused="its answer names no job")
    return Queued({job: _shorten(name) for job, name in jobs.items()} | {str(data[1]): unit}, own=str(data[1]))


def _shorten(text: str) -> str:
    return terminal.show_line(text)[:300]
