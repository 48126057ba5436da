"""What qtctl has written on a host (fact `generated`): marked files and links in the folders that it writes to."""

import re
from collections.abc import Sequence

from qtctl.dialects.lines import split_lines
from qtctl.dialects.shell import join
from qtctl.model.evidence import Need
from qtctl.model.generated_facts import GeneratedFiles
from qtctl.model.inquiry import Inquiry
from qtctl.probes.answer import (
    MISSING,
    Answer,
    answer_absent,
    answer_observed,
    answer_refused,
    answer_unparseable,
    decode_text,
    divide_needs,
    explain_odd_path,
)
from qtctl.probes.batch import ArgumentKind, Frames, Library, Probe
from qtctl.probes.family import Family
from qtctl.probes.files import MARK, MARK_KIB

TOOLS = ("find", "sed", "tr", "xargs", "sha256sum")
MOST = 20_000
"""Links and files, in all folders together."""
_MOST_FIELDS = 4 * MOST
_ENV_FILE = "EnvironmentFile="
_Found = tuple[dict[str, str], dict[str, str], dict[str, list[str]]]
"""Links, marked files, and the env files of units."""
_DIGEST = re.compile("([0-9a-f]{64})  (/.*)", re.DOTALL)
_FAILED = re.compile(r"find: '(/.*)': (.+)")

SCRIPTS = Library(
    "generated",
    ("generated.sh",),
    {"find_generated": ArgumentKind.PATHS},
    (("mark", MARK), ("most", str(MARK_KIB + 1))),
)


def probe(needs: Sequence[Need]) -> Probe:
    """One command for all folders."""
    asked, odd = divide_needs(needs, lambda need: explain_odd_path(need.subject))
    if not asked:
        return Probe((), lambda _: odd)
    folders = [need.subject for need in asked]
    command = SCRIPTS.make_command([("find_generated", *folders)], ("find", *folders), make_again(folders), TOOLS)
    return Probe((command,), lambda frames: odd + _parse(asked, frames))


def make_again(folders: Sequence[str]) -> str:
    return f"grep -ls '^{MARK}' {join(folders)}/* ; find {join(folders)} -maxdepth 2 -type l"


def _parse(needs: list[Need], frames: Frames) -> list[Answer]:
    frame = frames[0]
    proofs = {need: make_again([need.subject]) for need in needs}
    if frame is None:
        return [answer_unparseable(need, "the answer was cut off", again=proofs[need]) for need in needs]
    failed = {
        found[1]: found[2] for line in split_lines(decode_text(frame.stderr)) if (found := _FAILED.fullmatch(line))
    }
    try:
        said = _read(decode_text(frame.stdout))
    except ValueError as error:
        return [answer_unparseable(need, str(error), again=proofs[need]) for need in needs]
    return [_answer(need, said, failed, proofs[need]) for need in needs]


def _answer(need: Need, found: _Found, failed: dict[str, str], proof: str) -> Answer:
    folder = f"{need.subject.rstrip('/')}/"
    own = failed.get(need.subject, "")
    if own in MISSING:
        return answer_absent(need, own, again=proof, line=own)
    wrong = next((f"{path}: {why}" for path, why in failed.items() if f"{path}/".startswith(folder)), "")
    if wrong:
        return answer_refused(need, wrong, again=proof)
    links, files, env_files = found
    value = GeneratedFiles(
        {path: digest for path, digest in sorted(files.items()) if path.startswith(folder)},
        {path: target for path, target in sorted(links.items()) if path.startswith(folder)},
        {path: names for path, names in sorted(env_files.items()) if path.startswith(folder)},
    )
    return answer_observed(need, value, again=proof, line=f"{len(value.files)} files with the mark")


def _read(said: str) -> _Found:
    """Links, files, and the env files of units. ValueError if it is incomplete, or not what the script prints."""
    fields = said.split("\0")
    if len(fields) > _MOST_FIELDS:
        raise ValueError(f"more than {MOST} files and links")
    links, at = _read_pairs(fields, 0)
    files: dict[str, str] = {}
    while at < len(fields) and fields[at]:
        found = _DIGEST.fullmatch(fields[at])
        if found is None:
            raise ValueError("an answer with a row that sha256sum does not print")
        files[found[2]] = found[1]
        at += 1
    env_files: dict[str, list[str]] = {}
    for path, line in _read_pairs(fields, at + 1)[0]:
        env_files.setdefault(path, []).append(line.removeprefix(_ENV_FILE))
    return dict(links), files, env_files


def _read_pairs(fields: Sequence[str], at: int) -> tuple[list[tuple[str, str]], int]:
    """The pairs up to an empty field, and where the next part begins. ValueError if that field is missing."""
    found: list[tuple[str, str]] = []
    while at + 1 < len(fields) and fields[at]:
        found.append((fields[at], fields[at + 1]))
        at += 2
    if at >= len(fields) or fields[at]:
        raise ValueError("the answer was cut off")
    return found, at + 1


def _make_probe(needs: Sequence[Need], _: Inquiry) -> Probe:
    return probe(needs)


FAMILY = Family((GeneratedFiles,), _make_probe)
