"""Packages of virtual environments (fact `venv.packages`), by the names of their records; no file is read."""

import re
from collections.abc import Sequence

from qtctl.dialects.paths import is_in
from qtctl.dialects.shell import quote
from qtctl.model.code_facts import VenvPackages
from qtctl.model.evidence import Need
from qtctl.probes.answer import (
    MISSING,
    Answer,
    answer_absent,
    answer_not_asked,
    answer_observed,
    answer_refused,
    decode_text,
    explain_odd_path,
)
from qtctl.probes.batch import ArgumentKind, Frame, Library, Probe
from qtctl.probes.family import Family

MOST_BYTES = 600_000
_RECORD = re.compile(r"([A-Za-z0-9][A-Za-z0-9._+!-]{0,200})\.dist-info")
_FAILED = re.compile(r"find: '(/.*?)': (.+)")

SCRIPTS = Library("venv_packages", ("code.sh",), {"list_packages": ArgumentKind.PATHS})


def probe(needs: Sequence[Need]) -> Probe:
    wanted = sorted(set(needs), key=lambda need: need.subject)
    asked = [need for need in wanted if not explain_odd_path(need.subject)]
    rest = [answer_not_asked(need, explain_odd_path(need.subject)) for need in wanted if explain_odd_path(need.subject)]
    if not asked:
        return Probe((), lambda _: rest)
    paths = [need.subject for need in asked]
    argv = ("find", *(f"{path}/lib" for path in paths), "-name", "*.dist-info")
    command = SCRIPTS.make_command(
        [("list_packages", *paths)], argv, "find VENV/lib -name '*.dist-info'", ("find", "tr", "head")
    )
    return Probe((command,), lambda frames: [*_parse(asked, frames[0]), *rest])


def make_again(path: str) -> str:
    return f"find {quote(f'{path}/lib')} -mindepth 3 -maxdepth 3 -name '*.dist-info' -printf '%f\\n'"


def _parse(needs: Sequence[Need], frame: Frame | None) -> list[Answer]:
    if frame is None or len(frame.stdout) >= MOST_BYTES:
        why = "the answer was cut off" if frame is None else f"more than {MOST_BYTES} bytes of names"
        return [answer_refused(need, why, again=make_again(need.subject)) for need in needs]
    found: dict[str, set[str]] = {}
    for line in decode_text(frame.stdout).split("\n"):
        folder, _, name = line.partition("\t")
        if record := _RECORD.fullmatch(name):
            found.setdefault(folder.removesuffix("/lib"), set()).add(record[1])
    said = (_FAILED.fullmatch(each) for each in decode_text(frame.stderr).split("\n"))
    failed = {each[1]: each[2] for each in said if each}
    return [_answer(need, found.get(need.subject, set()), failed) for need in needs]


def _answer(need: Need, records: set[str], failed: dict[str, str]) -> Answer:
    lib = f"{need.subject}/lib"
    why = next((said for path, said in failed.items() if is_in(path, lib)), "")
    if why in MISSING:
        return answer_absent(need, why, again=make_again(need.subject))
    if why:
        return answer_refused(need, why, again=make_again(need.subject), line=why)
    return answer_observed(need, VenvPackages(sorted(records)), again=make_again(need.subject))


FAMILY = Family((VenvPackages,), lambda needs, _: probe(needs))
