"""Read what is installed on a host under its fleet's names: paths and contents, as root."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from shlex import join

from qtctl.apply.current import read_current_files
from qtctl.apply.generation import BASE
from qtctl.dialects import terminal
from qtctl.errors import HostError
from qtctl.interfaces.host import Host
from qtctl.model.backup import EMPTY_SHA256, Entry, EntryKind, Installed
from qtctl.plan.fleet_names import STAMPS, UNIT_ROOTS, FleetNames
from qtctl.probes.answer import find_last_line
from qtctl.probes.files import MARK
from qtctl.remote.request import Request, Verb, encode_calls
from qtctl.remote.scripts import read_script

READ_S = 30.0
MOST_LISTED = 8 << 20
"""Bytes of a listing."""
LARGEST_FILE = 1 << 20
MOST_BYTES = 8 << 20
"""The limit for all contents together."""
MOST_ENTRIES = 20_000
_TRIES = 3
_END = ("end", "")
_MODE, _SIZE = re.compile("[0-7]{1,5}"), re.compile("[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Row:
    """One path as `find` lists it. `type`: its letter (f, l, d …)."""

    path: str
    type: str
    mode: str
    owner: str
    group: str
    size: int
    time: str
    target: str


def read_installed(
    host: Host, names: FleetNames, known: Iterable[bytes] = (), *, trust_mark: bool = False
) -> Installed:
    """Everything that `names` owns. `known`: contents of env files that qtctl makes and that hold no secret.

    `trust_mark`: also copy the env files that an earlier version generated, which are known by their first line alone.

    HostError if it cannot be read, keeps changing, or is more than a backup holds.
    """
    digests = {hashlib.sha256(content).hexdigest() for content in known}
    for _ in range(_TRIES):
        rows, objects = _list(host, names)
        found = _read(host, names, rows, digests | objects, trust_mark=trust_mark)
        if found is not None and _list(host, names)[0] == rows:
            return found
    raise HostError("its units keep changing while they are read", host=host.address, hint="try again later")


def _list(host: Host, names: FleetNames) -> tuple[tuple[Row, ...], set[str]]:
    """What `names` owns, and the digests of what qtctl has written on the host."""
    roots = [*UNIT_ROOTS, STAMPS, *([names.env_dir] if names.env_dir else []), f"{BASE}/objects"]
    words = [*roots, "--", *sorted(names.files | names.guarded)]
    script = f"most={MOST_LISTED}\n{read_script('installed.sh')}list_installed {join(words)}\n"
    request = Request(script, Verb.READ, encode_calls([("list_installed", *words)]))
    done = host.start(request, root=True, attached=True).finish(READ_S)
    if done.exit != 0:
        raise HostError("its units could not be listed", host=host.address, hint=find_last_line(done.stderr))
    rows = parse_listing(done.stdout, host.address)
    objects = {row.path.rpartition("/")[2] for row in rows if row.path.startswith(f"{BASE}/objects/")}
    found = {row.path: row for row in rows if names.owns(row.path, row.target) and not _is_env_folder(row, names)}
    if odd := next((path for path, row in found.items() if not (path + row.target).isprintable()), None):
        what = f"{terminal.show_line(ascii(odd))}: a file name that is not plain text cannot be backed up"
        raise HostError(what, host=host.address, hint="rename it on the host")
    if len(found) > MOST_ENTRIES:
        raise HostError(f"more than {MOST_ENTRIES} files of the fleet, which no backup holds", host=host.address)
    return tuple(found[path] for path in sorted(found)), objects


def _is_env_folder(row: Row, names: FleetNames) -> bool:
    """A folder below that of the env files belongs to its operators."""
    return row.type == "d" and names.may_be_env(row.path)


def parse_listing(said: bytes, host: str = "") -> tuple[Row, ...]:
    """HostError if it was cut off."""
    parts = said.decode("utf-8", "surrogateescape").split("\0")
    pairs = list(zip(parts[::2], parts[1::2], strict=False))
    if not pairs or _END not in pairs:
        hint = "there are too many files in its folders"
        raise HostError("the list of what is installed was cut off", host=host, hint=hint)
    return tuple(row for head, target in pairs[: pairs.index(_END)] if (row := _parse_row(head, target)) is not None)


def _parse_row(head: str, target: str) -> Row | None:
    match head.split("\t", 6):
        case [type_, mode, owner, group, size, time, path] if _SIZE.fullmatch(size) and _MODE.fullmatch(mode):
            return Row(path, type_, f"{int(mode, 8):04o}", owner, group, int(size), _cut_time(time), target)
    return None


def _cut_time(text: str) -> str:
    """Seconds since the epoch, before it too, with a fraction of at most nine digits: find prints ten."""
    seconds, point, fraction = text.partition(".")
    return f"{seconds}{point}{fraction[:9]}"


def _read(host: Host, names: FleetNames, rows: Sequence[Row], ours: set[str], *, trust_mark: bool) -> Installed | None:
    """None if something changed meanwhile. `ours`: digests of files with possible secrets that qtctl wrote."""
    wanted = [row for row in rows if row.type == "f" and not row.path.startswith(f"{STAMPS}/")]
    wanted = [row for row in wanted if row.size <= LARGEST_FILE and names.may_be_read(row.path)]
    if sum(row.size for row in wanted) > MOST_BYTES:
        raise HostError(f"more than {MOST_BYTES >> 20} MiB of unit files, which no backup holds", host=host.address)
    read = read_current_files(host, [row.path for row in wanted], READ_S)
    if any(len(read.get(row.path, b"")) != row.size for row in wanted):
        return None
    digests = {path: hashlib.sha256(content).hexdigest() for path, content in read.items()}
    if trust_mark:
        ours = ours | {digests[path] for path, content in read.items() if content.startswith(MARK.encode())}
    entries = tuple(_make_entry(row, digests, secret=names.may_be_env(row.path), ours=ours) for row in rows)
    kept = {each.sha256 for each in entries if each.has_content}
    return Installed(entries, {digests[path]: content for path, content in read.items() if digests[path] in kept})


def _make_entry(row: Row, digests: Mapping[str, str], *, secret: bool, ours: set[str]) -> Entry:
    rights = (row.mode, row.owner, row.group)
    if row.type == "f":
        return _make_file_entry(row, digests.get(row.path), secret=secret, ours=ours)
    if row.type == "l":
        return Entry(row.path, EntryKind.LINK, "", row.owner, row.group, target=row.target)
    if row.type == "d":
        return Entry(row.path, EntryKind.FOLDER, *rights)
    return Entry(row.path, EntryKind.OTHER, *rights, why="neither a file, a link nor a folder")


def _make_file_entry(row: Row, digest: str | None, *, secret: bool, ours: set[str]) -> Entry:
    rights = (row.mode, row.owner, row.group)
    if row.path.startswith(f"{STAMPS}/") and row.size == 0:
        return Entry(row.path, EntryKind.STAMP, *rights, sha256=EMPTY_SHA256, time=row.time)
    if secret and digest not in ours:
        return Entry(row.path, EntryKind.PRESENT, *rights)
    if digest is None:
        return Entry(row.path, EntryKind.OTHER, *rights, why=f"larger than {LARGEST_FILE >> 20} MiB")
    return Entry(row.path, EntryKind.FILE, *rights, sha256=digest)
