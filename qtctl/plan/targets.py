"""The folders of everything that root writes: refused if anyone but root could redirect a path through them.

What is seen here is refused before anybody is asked, and before root reads a file for a plan. The script that installs
checks again, under the lock, and follows links that the plan only sees.
"""

from collections.abc import Mapping

from qtctl.dialects.hosts import PATH as HOSTS
from qtctl.meaning.access import Entry, Kind, find_first_change, walk
from qtctl.model.desired import Desired
from qtctl.model.facts import Facts, File
from qtctl.model.plan import Refusal
from qtctl.plan.unit_goals import list_goals

ROOT = "root"
REMEDY = (
    "every folder on the path to what root writes must belong to root and be writable only by root: change its owner "
    "and mode, or declare another path"
)
_KINDS = {"dir": Kind.FOLDER, "file": Kind.FILE, "link": Kind.LINK}
_WRITABLE = 0o022


def list_targets(desired: Desired) -> tuple[str, ...]:
    """Paths that root or systemd writes for a deploy: generated files, links that enable, the hosts file. Sorted."""
    paths = {file.path for file in desired.files}
    paths.update(link for goal in list_goals(desired) for link in goal.links)
    paths.update(path for each in desired.installs for path in (each.path, each.seal))
    if desired.hosts_file is not None:
        paths.add(HOSTS)
    return tuple(sorted(paths))


def list_folders(desired: Desired) -> tuple[str, ...]:
    """Every folder above a target. Sorted, `/` first."""
    return tuple(sorted({folder for path in list_targets(desired) for folder in _list_folders_above(path)}))


def find_obstacles(desired: Desired, facts: Facts) -> tuple[Refusal, ...]:
    """`facts` must hold a file for each of `list_folders`. One refusal for each target that is not safe."""
    seen = {folder: there for folder in list_folders(desired) if (there := facts.read(File, folder)) is not None}
    entries = {folder: _make_entry(folder, there) for folder, there in seen.items()}
    found = []
    for path in list_targets(desired):
        why = _find_change(path, entries, seen) or _find_given_away(path, desired)
        if why:
            found.append(Refusal(path, why, REMEDY))
    return tuple(found)


def _find_change(path: str, entries: Mapping[str, Entry], seen: Mapping[str, File]) -> str:
    """Who can change the path to a target now, or ''."""
    way = walk(_find_folder(path), entries).entries
    change = find_first_change(way) if way else None
    if change is None:
        return ""
    there = seen[change.entry.path]
    return change.describe({change.entry.uid: there.owner}, {change.entry.gid: there.group})


def _find_given_away(path: str, desired: Desired) -> str:
    """Which declared folder would let others change the path once systemd-tmpfiles has created it, or ''."""
    above = _list_folders_above(path)
    for folder in desired.folders:
        if folder.path in above and (folder.user != ROOT or int(folder.mode, 8) & _WRITABLE):
            return f"{folder.path} is declared as {folder.user}'s with mode {folder.mode} ({folder.origin.file})"
    return ""


def _make_entry(path: str, there: File) -> Entry:
    uid, gid = (0 if name == ROOT else 1 for name in (there.owner, there.group))
    return Entry(path, _KINDS.get(there.kind, Kind.OTHER), uid, gid, int(there.mode, 8), there.target)


def _list_folders_above(path: str) -> tuple[str, ...]:
    """The folders above an absolute path, from `/` on."""
    parts = [part for part in path.split("/")[:-1] if part]
    return ("/", *(f"/{'/'.join(parts[:depth])}" for depth in range(1, len(parts) + 1)))


def _find_folder(path: str) -> str:
    return path.rpartition("/")[0] or "/"
