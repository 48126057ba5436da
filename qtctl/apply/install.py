"""The script that installs staged files as root, and the parser of its output.

It makes two passes. The first checks every file, copies it next to its destination, sets owner and mode, and saves what
it replaces: errors show up before the first change. The second checks each file again and renames it into place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from shlex import join, quote

from qtctl.model.plan import COPIES_KEPT, Step
from qtctl.probes.files import DIGEST_KIB, MARK
from qtctl.remote.scripts import read_script

REPLACED = "/var/lib/qtctl/replaced"
_PREFIX = "qtctl "


@dataclass(frozen=True, slots=True)
class InstallAnswer:
    """Which steps (by position) are installed, and why the script stopped ('' if it did not).

    `begun`: a first file may have been replaced. `whole`: the output is complete. `forgotten`: the position of a step,
    once for each old copy of its file that was removed. `unsafe`: it stopped because an account other than root could
    redirect a path. `left`: temporary files and folders that it could not remove.
    """

    installed: tuple[int, ...]
    stopped_at: int | None
    why: str
    begun: bool
    whole: bool
    forgotten: tuple[int, ...] = ()
    unsafe: bool = False
    left: tuple[str, ...] = ()


def install_script(steps: Sequence[Step], stage: str, kept: str, root: str = "") -> str:
    """A POSIX sh script that needs GNU coreutils. The file of step n is staged as `stage`/n.

    `kept`: the new folder for replaced files. `root`: a prefix for every installed path.
    """
    rooms = _number_rooms(steps, root)
    copies = [f'"$room_{rooms[_folder_of(step, root)]}"/{number}' for number, step in enumerate(steps)]
    old = [quote(f"{root}{kept}{root}{step.subject}") for step in steps if _keeps_old(step)]
    replaces = any(step.seen != "absent" for step in steps)
    lines = (
        "  trap clean EXIT",
        "  trap '' HUP PIPE",
        "  trap 'stop - interrupted' INT TERM",
        *(f"  safe {quote(folder)} {quote(path)}" for folder, path in _map_first_files(steps, root).items()),
        *(('  safe "$replaced" "$kept"', "  vault") if replaces else ()),
        *(f"  room {number} {quote(folder)}" for folder, number in rooms.items()),
        *(f"  prepare {number} {_format_arguments(step, rooms, root)}" for number, step in enumerate(steps)),
        f"  synced {' '.join((*copies, *old))}",
        "  say prepared",
        *(f"  replace {number} {_format_place(step, rooms, root)}" for number, step in enumerate(steps)),
        "  made=''",
        f"  synced {join(rooms)}",
        *(f"  forget {number} {quote(root + step.subject)}" for number, step in enumerate(steps) if _keeps_old(step)),
        "  clean",
        "  say end",
    )
    folder = root + kept.rpartition("/")[0]
    names = f"stage={quote(stage)} replaced={quote(folder)} kept={quote(root + kept)}"
    names += f" keep={COPIES_KEPT} mark={quote(MARK)} most={(DIGEST_KIB + 1) * 1024}"
    head = (read_script("way.sh"), read_script("install.sh"))
    return "\n".join((names, *head, "main() {", *lines, "}", "main", ""))


def _keeps_old(step: Step) -> bool:
    return step.seen.startswith("sha256:")


def _folder_of(step: Step, root: str) -> str:
    return (root + step.subject.rpartition("/")[0]) or "/"


def _number_rooms(steps: Sequence[Step], root: str) -> dict[str, int]:
    """Folder → the number of the temporary folder (`room` in install.sh) that is made in it."""
    return {folder: number for number, folder in enumerate(dict.fromkeys(_folder_of(step, root) for step in steps))}


def _map_first_files(steps: Sequence[Step], root: str) -> dict[str, str]:
    """Folder → the first file that is installed in it."""
    return {_folder_of(step, root): root + step.subject for step in reversed(steps)}


def _format_place(step: Step, rooms: Mapping[str, int], root: str) -> str:
    return f"{quote(root + step.subject)} {quote(step.seen)} {rooms[_folder_of(step, root)]}"


def _format_arguments(step: Step, rooms: Mapping[str, int], root: str) -> str:
    file = step.file
    if file is None:
        raise ValueError(f"{step.subject}: a write without its file")
    keep = "yes" if step.keep_mtime else "no"
    rights = f"{quote(f'{file.owner}:{file.group}')} {quote(file.mode)}"
    return f"{_format_place(step, rooms, root)} {file.sha256} {len(file.content)} {rights} {keep}"


def read_answer(stdout: bytes) -> InstallAnswer:
    """Parse the output of the script, which may be cut off."""
    said: dict[str, list[str]] = {}
    for line in stdout.decode("utf-8", "replace").split("\n"):
        if line.startswith(_PREFIX):
            word, _, rest = line.removeprefix(_PREFIX).partition(" ")
            said.setdefault(word, []).append(rest)
    at, _, why = said.get("stopped", [""])[-1].partition(" ")
    return InstallAnswer(
        tuple(int(number) for number in said.get("installed", ())),
        int(at) if at.isdecimal() else None,
        why,
        begun="begun" in said or "installed" in said,
        whole="end" in said,
        forgotten=tuple(int(number) for number in said.get("forgotten", ())),
        unsafe="unsafe" in said,
        left=tuple(said.get("left", ())),
    )
