"""Virtual environments (fact `venv`): is the interpreter there, where does it lead, does it run.

The interpreter is a program of the host: it runs isolated (-I -S -B), with an empty environment and a deadline, writes
nothing, and never as root: a login as root drops to nobody first, and without a way to do that it is not asked.
"""

import shlex
from collections.abc import Iterable

from qtctl.model.evidence import Need
from qtctl.model.facts import VenvCheck
from qtctl.probes.answer import (
    COMMAND_NOT_FOUND,
    Answer,
    absent,
    first_line,
    not_asked,
    observed,
    odd_path,
    path_failed,
    refused,
    text,
    unparseable,
)
from qtctl.probes.batch import Command, Frame, Frames, Probe

SAY = "import sys; print(sys.version.split()[0])"
TIMEOUT_S = 3
PARALLEL, EACH_TAKES = 4, 4
"""Four shells, four venvs each: interpreters that all hang still end within a deadline of half a minute."""
NO_DROP = 77
NOT_EXECUTABLE = 126

# Of each venv, as NUL-ended fields: path, what was found, mode, where bin/python leads, exit status, output.
# A venv that is well costs three processes; only one that is not is looked at more closely.
_EACH = f"""for v do
p=$v/bin/python mode= target= code= out=
if [ -x "$p" ]; then
  state=ran target=$(exec readlink -m -- "$p")
  out=$(exec timeout -k 1 {TIMEOUT_S} "$p" -I -S -B -c {shlex.quote(SAY)} 2>&1) && code=0 || code=$?
elif ! out=$(exec stat -L -c %F -- "$v" 2>&1); then state=venv
elif [ "$out" != directory ]; then state=other
elif ! out=$(exec stat -- "$p" 2>&1); then state=link
elif target=$(exec readlink -m -- "$p"); ! out=$(exec stat -L -c %a -- "$p" 2>&1); then state=target
else state=mode mode=$out
fi
printf '%s\\0%s\\0%s\\0%s\\0%s\\0%.600s\\0' "$v" "$state" "$mode" "$target" "$code" "$out"
done"""
FIELDS = 6

_SCRIPT = """drop=
if [ "$(id -u)" = 0 ]; then
  if command -v setpriv >/dev/null; then drop='setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs --'
  elif command -v runuser >/dev/null; then drop='runuser -u nobody --'
  else exit {no_drop}; fi
fi
cd /
printf '%s\\0' {paths} | $drop env -i PATH=/usr/bin:/bin LC_ALL=C PYTHONDONTWRITEBYTECODE=1 \
  xargs -0 -n {each_takes} -P {parallel} sh -c {each} qtctl"""


def probe(needs: Iterable[Need]) -> Probe:
    wanted = sorted(set(needs), key=lambda need: need.subject)
    odd = [not_asked(need, why) for need in wanted if (why := odd_path(need.subject))]
    asked = [need for need in wanted if not odd_path(need.subject)]
    if not asked:
        return Probe((), lambda _: odd)
    return Probe((_command([need.subject for need in asked]),), lambda frames: odd + _parse(asked, frames))


def again(path: str) -> str:
    return f"{shlex.quote(path + '/bin/python')} -I -S -B -c {shlex.quote(SAY)}"


def _command(paths: list[str]) -> Command:
    script = _SCRIPT.format(
        no_drop=NO_DROP, paths=shlex.join(paths), parallel=PARALLEL, each_takes=EACH_TAKES, each=shlex.quote(_EACH)
    )  # fmt: skip
    shown = ("bin/python", "-I", "-S", "-B", "-c", SAY)
    return Command(script, (*shown, *paths), "; ".join(again(path) for path in paths))


def _parse(needs: list[Need], frames: Frames) -> list[Answer]:
    frame = frames[0]
    if frame is None:
        return [unparseable(need, "the answer was cut off", again=again(need.subject)) for need in needs]
    if frame.exit == NO_DROP:
        why = "interpreters are not run as root, and neither setpriv nor runuser is there to drop it"
        return [not_asked(need, why) for need in needs]
    rows = _rows(frame.stdout)
    return [_answer(need, rows, frame) for need in needs]


def _rows(stdout: bytes) -> dict[str, list[bytes]]:
    """Path → the fields after it. An incomplete last row is left out."""
    fields = stdout.split(b"\0")
    whole = (len(fields) - 1) // FIELDS * FIELDS
    return {text(fields[at]): fields[at + 1 : at + FIELDS] for at in range(0, whole, FIELDS)}


def _answer(need: Need, rows: dict[str, list[bytes]], frame: Frame) -> Answer:
    row = rows.get(need.subject)
    if row is not None:
        return _judge(need, text(row[0]), row[1:])
    why = first_line(frame.stderr)
    if frame.exit != 0 and not rows:
        return refused(need, why or f"exit status {frame.exit}", again=again(need.subject))
    return unparseable(need, why or "no answer for this venv", again=again(need.subject))


def _judge(need: Need, state: str, fields: list[bytes]) -> Answer:
    mode, target, code, output = fields
    if state == "ran":
        return _check(need, target, int(code), first_line(output))
    if state == "venv":
        return path_failed(need, first_line(output), again=f"ls -d {shlex.quote(need.subject)}")
    if state == "other":
        return absent(need, "not a directory", again=f"ls -ld {shlex.quote(need.subject)}", line=need.subject)
    if state == "mode":
        return _not_executable(need, mode, target)
    failed = path_failed(need, first_line(output), again=again(need.subject))
    if failed.state.known:
        return _check(need, target, COMMAND_NOT_FOUND, failed.line)
    return failed


def _not_executable(need: Need, mode: bytes, target: bytes) -> Answer:
    """Executable for somebody else only says nothing of whether it runs."""
    if int(mode or b"0", 8) & 0o111:
        return refused(need, "Permission denied", again=again(need.subject), line="Permission denied")
    return _check(need, target, NOT_EXECUTABLE, "Permission denied")


def _check(need: Need, target: bytes, code: int, output: str) -> Answer:
    value = VenvCheck(f"{need.subject}/bin/python", text(target), code, output)
    return observed(need, value, again=again(need.subject), line=output)
