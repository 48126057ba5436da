"""Processes that run what declared services run (fact `processes.copies`), by their command lines, which all can read.

Only declared programs are searched for, and no command line leaves the host.
"""

from collections.abc import Iterator, Sequence

from qtctl.dialects.lines import split_lines
from qtctl.model.entry_questions import EntryQuestion
from qtctl.model.evidence import Need
from qtctl.model.inquiry import Inquiry
from qtctl.model.plausible import U32, parse_whole
from qtctl.model.process_facts import ProgramCopies
from qtctl.probes.answer import Answer, answer_observed, answer_unparseable, decode_text, needs_root
from qtctl.probes.batch import ArgumentKind, Frame, Library, Probe
from qtctl.probes.family import Family
from qtctl.probes.processes import HIDDEN
from qtctl.remote.scripts import read_script

AGAIN = "ps -eo pid,cgroup:200,args | grep python"
TOOLS = ("awk", "grep", "head", "tr")
MOST = 500
SCRIPTS = Library(
    "copies", ("copies.sh",), {"find_copies": ArgumentKind.ANYTHING}, (("copied", read_script("copies.awk")),)
)
_OF_PACKAGES = ("/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/usr/lib/", "/usr/libexec/", "/lib/")
Wanted = tuple[str, str, str, str]
"""Unit, and what to search for: a program or script, a module after -m, or the module of an application."""


def list_wanted(inquiry: Inquiry) -> tuple[Wanted, ...]:
    """What to search for; not programs of packages, which anybody may run."""
    found: dict[Wanted, None] = {}
    for question in inquiry.entries:
        found.update(dict.fromkeys(_list_of_python(question)))
    python = {question.unit for question in inquiry.entries}
    for unit, argvs in inquiry.argvs.items():
        program = argvs[0][0] if argvs and argvs[0] else ""
        if unit not in python and program.startswith("/") and not program.startswith(_OF_PACKAGES):
            found[(unit, program, "", "")] = None
    return tuple(each for each in found if not any("\t" in word or "\n" in word for word in each))


def _list_of_python(question: EntryQuestion) -> Iterator[Wanted]:
    serves = any(kind == "import" for kind, _ in question.wanted)
    for kind, path in question.wanted:
        if serves and kind == "module":
            continue  # the server's own module: many services have it
        if kind == "script":
            yield question.unit, path, "", ""
            yield from (
                (question.unit, "", path.removeprefix(f"{folder}/").removesuffix(".py").replace("/", "."), "")
                for folder in question.folders
                if path.startswith(f"{folder}/") and path.endswith(".py") and folder != path.rpartition("/")[0]
            )
            continue
        dotted = path.replace("/", ".")
        yield question.unit, "", dotted, dotted
        for folder in question.folders:
            yield from ((question.unit, f"{folder}/{path}{end}", "", "") for end in (".py", "/__main__.py"))


def probe(needs: Sequence[Need], looked_for: Sequence[Wanted]) -> Probe:
    keys = ["\t".join(each) for each in looked_for]
    command = SCRIPTS.make_command([("find_copies", *keys)], ("grep", "/proc/*/cmdline"), AGAIN, TOOLS)
    units = [each[0] for each in looked_for]
    return Probe((command,), lambda frames: [_answer(need, frames[0], units) for need in dict.fromkeys(needs)])


def _answer(need: Need, frame: Frame | None, units: Sequence[str]) -> Answer:
    if frame is None:
        return answer_unparseable(need, "the answer was cut off", again=AGAIN)
    said = list(split_lines(decode_text(frame.stdout)))
    if said[:1] == ["H"]:
        return needs_root(need, HIDDEN, again=AGAIN)
    if "E" not in said:
        return answer_unparseable(need, "the list of processes was cut off", again=AGAIN)
    rows, unseen = [], ""
    for line in said[: said.index("E")]:
        tag, pid, number, group = line.split(" ", 3)
        if tag not in ("C", "R"):
            raise ValueError("no line of a process")
        row = [str(parse_whole(pid, U32)), units[parse_whole(number, len(units)) - 1], group]
        if tag == "C":
            rows.append(row)
        else:
            unseen = f"process {row[0]} may run what {row[1]} runs, from a folder that only root can see"
    if unseen and not rows:
        return needs_root(need, unseen, again=AGAIN)
    return answer_observed(need, ProgramCopies(sorted(rows)), again=AGAIN, line=str(len(rows)))


def _make_probe(needs: Sequence[Need], inquiry: Inquiry) -> Probe:
    return probe(needs, list_wanted(inquiry))


FAMILY = Family((ProgramCopies,), _make_probe)
