"""Snapshots of a host: read them, and check the chain that they make.

Reading loads nothing that only taking a snapshot needs: two snapshots are compared in a fraction of a second.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qtctl.adapters.person import locate_home
from qtctl.adapters.snapshot_folder import SnapshotFolder, locate_default_folder, read_file
from qtctl.contained.looking import is_file, is_folder, leads_somewhere, make_absent_error
from qtctl.errors import InputError, Place
from qtctl.history.archive import unpack, unpack_attachments
from qtctl.history.chain import Checked, Link, check_chain, check_months
from qtctl.history.choose import LATEST, choose, is_time
from qtctl.interfaces.snapshot_store import SnapshotStore
from qtctl.model.snapshot import Attachments, Snapshot, Stored

if TYPE_CHECKING:
    from qtctl.findings.finding import Finding

ALL = "all"


def open_store(named: str | None, *, existing: bool = False) -> SnapshotStore:
    """A folder, or the URL of a Redis server; None: $QTCTL_SNAPSHOTS, or this account's folder.

    InputError for an invalid URL, a file, and if it must be `existing`, for a named folder that does not exist.
    """
    named = named or os.environ.get("QTCTL_SNAPSHOTS") or None
    if named is not None and "://" in named:
        from qtctl.adapters.snapshot_stream import SnapshotStream, is_stream  # noqa: PLC0415 - few keep them there

        if not is_stream(named):
            raise InputError(f"{named.partition('://')[0]}:// is not a store", hint="a folder, redis://… or unix://…")
        return SnapshotStream(named)
    if named is None:
        return SnapshotFolder(locate_default_folder(os.environ, locate_home()))
    folder = Path(named)
    if existing and not leads_somewhere(folder):
        hint = "check the path; `qtctl snapshot take` makes the folder"
        raise make_absent_error(named, "there are no snapshots here: no such folder", hint)
    if leads_somewhere(folder) and not is_folder(folder):
        raise InputError("not a folder, so no snapshots can be here", hint="check the path", place=Place(named))
    return SnapshotFolder(folder)


@dataclass(frozen=True, slots=True)
class Found:
    """A snapshot, and where it is stored."""

    snapshot: Snapshot
    stored: Stored

    @property
    def attachments(self) -> Attachments:
        return unpack_attachments(self.stored.content, self.stored.where)

    def write_evidence(self) -> str:
        """The evidence as `audit --save` writes it."""
        from qtctl.collect.document import dump  # noqa: PLC0415 - few ask for it
        from qtctl.history.columns import unfold  # noqa: PLC0415

        return dump(unfold(self.attachments.evidence, self.stored.where))


def find(store: SnapshotStore, name: str) -> Found:
    """The snapshot that `name` means: a file, or [HOST:]latest, a number, a month, a digest. InputError otherwise."""
    path = Path(name)
    if "/" in name or is_file(path):
        stored = read_file(path)
        return Found(unpack(stored.content, name), stored)
    host, word = split_name(store, name)
    picked = store.pick(host, word)
    if picked is not None:
        link = Link(unpack(picked.content, picked.where), picked)
        return _make_found(choose([link], word, host))
    return _make_found(choose(read_links(store, host), word, host))


def find_all(store: SnapshotStore, name: str) -> tuple[Found, ...]:
    """As `find`; a folder and [HOST:]all are every snapshot in it, in their order."""
    path = Path(name)
    if is_folder(path):
        links = read_links(SnapshotFolder(path.absolute().parent), path.absolute().name)
        if not links:
            raise InputError(f"{name}: no snapshot in it", hint="the folder of one host: STORE/HOST")
        return tuple(map(_make_found, links))
    if name == ALL or name.endswith(f":{ALL}"):
        host, _ = split_name(store, name)
        return tuple(map(_make_found, read_links(store, host)))
    return (find(store, name),)


def split_name(store: SnapshotStore, name: str) -> tuple[str, str]:
    """`HOST:WORD` or `WORD` → host and word; the host may be left out if the store has only one."""
    host, colon, word = name.partition(":")
    if colon and not is_time(name):
        return host, word or LATEST
    hosts = store.list_hosts()
    if name in hosts:
        return name, LATEST
    if len(hosts) == 1:
        return hosts[0], name
    said = f"snapshots of {', '.join(hosts[:5])}" if hosts else "no snapshot"
    raise InputError(
        f"{name!r} is not a file, and {store.place} has {said}", hint="name it as HOST:latest, HOST:NUMBER"
    )


def read_links(store: SnapshotStore, host: str) -> tuple[Link, ...]:
    """All snapshots of a host, by number. InputError if one of them is damaged."""
    chain = store.read(host)
    links = check_chain(chain, lambda *_: "").links
    readable = {each.stored.where for each in links}
    for each in chain.stored:
        if each.where not in readable:
            unpack(each.content, each.where)
    return links


def check(store: SnapshotStore, host: str, signers: Path | None, now: str) -> "tuple[Checked, tuple[Finding, ...]]":
    """Every check of a host's chain, including signatures and months. `now`: UTC, ISO 8601."""

    def judge(stored: Stored, snapshot: Snapshot) -> str:
        signed = snapshot.head.signed
        if signed != bool(stored.signature):
            return "its signature is missing" if signed else "it has a signature, and says that it has none"
        if not signed:
            return "it is not signed" if signers is not None else ""
        from qtctl.adapters.signatures import check as check_signature  # noqa: PLC0415 - starts a process

        return check_signature(stored.content, stored.signature, signers, snapshot.head.taken_at)

    checked = check_chain(store.read(host), judge)
    taken = [each.snapshot.head.taken_at for each in checked.links]
    return checked, (*checked.findings, *check_months(host, sorted(taken), now))


def _make_found(link: Link) -> Found:
    return Found(link.snapshot, link.stored)
