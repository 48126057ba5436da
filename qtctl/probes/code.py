"""Whether Python finds the programs of services (fact `entry`), and folders of programs and venvs (fact `folders`).

Nothing is run, and only .pth files of packages are read, for the folders that they name.
"""

import re
from collections.abc import Sequence

from qtctl.dialects.shell import quote
from qtctl.model.code_facts import EntryPoint, Folders
from qtctl.model.entry_questions import EntryQuestion
from qtctl.model.evidence import Need
from qtctl.model.inquiry import Inquiry
from qtctl.model.plausible import LONGEST_LINE
from qtctl.probes.answer import (
    MISSING,
    Answer,
    answer_absent,
    answer_not_asked,
    answer_observed,
    answer_refused,
    answer_unparseable,
    decode_text,
    explain_odd_path,
    find_first_line,
)
from qtctl.probes.batch import ArgumentKind, Command, Frame, Frames, Library, Probe
from qtctl.probes.family import Family

MOST_MARKS = 4000
MOST_BYTES = 300_000
_FAILED = re.compile(r"find: '(/.*?)': (.+)")

SCRIPTS = Library("code", ("code.sh",), {"find_entries": ArgumentKind.ANYTHING, "find_marked": ArgumentKind.PATHS})


def probe(needs: Sequence[Need], questions: Sequence[EntryQuestion]) -> Probe:
    """One command for all services, and one for all folders."""
    declared = {each.unit: each for each in questions}
    wanted = sorted(set(needs), key=lambda need: need.subject)
    asked = _order_questions(
        [declared[n.subject] for n in wanted if n.fact == EntryPoint.FACT and n.subject in declared]
    )
    folders = [need for need in wanted if need.fact == Folders.FACT and not explain_odd_path(need.subject)]
    known = {*(Need(EntryPoint.FACT, each.unit) for each in asked), *folders}
    rest = [
        answer_not_asked(need, explain_odd_path(need.subject) or "no such service")
        for need in wanted
        if need not in known
    ]
    commands = [_make_entries_command(asked)] if asked else []
    if folders:
        commands.append(_make_marks_command([need.subject for need in folders]))

    def parse(frames: Frames) -> list[Answer]:
        found = _read_entries(asked, frames[0]) if asked else []
        return [*found, *(_read_folders(folders, frames[-1], len(commands) - 1) if folders else []), *rest]

    return Probe(tuple(commands), parse)


def _order_questions(questions: list[EntryQuestion]) -> list[EntryQuestion]:
    """Those with the same interpreter together, so that its packages are looked up once."""
    return sorted(questions, key=lambda each: (each.prefix, each.user, each.unit))


def _make_entries_command(asked: Sequence[EntryQuestion]) -> Command:
    words = [
        word
        for each in asked
        for word in (
            each.user,
            each.prefix,
            "\n".join(each.folders),
            "\n".join(f"{kind}:{path}" for kind, path in each.wanted),
        )
    ]
    return SCRIPTS.make_command([("find_entries", *words)], ("ls", "-d"), "ls -d PATH")


def _make_marks_command(folders: Sequence[str]) -> Command:
    argv = ("find", *folders, "-maxdepth", "2")
    return SCRIPTS.make_command([("find_marked", *folders)], argv, "find FOLDER -maxdepth 2", ("find", "tr", "head"))


def make_again_entry(question: EntryQuestion) -> str:
    """Lists the files in the place where Python would look first."""
    kind, path = question.wanted[-1]
    first = path if kind == "script" else f"{(question.folders or (question.prefix,))[0]}/{path}.py"
    return f"ls -d {quote(first)}"


def _read_entries(asked: Sequence[EntryQuestion], frame: Frame | None) -> list[Answer]:
    needs = [Need(EntryPoint.FACT, each.unit) for each in asked]
    blocks = [] if frame is None else decode_text(frame.stdout).split("=\n")[1:]
    if len(blocks) != len(asked):
        why = find_first_line(frame.stderr) if frame else ""
        return [answer_unparseable(need, why or "the answer was cut off") for need in needs]
    return [_answer_entry(*each) for each in zip(needs, asked, blocks, strict=True)]


def _answer_entry(need: Need, question: EntryQuestion, block: str) -> Answer:
    rows = [line.partition(" ") for line in block.split("\n") if line]
    found = [path for tag, _, path in rows if tag in ("f", "n")]
    if len(found) != len(question.wanted) or any(len(path) > LONGEST_LINE for _, _, path in rows):
        return answer_unparseable(need, "an answer that could not be read", again=make_again_entry(question))
    shut = next((path for tag, _, path in rows if tag == "s"), "")
    hook = next((path for tag, _, path in rows if tag == "h"), "")
    line = next((path for path in found if path), "")
    empty = [path for tag, _, path in rows if tag == "z"]
    return answer_observed(need, EntryPoint(found, shut, hook, empty), again=make_again_entry(question), line=line)


def make_again_folders(path: str) -> str:
    return f"find {quote(path)} -mindepth 2 -maxdepth 2 -name pyvenv.cfg -o -mindepth 2 -maxdepth 2 -name main.py"


def _read_folders(needs: Sequence[Need], frame: Frame | None, number: int) -> list[Answer]:
    if frame is None or len(frame.stdout) >= MOST_BYTES:
        why = "the answer was cut off" if frame is None else f"more than {MOST_BYTES} bytes of names"
        return [answer_refused(need, why, again=make_again_folders(need.subject), question=number) for need in needs]
    marks: dict[str, dict[str, list[str]]] = {}
    for line in decode_text(frame.stdout).split("\n"):
        folder, tab, below = line.partition("\t")
        name, _, mark = below.partition("/")
        if tab and "\1" not in line and len(marks.setdefault(folder, {})) < MOST_MARKS:
            marks[folder].setdefault(name, []).append(mark)
    said = (_FAILED.fullmatch(each) for each in decode_text(frame.stderr).split("\n"))
    failed = {found[1]: found[2] for found in said if found}
    return [_answer_folders(need, marks.get(need.subject, {}), failed.get(need.subject), number) for need in needs]


def _answer_folders(need: Need, marks: dict[str, list[str]], failed: str | None, number: int) -> Answer:
    again = make_again_folders(need.subject)
    if failed in MISSING:
        return answer_absent(need, str(failed), again=again, question=number)
    if failed:
        return answer_refused(need, failed, again=again, line=failed, question=number)
    ordered = {name: sorted(marks[name]) for name in sorted(marks)}
    return answer_observed(need, Folders(ordered), again=again, question=number)


def _make_probe(needs: Sequence[Need], inquiry: Inquiry) -> Probe:
    return probe(needs, inquiry.entries)


FAMILY = Family((EntryPoint, Folders), _make_probe)
