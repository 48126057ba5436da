"""The script that installs staged files as root, and what its answer means.

Two rounds: first every file is checked, copied beside its place and given its rights, and what it replaces is copied
away, so that whatever can go wrong does so before the first change; then each is checked again and renamed over.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from shlex import quote

from qtctl.model.plan import Step
from qtctl.probes.files import MARK

REPLACED = "/var/lib/qtctl/replaced"
KEEP = 10
"""How many replaced copies of each file stay; of those that qtctl wrote. What a person wrote is kept for ever."""


@dataclass(frozen=True, slots=True)
class InstallAnswer:
    """Which steps (by position) are installed, and why it stopped ('' if it did not).

    `begun`: a first file may have been replaced. `whole`: the script said its last word. `forgotten`: a step's position
    for each old copy of its file that was removed.
    """

    installed: tuple[int, ...]
    stopped_at: int | None
    why: str
    begun: bool
    whole: bool
    forgotten: tuple[int, ...] = ()


# The script arrives on standard input: as a function it runs whole or, if the connection breaks early, not at all.
# Once it runs it is not to be cut short by a connection that goes away (HUP, PIPE): half an installation is worse.
_HEAD = r"""
umask 077
say() { printf 'qtctl %s\n' "$*"; }
state() {
  if [ -L "$1" ]; then printf 'link:%s' "$(readlink -- "$1")"
  elif [ -f "$1" ]; then sum=$(sha256sum <"$1") || return 1; printf 'sha256:%s' "${sum%% *}"
  elif [ -d "$1" ]; then printf dir
  elif [ -e "$1" ]; then printf other
  else printf absent; fi
}
clean() {
  rm -rf -- "$stage"
  rm -f -- "$@"
  printf '%s' "$made" | while IFS= read -r each; do rmdir -- "$each" 2>/dev/null; done
  [ "$begun" = yes ] || rm -rf -- "$kept"
}
stop() { say stopped "$@"; say end; exit 1; }
same() {
  now=$(state "$2") || stop "$1" "$2 could not be read"
  [ "$now" = "$3" ] || stop "$1" "$2 is not what it was when this was planned: plan again"
}
directory() {
  [ -d "$2" ] && return
  parent=${2%/*}
  [ -z "$parent" ] || directory "$1" "$parent"
  mkdir -m 0755 -- "$2" || stop "$1" "$2 could not be made"
  made="$2
$made"
}
same_label() {
  [ ! -e /sys/fs/selinux/enforce ] || [ -L "$1" ] || [ ! -f "$1" ] || chcon --reference="$1" -- "$2"
}
later() {
  at=$(stat -c %.9Y -- "$1") || return 1
  seconds=${at%.*} nano=$((1${at#*.} - 1000000000 + 1000))
  [ "$nano" -lt 1000000000 ] || { seconds=$((seconds + 1)) nano=$((nano - 1000000000)); }
  touch -d "@$seconds.$(printf %09d "$nano")" -- "$2"
}
prepare() {
  same "$1" "$2" "$3"
  directory "$1" "${2%/*}"
  temp="${2%/*}/.qtctl-$token-$1"
  cp -- "$stage/$1" "$temp" || stop "$1" "$temp could not be written"
  [ "$(state "$temp")" = "sha256:$4" ] || stop "$1" "the staged copy is damaged"
  chown -- "$5:$6" "$temp" && chmod -- "$7" "$temp" || stop "$1" "$2 cannot be given to $5:$6 with mode $7"
  same_label "$2" "$temp" || stop "$1" "$temp cannot be given the security label of $2"
  [ "$8" = no ] || later "$2" "$temp" || stop "$1" "$2 cannot keep its time"
  case "$3" in
    absent) return ;;
    dir) mkdir -p -- "$kept${2%/*}" ;;
    *) mkdir -p -- "$kept${2%/*}" && cp -a -- "$2" "$kept$2" ;;
  esac || stop "$1" "$2 could not be kept"
}
replace() {
  same "$1" "$2" "$3"
  [ "$3" != dir ] || mv -T -- "$2" "$kept$2" || stop "$1" "$2 could not be moved away"
  mv -fT -- "${2%/*}/.qtctl-$token-$1" "$2" || stop "$1" "$2 could not be renamed over"
  say installed "$1"
}
ours() { [ -f "$1" ] && [ ! -L "$1" ] && [ "$(head -c ${#mark} -- "$1")" = "$mark" ]; }
forget() {
  number=$1 path=$2
  set --
  for each in "${kept%/*}"/*"$path"; do ours "$each" && set -- "$@" "$each"; done
  while [ $# -gt "$keep" ]; do
    rm -f -- "$1" && say forgotten "$number"
    rmdir -p --ignore-fail-on-non-empty -- "${1%/*}"
    shift
  done
}
synced() { sync -- "$@" || stop - "files could not be synced"; }
main() {
  made='' begun=no
"""


def install_script(steps: Sequence[Step], stage: str, kept: str, token: str, root: str = "") -> str:
    """POSIX sh, with GNU cp, mv, stat, sync. Step n is staged as file n in `stage`.

    `kept` is the new directory for what is replaced; `root` is put before every path that is installed.
    """
    folders = [root + step.subject.rpartition("/")[0] for step in steps]
    temps = [f"{folder}/.qtctl-{token}-{number}" for number, folder in enumerate(folders)]
    copies = [f"{root}{kept}{root}{step.subject}" for step in steps if _kept(step)]
    lines = (
        f"  trap {quote(f'clean {_words(temps)}')} EXIT",
        "  trap '' HUP PIPE",
        "  trap 'stop - interrupted' INT TERM",
        *(f"  prepare {number} {_arguments(step, root)}" for number, step in enumerate(steps)),
        f"  synced {_words(temps + copies)}",
        "  begun=yes",
        "  say prepared",
        *(f"  replace {number} {_place(step, root)}" for number, step in enumerate(steps)),
        "  made=''",
        f"  synced {_words(dict.fromkeys(folders))}",
        *(f"  forget {number} {quote(root + step.subject)}" for number, step in enumerate(steps) if _kept(step)),
        "  say end",
    )
    names = f"stage={quote(stage)} kept={quote(root + kept)} token={quote(token)} keep={KEEP} mark={quote(MARK)}"
    return "\n".join((names, _HEAD.strip("\n"), *lines, "}", "main", ""))


def _kept(step: Step) -> bool:
    return step.seen.startswith("sha256:")


def _words(words: Iterable[str]) -> str:
    return " ".join(quote(word) for word in words)


def _place(step: Step, root: str) -> str:
    return f"{quote(root + step.subject)} {quote(step.seen)}"


def _arguments(step: Step, root: str) -> str:
    file = step.file
    if file is None:
        raise ValueError(f"{step.subject}: a write without its file")
    keep = "yes" if step.keep_mtime else "no"
    rights = " ".join(quote(word) for word in (file.owner, file.group, file.mode))
    return f"{_place(step, root)} {file.sha256} {rights} {keep}"


def read_answer(stdout: bytes) -> InstallAnswer:
    """What the script said, also where its answer was cut off."""
    installed: list[int] = []
    forgotten: list[int] = []
    stopped: tuple[int | None, str] = (None, "")
    begun = whole = False
    for line in stdout.decode("utf-8", "replace").splitlines():
        word, _, rest = line.removeprefix("qtctl ").partition(" ")
        if word == "installed":
            installed.append(int(rest))
        elif word == "forgotten":
            forgotten.append(int(rest))
        elif word == "stopped":
            number, _, why = rest.partition(" ")
            stopped = (int(number) if number.isdigit() else None, why)
        begun = begun or word == "prepared"
        whole = whole or word == "end"
    return InstallAnswer(tuple(installed), *stopped, begun=begun, whole=whole, forgotten=tuple(forgotten))
