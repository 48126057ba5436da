"""The ways to what a service starts with, from the facts, and what its user may do there."""

from collections.abc import Mapping

from qtctl.meaning.access import Entry, Kind, Way, walk
from qtctl.meaning.permissions import Identity
from qtctl.model.way_facts import PathWay, UserIds

_KINDS = {str(kind): kind for kind in Kind}


def map_way_entries(way: PathWay) -> Mapping[str, Entry]:
    """Its parts by path, with their access control lists."""
    lists = way.acls or {}
    return {
        path: Entry(
            path,
            _KINDS.get(kind) or Kind(kind),
            uid,
            gid,
            mode,
            target,
            (tuple(lists[path]) or None) if path in lists else (),
        )
        for path, kind, uid, gid, mode, target in way.rows()
    }


_MOST_WALKED = 2000
_walked: dict[tuple[int, str], tuple[PathWay, Way]] = {}
"""Several rules follow the same ways. Kept with its fact, so that no other fact can get its id meanwhile."""


def make_way(path: str, fact: PathWay) -> Way:
    """`path` is the fact's subject or the interpreter that it names."""
    found = _walked.get((id(fact), path))
    if found is None or found[0] is not fact:
        if len(_walked) >= _MOST_WALKED:
            _walked.clear()
        found = _walked[id(fact), path] = fact, walk(path, map_way_entries(fact))
    return found[1]


_OF_PACKAGES, _LOCAL = ("/usr/", "/bin/", "/sbin/", "/lib"), "/usr/local/"


def is_of_package(path: str) -> bool:
    """Whether a package put it there: its mtime is when it was built, and its ctime when it was installed."""
    return path.startswith(_OF_PACKAGES) and not path.startswith(_LOCAL)


def make_identity(user: UserIds) -> Identity:
    return Identity(user.uid, frozenset((user.gid, *user.groups)))


def list_private_groups(user: UserIds) -> tuple[int, ...]:
    """Its primary group, if nobody else is in it."""
    return () if user.sharing else (user.gid,)
