"""What an account may do with the target of a path: by owner, group, mode and access control list of the whole way.

Decided as the kernel does for a process without capabilities: the first class that it belongs to counts; among its
groups, one that allows it is enough. Read-only mounts, sandboxes of units and security modules are not considered.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from qtctl.meaning.access import ROOT, Entry, Kind, Way

_EXECUTE_FOR_ANYONE = 0o111
_FIELDS = 3


class Permission(IntEnum):
    """Its bit, as in the last digit of a mode."""

    READ = 4
    WRITE = 2
    EXECUTE = 1
    """For a folder: enter."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A process's user, and all of its groups."""

    uid: int
    groups: frozenset[int]


@dataclass(frozen=True, slots=True)
class Refusal:
    """`entry` does not let the account have `permission`; `known` False: its access control list was not read."""

    entry: Entry
    permission: Permission
    known: bool = True


def find_first_refusal(way: Way, who: Identity, wanted: Iterable[Permission]) -> Refusal | None:
    """The first thing on the way that stops `who`; None if nothing does. `wanted`: the permission for the target.

    Every folder before it has to be entered, even if the target is missing.
    """
    last = len(way.entries) - (0 if way.missing else 1)
    for entry in way.entries[:last]:
        if entry.kind is Kind.FOLDER and (refusal := _find_refusal(entry, who, (Permission.EXECUTE,))):
            return refusal
    return _find_refusal(way.end, who, wanted) if way.end is not None else None


def _find_refusal(entry: Entry, who: Identity, wanted: Iterable[Permission]) -> Refusal | None:
    for permission in wanted:
        allowed = has_permission(entry, who, permission)
        if not allowed:
            return Refusal(entry, permission, known=allowed is not None)
    return None


def has_permission(entry: Entry, who: Identity, permission: Permission) -> bool | None:
    """None if an access control list that was not read decides it."""
    if who.uid == ROOT:
        runs = entry.kind is Kind.FOLDER or bool(entry.mode & _EXECUTE_FOR_ANYONE)
        return permission is not Permission.EXECUTE or runs
    if who.uid == entry.uid:
        return bool(entry.mode >> 6 & permission)
    if entry.acl is None:
        return None
    if entry.acl:
        return _decide_by_acl(entry, who, permission, entry.acl)
    shift = 3 if entry.gid in who.groups else 0
    return bool(entry.mode >> shift & permission)


def _decide_by_acl(entry: Entry, who: Identity, permission: Permission, acl: Sequence[str]) -> bool | None:
    """As in acl(5). A named user comes before groups; one group that allows it is enough."""
    rows = [fields for each in acl if len(fields := each.split(":")) == _FIELDS]
    mask = next((_parse_bits(allowed) for tag, _, allowed in rows if tag == "mask"), 0o7)
    named = [_parse_bits(allowed) for tag, name, allowed in rows if tag == "user" and name == str(who.uid)]
    if named:
        return bool(named[0] & mask & permission)
    ids = {str(each) for each in who.groups}
    mine = [
        _parse_bits(allowed)
        for tag, name, allowed in rows
        if tag == "group" and (name in ids or (not name and entry.gid in who.groups))
    ]
    if mine:
        return any(each & mask & permission for each in mine)
    return bool(entry.mode & permission)


def _parse_bits(text: str) -> int:
    """Reads `r-x`, also with the comment that getfacl adds."""
    return sum(bit for letter, bit in (("r", 4), ("w", 2), ("x", 1)) if letter in text[:3])
