"""What a deploy asks for before it changes anything (facts `writable`, `env.keys`, `jobs`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from qtctl.dialects.lines import split_lines
from qtctl.dialects.shell import quote
from qtctl.model.evidence import Need
from qtctl.model.inquiry import Inquiry
from qtctl.model.preflight_facts import EnvKeys, Jobs, Writable
from qtctl.probes.answer import (
    Answer,
    answer_absent,
    answer_observed,
    answer_unparseable,
    decode_text,
    divide_needs,
    explain_odd_path,
)
from qtctl.probes.batch import ArgumentKind, Frames, Library, Probe
from qtctl.probes.family import Family

MOST_KEYS = 5000
TOOLS = ("awk", "systemctl")

SCRIPTS = Library(
    "preflight",
    ("preflight.sh",),
    {"check_writable": ArgumentKind.PATHS, "find_keys": ArgumentKind.ANYTHING, "list_jobs": ArgumentKind.NOTHING},
)


@dataclass(slots=True)
class _Said:
    writable: dict[str, Writable] = field(default_factory=dict)
    keys: dict[str, EnvKeys] = field(default_factory=dict)
    state: str = ""
    jobs: dict[str, list[str]] = field(default_factory=dict)


def probe(needs: Sequence[Need], secrets: Mapping[str, Sequence[str]]) -> Probe:
    """One command for all of them. `secrets`: path of an env file → the names to look for."""
    asked, odd = divide_needs(needs, _explain_odd)
    if not asked:
        return Probe((), lambda _: odd)
    paths = [need.subject for need in asked if need.fact == Writable.FACT]
    files = [need.subject for need in asked if need.fact == EnvKeys.FACT]
    named = [word for path in files for word in (path, f" {' '.join(secrets.get(path, ()))} ")]
    calls = [("check_writable", *paths), ("find_keys", *named), ("list_jobs",)]
    command = SCRIPTS.make_command(calls, ("test", "-w", "PATH"), "test -w PATH; systemctl list-jobs", TOOLS)
    return Probe((command,), lambda frames: odd + _parse(asked, frames))


def _explain_odd(need: Need) -> str:
    return "" if need.fact == Jobs.FACT else explain_odd_path(need.subject)


def make_again(need: Need) -> str:
    if need.fact == Jobs.FACT:
        return "systemctl is-system-running; systemctl list-jobs"
    return (
        f"test -w {quote(need.subject)}" if need.fact == Writable.FACT else f"grep -o '^[^=]*=' {quote(need.subject)}"
    )


def _parse(needs: list[Need], frames: Frames) -> list[Answer]:
    frame = frames[0]
    if frame is None:
        return [answer_unparseable(need, "the answer was cut off", again=make_again(need)) for need in needs]
    try:
        said = _read(decode_text(frame.stdout))
    except ValueError as error:
        return [answer_unparseable(need, str(error), again=make_again(need)) for need in needs]
    return [_answer(need, said) for need in needs]


def _answer(need: Need, said: _Said) -> Answer:
    if need.fact == Jobs.FACT:
        return answer_observed(need, Jobs(said.state, said.jobs), again=make_again(need), line=said.state)
    if need.fact == EnvKeys.FACT:
        keys = said.keys.get(need.subject)
        return (
            answer_absent(need, "no such file", again=make_again(need))
            if keys is None
            else answer_observed(need, keys, again=make_again(need))
        )
    found = said.writable.get(need.subject)
    if found is None:
        return answer_unparseable(need, "the host did not say whether it can be written", again=make_again(need))
    return answer_observed(need, found, again=make_again(need), line=found.at)


def _read(said: str) -> _Said:
    """ValueError if a line is not one that the script prints."""
    found, file = _Said(), ""
    for line in split_lines(said):
        tag, _, rest = line.partition(" ")
        if tag == "F":
            file = rest
            found.keys[file] = EnvKeys([], [])
        elif tag in ("K", "E") and file:
            _add_key(found.keys[file], rest, empty=tag == "E")
        elif tag == "W":
            _add_writable(found, rest)
        elif tag == "S":
            found.state = rest
        elif tag == "J":
            unit, type_, state = rest.split(" ", 2)
            found.jobs[unit] = [type_, state]
        elif line:
            raise ValueError("an answer with a line that the script does not print")
    return found


def _add_key(keys: EnvKeys, name: str, *, empty: bool) -> None:
    if len(keys.names) >= MOST_KEYS:
        raise ValueError(f"an env file with more than {MOST_KEYS} lines that set something")
    keys.names.append(name)
    if empty:
        keys.empty.append(name)


def _add_writable(found: _Said, rest: str) -> None:
    can, on, way = rest.split(" ", 2)
    at, _, path = way.partition("\t")
    found.writable[path] = Writable(at, can == "yes", on == "mount")


def _make_probe(needs: Sequence[Need], inquiry: Inquiry) -> Probe:
    return probe(needs, {each.path: each.secrets for each in inquiry.env})


FAMILY = Family((Writable, EnvKeys, Jobs), _make_probe)
