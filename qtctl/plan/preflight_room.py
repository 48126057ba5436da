"""Whether there is room for what a plan writes, and whether root can write and remove it."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.host_facts import FileSystem
from qtctl.model.plan import Plan, Refusal, StepKind
from qtctl.model.preflight_facts import Writable

KEPT = "/var/lib/qtctl"
STAGED = "/tmp"  # noqa: S108 - asked for its room
SPARE_BYTES, SPARE_FILES = 256 * 1024, 16
_MIB = 1024**2


@dataclass(slots=True)
class _Room:
    """The files that one file system must take."""

    bytes: int = SPARE_BYTES
    files: int = SPARE_FILES


def list_needs(plan: Plan) -> tuple[Need, ...]:
    paths = _list_paths(plan)
    folders = dict.fromkeys((*map(_find_folder, paths), KEPT, STAGED)) if paths else {}
    return (*(Need(Writable.FACT, path) for path in paths), *(Need(FileSystem.FACT, folder) for folder in folders))


def find_obstacles(plan: Plan, facts: Facts) -> Iterator[Refusal]:
    for path in _list_paths(plan):
        yield from _find_closed(path, facts)
    if _list_paths(plan):
        yield from _find_full(plan, facts)


def _list_paths(plan: Plan) -> tuple[str, ...]:
    kinds = (StepKind.WRITE, StepKind.REMOVE, StepKind.LINK)
    return tuple(dict.fromkeys(step.subject for step in plan.steps if step.kind in kinds))


def _find_closed(path: str, facts: Facts) -> Iterator[Refusal]:
    found = facts.read(Writable, path)
    if found is not None and found.mounted:
        yield Refusal(path, "something is mounted on it: it cannot be replaced", f"findmnt {path} shows what")
    elif found is not None and not found.writable:
        what = f"root cannot write {found.at}: its file system is read-only, or it is immutable"
        yield Refusal(path, what, f"findmnt -T {found.at} and lsattr -d {found.at} show which")


def _find_full(plan: Plan, facts: Facts) -> Iterator[Refusal]:
    """A file needs room at its place, where it is staged, and where the old one is kept."""
    wanted: dict[str, _Room] = defaultdict(_Room)
    systems: dict[str, FileSystem] = {}
    for step in plan.steps:
        size = len(step.file.content) if step.file is not None else 0
        places = (_find_folder(step.subject), STAGED, KEPT) if step.kind is StepKind.WRITE else (KEPT,)
        for folder in places if step.kind in (StepKind.WRITE, StepKind.REMOVE) else ():
            found = facts.read(FileSystem, folder)
            if found is not None:
                room = wanted[found.id or found.mount]
                room.bytes, room.files = room.bytes + size, room.files + 1
                systems[found.id or found.mount] = found
    for id_, room in wanted.items():
        found = systems[id_]
        where = found.mount or "a file system"
        if found.available < room.bytes:
            what = f"{found.available / _MIB:.1f} MiB are free, and the deploy needs {room.bytes / _MIB:.1f} MiB"
            yield Refusal(where, what, f"free space there: du -xh {where} | sort -h | tail")
        elif found.inodes and found.inodes_free < room.files:
            what = f"{found.inodes_free} inodes are free, and the deploy needs {room.files}"
            yield Refusal(where, what, f"remove files there: du -x --inodes {where} | sort -n | tail")


def _find_folder(path: str) -> str:
    return path.rpartition("/")[0] or "/"
