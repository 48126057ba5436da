"""Who could change what a path leads to, from what lstat says about every part of its path.

A program that is run, a file that is believed and a folder that is written to are as trustworthy as everything on the
way to them: each folder, each link, each folder of a link's target. `walk` follows a path as the kernel does and
`find_first_change` names the first part of the way that someone else could change.

Access control lists: where a file has one, the group bits of its mode show the list's mask. A user who is named in it
and may write therefore shows as a group that may write, whatever the group: group write is never trusted here.
Read-only mounts, immutable flags and capabilities such as CAP_DAC_OVERRIDE are not looked at.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

ROOT = 0
MOST_LINKS = 40
"""The kernel follows no more in one path (ELOOP)."""

_SAME = ""
_STICKY = 0o1000
_GROUP_WRITE, _WORLD_WRITE = 0o020, 0o002


class Kind(StrEnum):
    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"
    """A FIFO, a socket or a device."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What lstat says about one path. `mode`: permission bits, at most 07777. `target`: what is written in a link.

    `acl`: entries of its access control list with numbers (`user:1001:r-x`); () where it has none, None if it has
    one that was not read.
    """

    path: str
    kind: Kind
    uid: int
    gid: int
    mode: int
    target: str = ""
    acl: tuple[str, ...] | None = ()


@dataclass(frozen=True, slots=True)
class Way:
    """All entries that the kernel visits on a path, in order, each link followed by the way to its target.

    The folder of an entry always comes before it, so the folder in which a target is looked up appears twice.
    `missing`: the first path that does not exist, or whose link is one too many; '' if the path is complete.
    """

    entries: tuple[Entry, ...]
    missing: str = ""

    @property
    def end(self) -> Entry | None:
        """The file or folder that the path leads to; None if the path is not complete."""
        return None if self.missing else self.entries[-1]


class By(StrEnum):
    OWNER = "owner"
    GROUP = "group"
    EVERYONE = "everyone"


@dataclass(frozen=True, slots=True)
class Change:
    """`entry` can be changed, or entries of it replaced, by its owner, by its group or by everyone."""

    entry: Entry
    by: By

    def name_who(self, users: Mapping[int, str] | None = None, groups: Mapping[int, str] | None = None) -> str:
        """`user quarry`, `group staff`, `every user`. `users`, `groups`: names by number, where they are known."""
        if self.by is By.EVERYONE:
            return "every user"
        if self.by is By.GROUP:
            return f"group {(groups or {}).get(self.entry.gid, self.entry.gid)}"
        return f"user {(users or {}).get(self.entry.uid, self.entry.uid)}"

    def describe(self, users: Mapping[int, str] | None = None, groups: Mapping[int, str] | None = None) -> str:
        """`/srv/app can be changed by group staff (mode 0775)`."""
        why = "its owner" if self.by is By.OWNER else f"mode {self.entry.mode:04o}"
        return f"{self.entry.path} can be changed by {self.name_who(users, groups)} ({why})"


def walk(path: str, known: Mapping[str, Entry]) -> Way:
    """Follow `path` from `/`, as the kernel does. `known`: entries by path, with no link in the folders of that path.

    ValueError for a path that is not absolute.
    """
    if not path.startswith("/"):
        raise ValueError(f"not an absolute path: {path!r}")
    met: list[Entry] = []
    here, rest, links = "/", [_SAME, *_split_path(path)], 0
    while rest:
        at = _step_into(here, rest.pop(0))
        entry = known.get(at)
        if entry is None:
            return Way(tuple(met), at)
        if entry.kind is not Kind.LINK:
            here = at
            met.append(entry)
            continue
        links += 1
        if links > MOST_LINKS or not entry.target:
            return Way(tuple(met), at)
        met.append(entry)
        if entry.target.startswith("/"):
            here = "/"
        rest = [_SAME, *_split_path(entry.target), *rest]
    return Way(tuple(met))


def find_first_change(
    entries: Sequence[Entry], trusted: Collection[int] = (), groups: Collection[int] = ()
) -> Change | None:
    """The first of `entries` (from `walk`) that anyone but root and the users `trusted` could change.

    `groups`: those without other members; only for entries without an access control list, since with one the group
    bits show its mask.

    A folder that others may write to does not endanger the next entry if it is sticky and both belong to trusted users;
    it is dangerous at the end of the path, since others can create entries in it. The owner of a link can do nothing to
    it in a folder that they may not write to.
    """
    trusts = {ROOT, *trusted}
    changes = (_find_change(entry, following, trusts, groups) for entry, following in _pair_with_next(entries))
    return next((change for change in changes if change), None)


def _find_change(
    entry: Entry, following: Entry | None, trusts: Collection[int], groups: Collection[int]
) -> Change | None:
    if entry.kind is Kind.LINK:
        return None
    if entry.uid not in trusts:
        return Change(entry, By.OWNER)
    if entry.kind is Kind.FOLDER and _is_kept_by_sticky(entry, following, trusts):
        return None
    if entry.mode & _WORLD_WRITE:
        return Change(entry, By.EVERYONE)
    if entry.gid in groups and entry.acl == ():
        return None
    return Change(entry, By.GROUP) if entry.mode & _GROUP_WRITE else None


def _is_kept_by_sticky(folder: Entry, following: Entry | None, trusts: Collection[int]) -> bool:
    return bool(folder.mode & _STICKY) and following is not None and following.uid in trusts


def _pair_with_next(entries: Sequence[Entry]) -> Iterable[tuple[Entry, Entry | None]]:
    return zip(entries, (*entries[1:], None), strict=False)


def _split_path(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]


def _step_into(here: str, part: str) -> str:
    if part == _SAME:
        return here
    if part == "..":
        return here.rpartition("/")[0] or "/"
    return f"{here.rstrip('/')}/{part}"
