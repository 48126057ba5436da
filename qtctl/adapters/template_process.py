"""A user's own templates are filled in a separate process, with little memory and time, no files and no environment.

Whatever it answers is taken as one text or error per filling, within the limits.
"""

import json
import os
import pickle
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import IO, cast

from qtctl.adapters.template_limits import MEMORY_EXIT, MIB, TEXT_MAX, WHAT_MAX, Limits, compute_limits
from qtctl.errors import BrokenTemplate, InputError, Place
from qtctl.render.filling import Filled, Filling

_BEGIN = """\
import sys
sys.path[:] = sys.argv[3:]
from qtctl.adapters.template_child import main
main(int(sys.argv[1]), int(sys.argv[2]))
"""
_CHUNK = 65_536
_ENDS_S = 5.0
"""Wall time for a process that has closed its output to end by itself."""
_Child = subprocess.Popen[bytes]


def fill(texts: Mapping[str, str], fillings: Sequence[Filling]) -> Iterator[Filled]:
    """As qtctl.render.filling.Fill. InputError with the template being filled when a limit is reached."""
    if not fillings:
        return
    given = pickle.dumps((dict(texts), tuple(fillings)), pickle.HIGHEST_PROTOCOL)
    allowed = compute_limits(len(fillings), len(given))
    with _start_child(allowed) as child:
        try:
            lines = _read_lines(child, given, allowed)
            for filling in fillings:
                yield _check_filled(filling, _read_answer(filling, lines, child, allowed), texts, allowed)
        finally:
            child.kill()


def _start_child(allowed: Limits) -> _Child:
    paths = [os.path.abspath(path) for path in sys.path]  # noqa: PTH100 - "" is this folder, as for Python
    argv = [sys.executable, "-I", "-c", _BEGIN, str(allowed.memory), str(allowed.cpu), *paths]
    pipe = subprocess.PIPE
    return subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env={}, cwd="/")


class _Exceeded(Exception):
    """What the process has used up."""


def _read_lines(child: _Child, given: bytes, allowed: Limits) -> Iterator[bytes]:
    """The complete lines that it writes, without line ends. _Exceeded if they are too long or take too long."""
    stdin, stdout = cast("IO[bytes]", child.stdin), cast("IO[bytes]", child.stdout)
    deadline = monotonic() + allowed.wall
    with suppress(BrokenPipeError), stdin:
        stdin.write(given)  # it reads everything before it runs any template
    kept, total = bytearray(), 0
    while chunk := _read_chunk(stdout.fileno(), deadline, allowed):
        total += len(chunk)
        if total > allowed.answer:
            raise _Exceeded(f"gives more than {allowed.answer // MIB} MiB of text for all units together")
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            yield bytes(kept) + end
            kept.clear()
        kept += rest


def _read_chunk(output: int, deadline: float, allowed: Limits) -> bytes:
    poll = select.poll()
    poll.register(output, select.POLLIN)
    if not poll.poll(max(deadline - monotonic(), 0) * 1000):
        raise _Exceeded(f"takes more than {allowed.wall} s")
    return os.read(output, _CHUNK)


def _read_answer(filling: Filling, lines: Iterator[bytes], child: _Child, allowed: Limits) -> Mapping[str, object]:
    """The JSON object that it wrote for `filling`."""
    try:
        found = json.loads(next(lines))
    except StopIteration:
        raise _explain_spent(filling, _explain_end(child, allowed)) from None
    except _Exceeded as error:
        raise _explain_spent(filling, str(error)) from None
    except (ValueError, RecursionError) as error:
        raise _explain_spent(filling, "does not answer in the expected form") from error
    return found if isinstance(found, dict) else {}


def _explain_end(child: _Child, allowed: Limits) -> str:
    try:
        code = child.wait(_ENDS_S)
    except subprocess.TimeoutExpired:
        return "stops answering"
    if -code in (signal.SIGXCPU, signal.SIGKILL):
        return f"takes more than {allowed.cpu} s of CPU"
    if code == MEMORY_EXIT:
        return f"needs more than {allowed.memory // MIB} MiB of memory"
    how = f"signal {-code}" if code < 0 else f"exit status {code}"
    return f"ends the process in which it is rendered ({how})"


def _check_filled(filling: Filling, answer: Mapping[str, object], texts: Mapping[str, str], allowed: Limits) -> Filled:
    text, what, spent = answer.get("text"), answer.get("what"), answer.get("spent")
    if isinstance(text, str) and len(text) <= TEXT_MAX:
        return text
    if isinstance(what, str):
        hint, field = (str(answer.get(key, ""))[:WHAT_MAX] for key in ("hint", "field"))
        kind = BrokenTemplate if answer.get("broken") is True else InputError
        return kind(what[:WHAT_MAX], hint=hint, field=field, place=_place(answer, texts))
    reasons = {
        "memory": f"needs more than {allowed.memory // MIB} MiB of memory",
        "cpu": f"takes more than {allowed.cpu} s of CPU",
        "text": f"gives more than {TEXT_MAX // MIB} MiB of text",
    }
    reason = reasons.get(spent, "") if isinstance(spent, str) else ""
    raise _explain_spent(filling, reason or "does not answer in the expected form", _place(answer, texts))


def _explain_spent(filling: Filling, reason: str, place: Place | None = None) -> InputError:
    what = f"template of {filling.subject}: {reason}"
    return InputError(what, hint="make the template do less", place=place or Place(filling.template))


def _place(answer: Mapping[str, object], texts: Mapping[str, str]) -> Place | None:
    file, line = answer.get("file"), answer.get("line")
    if not isinstance(file, str):
        return None
    if file not in texts and not file.endswith(".j2"):
        return None
    return Place(file[:WHAT_MAX], line if isinstance(line, int) and line > 0 else None)
