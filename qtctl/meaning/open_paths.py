"""What every account of a host must be able to use, and what keeps it from that."""

from qtctl.meaning.access import Entry, Kind, Way, walk
from qtctl.meaning.permissions import Identity, Permission, Refusal, find_first_refusal
from qtctl.model.facts import Facts, File
from qtctl.model.way_facts import OpenPaths, list_rows

_ENTER, _READ, _WRITE = Permission.EXECUTE, Permission.READ, Permission.WRITE
_ANYBODY = Identity(-1, frozenset())
ACCOUNTS, GROUPS = "/etc/passwd", "/etc/group"
DEVICES = {"/dev/null": (_READ, _WRITE), "/dev/zero": (_READ, _WRITE), "/dev/urandom": (_READ,)}
_FILES = (
    GROUPS, "/etc/hosts", "/etc/ld.so.cache", "/etc/localtime", "/etc/nsswitch.conf", ACCOUNTS,
    "/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/openssl.cnf",
)  # fmt: skip
MAY_BE_EMPTY = frozenset(("/etc/hosts", "/etc/resolv.conf", "/etc/ssl/openssl.cnf"))
"""A host without name servers, or with defaults, does not need their content."""
_LISTED = ("/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system")
_ENTERED = (
    "/", "/dev", "/etc", "/etc/ssl", "/etc/ssl/certs", "/etc/systemd", "/run", "/run/systemd", "/usr", "/usr/bin",
    "/usr/lib", "/usr/lib/systemd", "/usr/share", "/usr/share/zoneinfo", "/var", "/var/lib",
)  # fmt: skip
WANTED: dict[str, tuple[Permission, ...]] = {
    **dict.fromkeys(_ENTERED, (_ENTER,)),
    **dict.fromkeys(_LISTED, (_READ, _ENTER)),
    **dict.fromkeys(_FILES, (_READ,)),
    **DEVICES,
}
"""What every account must be able to do. Each folder is named by itself: nothing below a closed one can be seen."""


def map_open_entries(found: OpenPaths) -> dict[str, Entry]:
    lists = found.acls or {}
    return {
        path: Entry(path, Kind(kind), uid, gid, mode, target, (tuple(lists[path]) or None) if path in lists else ())
        for path, kind, uid, gid, mode, target in list_rows(found.parts)
    }


def find_closed(path: str, way: Way) -> Refusal | None:
    """What keeps ordinary accounts from a path of `WANTED`; None if nothing does."""
    return find_first_refusal(way, _ANYBODY, WANTED[path])


def _is_closed(found: OpenPaths, path: str) -> bool:
    """Whether ordinary accounts cannot use a path of `WANTED`."""
    return path in found.unseen or find_closed(path, walk(path, map_open_entries(found))) is not None


def explain_numbers(facts: Facts, file: File) -> str:
    """Why an owner or group is known by its number alone although it may have a name; '' if that is not so."""
    for name, path in ((file.owner, ACCOUNTS), (file.group, GROUPS)):
        found = facts.find(OpenPaths, "host") if name.isdigit() else None
        if found is not None and _is_closed(found, path):
            return f"the auditing account cannot read {path}, so only the number {name} is known"
    return ""
