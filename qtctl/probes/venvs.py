"""Virtual environments (fact `venv`): is the interpreter there, where does it lead, does it run.

The interpreter is a program of the host: it runs isolated (-I -S -B), with an empty environment and a deadline, writes
nothing, and never as root: a login as root drops to nobody first, and without a way to do that it is not asked.
Of venvs that share an interpreter the first one's runs, and the evidence of the others says so.
"""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from qtctl.dialects import shell
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

# Prints of each venv (the arguments) a line with its path and one with the path of an earlier venv that shares its
# interpreter, or nothing. They share it where links lead to the same file, which is a program and not a script (that
# could look at its own path), and where pyvenv.cfg says the same: under -I -S nothing else tells one from the other.
# Reads device and inode, tab, path, of every file that may be looked at.
_SHARED = r"""function kind(venv,  python, config, line, said) {
  python = venv "/bin/python"; config = venv "/pyvenv.cfg"
  if (!(python in file) || !(config in file) || (venv "/bin/pyvenv.cfg") in file) return ""
  if ((getline line <python) < 1 || line ~ /^#!/) return ""
  while ((getline line <config) > 0) if (line !~ /^(command|prompt) *=/) said = said "\n" line
  close(python); close(config)
  return file[python] said
}
BEGIN {
  while ((getline <"-") > 0) { at = index($0, "\t"); file[substr($0, at + 1)] = substr($0, 1, at) }
  for (i = 1; i < ARGC; i++) {
    key = kind(ARGV[i]); print ARGV[i]; print key == "" ? "" : first[key]
    if (key != "" && first[key] == "") first[key] = ARGV[i]
  }
}"""

# Prints of each venv NUL-ended fields: path, what was found, mode, exit status, output; of one that shares the
# interpreter of another, that one's path as output. Only a venv that is not well is looked at more closely.
_EACH = f"""while [ $# -gt 0 ]; do
v=$1 p=$1/bin/python mode= code= out=$2
shift 2
if [ -n "$out" ]; then state=shares
elif [ -x "$p" ]; then
  state=ran; out=$(exec timeout -k 1 {TIMEOUT_S} "$p" -I -S -B -c {shlex.quote(SAY)} 2>&1) && code=0 || code=$?
elif ! out=$(exec stat -L -c %F -- "$v" 2>&1); then state=venv
elif [ "$out" != directory ]; then state=other
elif ! out=$(exec stat -- "$p" 2>&1); then state=link
elif ! out=$(exec stat -L -c %a -- "$p" 2>&1); then state=target
else state=mode mode=$out
fi
printf '%s\\0%s\\0%s\\0%s\\0%.600s\\0' "$v" "$state" "$mode" "$code" "$out"
done"""
FIELDS = 5

# Where each bin/python leads, an empty field, then the rows of the venvs.
_ALL = """readlink -z -m -- {pythons}; printf '\\0'
find -L {files} -maxdepth 0 -type f -readable '(' -executable -o -name pyvenv.cfg ')' -printf '%D:%i\\t%p\\n' \\
  2>/dev/null | awk {shared} {paths} | xargs -d '\\n' -n {each_takes} -P {parallel} sh -c {each} qtctl"""

_SCRIPT = """drop=
if [ "$(id -u)" = 0 ]; then
  if command -v setpriv >/dev/null; then drop='setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs --'
  elif command -v runuser >/dev/null; then drop='runuser -u nobody --'
  else exit {no_drop}; fi
fi
cd /
$drop env -i PATH=/usr/bin:/bin LC_ALL=C PYTHONDONTWRITEBYTECODE=1 sh -c {all_}"""


@dataclass(frozen=True, slots=True)
class _Row:
    path: str
    state: str
    target: str
    mode: bytes
    code: bytes
    output: bytes


def probe(needs: Iterable[Need]) -> Probe:
    wanted = sorted(set(needs), key=lambda need: need.subject)
    odd = [not_asked(need, why) for need in wanted if (why := odd_path(need.subject))]
    asked = [need for need in wanted if not odd_path(need.subject)]
    if not asked:
        return Probe((), lambda _: odd)
    return Probe((_command([need.subject for need in asked]),), lambda frames: odd + _parse(asked, frames))


def again(path: str) -> str:
    return f"{shell.quote(path + '/bin/python')} -I -S -B -c {shlex.quote(SAY)}"


def _command(paths: list[str]) -> Command:
    pythons = [f"{path}/bin/python" for path in paths]
    looked_at = [f"{path}/{name}" for path in paths for name in ("bin/python", "pyvenv.cfg", "bin/pyvenv.cfg")]
    all_ = _ALL.format(
        pythons=shlex.join(pythons), files=shlex.join(looked_at), paths=shlex.join(paths), shared=shlex.quote(_SHARED),
        each_takes=2 * EACH_TAKES, parallel=PARALLEL, each=shlex.quote(_EACH),
    )  # fmt: skip
    shown = ("bin/python", "-I", "-S", "-B", "-c", SAY)
    again_all = "; ".join(again(path) for path in paths)
    return Command(_SCRIPT.format(no_drop=NO_DROP, all_=shlex.quote(all_)), (*shown, *paths), again_all)


def _parse(needs: list[Need], frames: Frames) -> list[Answer]:
    frame = frames[0]
    if frame is None:
        return [unparseable(need, "the answer was cut off", again=again(need.subject)) for need in needs]
    if frame.exit == NO_DROP:
        why = "interpreters are not run as root, and neither setpriv nor runuser is there to drop it"
        return [not_asked(need, why) for need in needs]
    rows = _rows([need.subject for need in needs], frame.stdout)
    return [_answer(need, rows, frame) for need in needs]


def _rows(paths: list[str], stdout: bytes) -> dict[str, _Row]:
    """By path of the venv. An incomplete last row is left out; all of them where it is not sure which leads where."""
    leads, _, printed = stdout.partition(b"\0\0")
    targets = leads.split(b"\0")
    if len(targets) != len(paths):
        return {}
    target = dict(zip(paths, targets, strict=True))
    fields = printed.split(b"\0")
    whole = (len(fields) - 1) // FIELDS * FIELDS
    rows = (fields[at : at + FIELDS] for at in range(0, whole, FIELDS))
    return {
        path: _Row(path, text(state), text(target[path]), mode, code, output)
        for name, state, mode, code, output in rows
        if (path := text(name)) in target
    }


def _answer(need: Need, rows: dict[str, _Row], frame: Frame) -> Answer:
    row = rows.get(need.subject)
    if row is not None:
        return _shared(need, row, rows) if row.state == "shares" else _judge(need, row)
    why = first_line(frame.stderr)
    if frame.exit != 0 and not rows:
        return refused(need, why or f"exit status {frame.exit}", again=again(need.subject))
    return unparseable(need, why or "no answer for this venv", again=again(need.subject))


def _shared(need: Need, row: _Row, rows: dict[str, _Row]) -> Answer:
    other = rows.get(text(row.output))
    if other is None or other.state != "ran":
        return unparseable(need, "no answer for the venv whose interpreter it shares", again=again(need.subject))
    return _check(need, row.target, int(other.code), first_line(other.output), other.path)


def _judge(need: Need, row: _Row) -> Answer:
    output = first_line(row.output)
    if row.state == "ran":
        return _check(need, row.target, int(row.code), output, need.subject)
    if row.state == "venv":
        return path_failed(need, output, again=f"ls -d {shell.quote(need.subject)}")
    if row.state == "other":
        return absent(need, "not a directory", again=f"ls -ld {shell.quote(need.subject)}", line=need.subject)
    if row.state == "mode":
        return _not_executable(need, row)
    failed = path_failed(need, output, again=again(need.subject))
    if failed.state.known:
        return _check(need, row.target if row.state == "target" else "", COMMAND_NOT_FOUND, failed.line)
    return failed


def _not_executable(need: Need, row: _Row) -> Answer:
    """Executable for somebody else only says nothing of whether it runs."""
    if int(row.mode or b"0", 8) & 0o111:
        return refused(need, "Permission denied", again=again(need.subject), line="Permission denied")
    return _check(need, row.target, NOT_EXECUTABLE, "Permission denied")


def _check(need: Need, target: str, code: int, output: str, ran: str = "") -> Answer:
    """`ran`: the venv whose bin/python was run for this, if one was."""
    value = VenvCheck(f"{need.subject}/bin/python", target, code, output, ran and f"{ran}/bin/python")
    return observed(need, value, again=again(need.subject), line=output)
