"""Several commands in one POSIX sh script, and how to separate their answers.

The script frames both output streams with a marker that no output can contain by chance or by intent. No temporary file
is made on the host.
"""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from qtctl.dialects import shell
from qtctl.probes.answer import COMMAND_NOT_FOUND, Answer
from qtctl.remote.request import Call, Request, Verb, encode_calls
from qtctl.remote.scripts import read_script

_OF_A_FRAME = rb" (begin|[0-9]{1,9}) ([0-9]{1,3}) ([0-9]{1,12}(?:\.[0-9]{1,9})?)\n"
_NO_TOOL = re.compile(rb"qtctl: no ([a-z0-9]{1,20})\n?")
MARKER = re.compile(r"[0-9A-Za-z]{16,}")
PROGRAM = "program"
"""The name of a call that is one program, after its time limit in seconds."""


@dataclass(frozen=True, slots=True)
class Command:
    """One question to the shell.

    `script` is sh text, run in a subshell with /dev/null as input; `argv` is what evidence shows; `again` is what a
    person runs to see the same. `tools`: required programs; if one is missing, `find_missing_tool` says so. `calls`:
    the calls of a `Library` in the script, or one program; a host's helper accepts nothing else.
    """

    script: str
    argv: tuple[str, ...]
    again: str
    tools: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()


class ArgumentKind(StrEnum):
    """What the arguments of a function may be when root runs it for another account."""

    NOTHING = "nothing"
    PATHS = "paths"
    UNITS = "units"
    NAMES = "names"
    ANYTHING = "anything"


@dataclass(frozen=True, slots=True)
class Library:
    """Scripts of qtctl.remote, the variables set before them, and the functions that may be called."""

    name: str
    scripts: tuple[str, ...]
    functions: Mapping[str, ArgumentKind]
    given: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The scripts, after their variables."""
        return "".join((*(f"{name}={shlex.quote(value)}\n" for name, value in self.given), *self._list_scripts()))

    def _list_scripts(self) -> Iterator[str]:
        return map(read_script, self.scripts)

    def make_command(
        self, calls: Sequence[Call], argv: Sequence[str], again: str, tools: Sequence[str] = ()
    ) -> Command:
        """A command that makes these calls in order."""
        lines = "".join(f"{shlex.join(call)}\n" for call in calls)
        return Command(self.text + lines, tuple(argv), again, tuple(tools), tuple(calls))


@dataclass(frozen=True, slots=True)
class Frame:
    """The answer of one command. `after_s`: when it began, in seconds after the batch began.

    `earliest` and `latest`: the moments of the auditor's clock between which it was given, in seconds since the epoch.
    """

    exit: int
    stdout: bytes
    stderr: bytes
    after_s: float
    took_s: float
    earliest: float = 0.0
    latest: float = 0.0


Frames = Sequence[Frame | None]
"""The answers in the order of the commands; None if the answer was cut off."""


@dataclass(frozen=True, slots=True)
class Probe:
    """The commands of one family, and how to parse their frames."""

    commands: tuple[Command, ...]
    parse: Callable[[Frames], list[Answer]]
    then: Callable[[Frames], "Probe | None"] | None = None
    """A further probe that becomes possible then, and answers instead of this one. None: nothing."""


def make_command(argv: Sequence[str], again: str = "", *, within_s: int = 0, tools: Sequence[str] = ()) -> Command:
    """A command that is one program with arguments.

    It has `within_s` seconds, 0 for as many as the whole batch. `tools`: programs that it starts itself.
    """
    text = shlex.join(argv)
    script = f"qtctl_timed {within_s} {text}" if within_s else text
    call = (PROGRAM, str(within_s), *argv)
    return Command(script, tuple(argv), again or shell.join(argv), (argv[0], *tools), (call,))


def find_missing_tool(frame: Frame, program: str = "") -> str:
    """The missing program that kept the command from running, or ''. `program`: used if the shell names none."""
    if frame.exit != COMMAND_NOT_FOUND:
        return ""
    found = _NO_TOOL.fullmatch(frame.stderr)
    return found[1].decode() if found else program


def make_script(commands: Sequence[Command], marker: str) -> str:
    """The sh text that runs all commands in turn. `marker`: at least 16 letters or digits that nobody can guess."""
    if not MARKER.fullmatch(marker):
        raise ValueError("a marker is at least 16 letters or digits")
    parts = [f"qtctl_marker={marker}\n", read_script("frames.sh")]
    for number, each in enumerate(commands):
        needed = f"qtctl_need {shlex.join(each.tools)}\n" if each.tools else ""
        parts.append(f"(\n{needed}{each.script}\n) </dev/null\nqtctl_frame {number}\n")
    return "".join(parts)


def make_root_request(commands: Sequence[Command], marker: str) -> Request:
    """All commands in turn, for root."""
    calls: list[Call] = [("marker", marker)]
    for each in commands:
        calls += [("command", *each.tools), *each.calls]
    return Request(make_script(commands, marker), Verb.EVIDENCE, encode_calls(calls))


def split_frames(count: int, marker: str, stdout: bytes, stderr: bytes) -> list[Frame | None]:
    """Split the two streams. A frame that is not closed on both streams is None; nothing is guessed."""
    out = _split_pieces(marker, stdout)
    err = _split_pieces(marker, stderr)
    begin = out.get("begin")
    if begin is None:
        return [None] * count
    answers: list[Frame | None] = []
    before = start = begin[2]
    for number in range(count):
        mine, other = out.get(str(number)), err.get(str(number))
        if mine is None or other is None:
            answers.append(None)
            continue
        after, took = max(before - start, 0), max(mine[2] - before, 0)
        answers.append(Frame(mine[1], mine[0], other[0], round(after, 3), round(took, 3)))
        before = mine[2]
    return answers


def _split_pieces(marker: str, stream: bytes) -> dict[str, tuple[bytes, int, float]]:
    """Frame name → the text before its closing line, exit status, uptime."""
    line = re.compile(rb"\n" + re.escape(marker.encode()) + _OF_A_FRAME)
    pieces: dict[str, tuple[bytes, int, float]] = {}
    start = 0
    for match in line.finditer(stream):
        name = match.group(1).decode()
        pieces.setdefault(name, (stream[start : match.start()], int(match.group(2)), float(match.group(3))))
        start = match.end()
    return pieces


def has_begun(marker: str, stdout: bytes) -> bool:
    """Whether the script ran at all: an account without a shell answers with something else."""
    return f"\n{marker} begin ".encode() in stdout
