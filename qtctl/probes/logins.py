"""The account that asks (fact `auditor`): who owns, and may write, its home, its shell and the files that they read.

Each part of the way to each of them is looked at, links included, in rounds: a link that is seen in one is followed in
the next. Nothing is read.
"""

import shlex
from collections.abc import Iterable, Sequence

from qtctl.meaning.logins import IN_HOME, SYSTEM
from qtctl.model.account_facts import Auditor
from qtctl.model.evidence import Need
from qtctl.probes.answer import Answer, first_line, observed, refused, text, unparseable
from qtctl.probes.batch import Command, Frame, Frames, Probe

NEED = Need(Auditor.FACT, "self")
AGAIN = 'getent passwd "$(id -u)"'
ROUNDS = 8
_KINDS = {"f": "file", "d": "folder", "l": "link"}
_PASSWD_FIELDS = 7

# Follows each path as the kernel does, and prints what it meets and does not know yet. Reads what find has said: kind,
# uid, gid, mode, path, two slashes, link target; and, beginning with a slash, what has been looked for before.
_WALK = r"""/^\// { before[$0] = 1; next }
/^[ug] / { next }
{
  split($0, f, " "); rest = substr($0, length(f[1] f[2] f[3] f[4]) + 5)
  at = index(rest, "//"); path = at > 1 ? substr(rest, 1, at - 1) : "/"
  kind[path] = f[1]; target[path] = substr(rest, at + 2)
}
function look(path) { if (!(path in before) && !(path in now)) { now[path] = 1; print path } }
function walk(rest,  here, part, at, path, links) {
  for (;;) {
    sub(/^\/+/, "", rest); if (rest == "") return
    at = index(rest, "/"); part = at ? substr(rest, 1, at - 1) : rest; rest = at ? substr(rest, at) : ""
    if (part == ".") continue
    if (part == "..") { sub(/\/[^\/]*$/, "", here); continue }
    path = here "/" part
    if (path in kind && kind[path] == "l") {
      if (++links > 40) return
      if (target[path] ~ /^\//) here = ""
      rest = "/" target[path] rest
      continue
    }
    if (!(path in kind)) { if (path in before) return; look(path) }
    here = path
  }
}
BEGIN { for (i = 1; i < ARGC; i++) wanted[i] = ARGV[i]; ARGC = 1 }
END { look("/"); for (i in wanted) walk(wanted[i]) }"""

# Lines: the account, then all that find said, a newline in a path as \1.
_SCRIPT = """me=$(getent passwd "$(id -u)") || exit
printf '%s\\n' "$me"
set -f
IFS=:
set -- $me
IFS='
'
home=$6 shell=$7
set -- {paths}
seen= asked= round=0
while todo=$(printf '%s\\n' "$seen" "$asked" | awk {walk} "$@"); [ "$todo" ]; do
  round=$((round + 1))
  [ $round -le {rounds} ] || {{ echo more; break; }}
  asked="$asked$IFS$todo"
  seen="$seen$IFS$(find $todo -maxdepth 0 -printf '%y %U %G %m %p//%l\\0u %U %u\\0g %G %g\\0' 2>/dev/null |
    tr '\\n\\0' '\\1\\n')"
done
printf '%s\\n' "$seen"
"""
_SHELLS = ("/usr/bin/bash", "/usr/bin/dash", "/usr/bin/sh")
"""Where /bin/sh mostly leads: asked for at once, that takes no further round."""
_PATHS = (
    '"$home"',
    '"$shell"',
    *_SHELLS,
    *(f'"$home"/{shlex.quote(name)}' for name in IN_HOME),
    *map(shlex.quote, SYSTEM),
)


def probe(needs: Iterable[Need]) -> Probe:
    wanted = sorted(set(needs), key=lambda need: need.subject)
    if not wanted:
        return Probe((), lambda _: [])
    return Probe((_command(),), lambda frames: [_parse(need, frames) for need in wanted])


def _command() -> Command:
    script = _SCRIPT.format(paths=" ".join(_PATHS), rounds=ROUNDS, walk=shlex.quote(_WALK))
    return Command(script, ("getent", "passwd", "$(id -u)"), AGAIN)


def _parse(need: Need, frames: Frames) -> Answer:
    frame = frames[0]
    if frame is None:
        return unparseable(need, "the answer was cut off", again=AGAIN)
    if need != NEED or frame.exit != 0:
        return refused(need, _why(need, frame), again=AGAIN)
    first, *lines = text(frame.stdout).split("\n")
    try:
        return observed(need, _login(first.split(":"), lines), again=AGAIN, line=first)
    except (ValueError, IndexError) as error:
        return unparseable(need, f"an answer that could not be read: {error}", again=AGAIN)


def _why(need: Need, frame: Frame) -> str:
    if need != NEED:
        return f"an account is asked for itself, not for {need.subject}"
    return first_line(frame.stderr) or f"the host does not know its account: exit status {frame.exit}"


def _login(account: Sequence[str], lines: Iterable[str]) -> Auditor:
    if len(account) != _PASSWD_FIELDS:
        raise ValueError(f"an account of {len(account)} fields")
    parts: dict[str, list[str]] = {}
    names: dict[str, dict[str, str]] = {"u": {}, "g": {}}
    for line in filter(None, lines):
        tag, _, rest = line.partition(" ")
        if tag in names:
            number, _, name = rest.partition(" ")
            names[tag][number] = name
            continue
        if tag == "more":
            raise ValueError(f"links that were not at an end after {ROUNDS} rounds")
        uid, gid, mode, way = rest.split(" ", 3)
        path, _, target = way.partition("//")
        parts[path or "/"] = [_KINDS.get(tag, "other"), uid, gid, mode.zfill(4), target if path else ""]
    name, _, uid, _, _, home, shell = account
    return Auditor(name, int(uid), home, shell, parts, names["u"], names["g"])
