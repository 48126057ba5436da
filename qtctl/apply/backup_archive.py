"""A backup as one file: a tar archive with a manifest, its digest, and contents named by digest.

No path of a host is a name in the archive: paths are in the manifest alone, and nothing is ever unpacked.
"""

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Mapping

from pydantic import ValidationError

from qtctl.dialects import tar
from qtctl.dialects.paths import MAX_PATH, explain_trouble
from qtctl.dialects.systemd.unit_name import is_valid
from qtctl.errors import InputError, Place
from qtctl.model.backup import EMPTY_SHA256, FORMAT, Backup, Entry, EntryKind, Manifest, make_manifest_adapter

MANIFEST, DIGEST, CONTENT = "manifest.json", "manifest.json.sha256", "content/"
LARGEST = 16 << 20
"""Bytes of the archive."""
LARGEST_MEMBER = 8 << 20
MOST_MEMBERS = 20_002
_DAMAGED = "take another one, or use an older one: qtctl backup list"


def pack(backup: Backup) -> bytes:
    """Pack a backup: the same bytes for the same backup. InputError if an entry could not be read back."""
    for each in backup.manifest.entries:
        if why := _find_fault(each):
            what = f"{backup.manifest.host}: a backup cannot hold {ascii(each.path)[:300]}, {why}"
            raise InputError(what, hint="correct that on the host, then take it again")
    manifest = make_manifest_adapter().dump_json(backup.manifest, indent=1)
    members = {MANIFEST: manifest, DIGEST: f"{_digest(manifest)}  {MANIFEST}\n".encode()}
    members |= {f"{CONTENT}{digest}": backup.contents[digest] for digest in sorted(backup.contents)}
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in members.items():
            header = tarfile.TarInfo(name)
            header.size, header.mode = len(content), 0o600
            archive.addfile(header, io.BytesIO(content))
    return stream.getvalue()


def unpack(archive: bytes, path: str) -> Backup:
    """InputError, with the place `path`, if it is damaged, newer, or holds what no backup has."""
    place = Place(path)
    members = _read_members(archive, place)
    manifest = _read_manifest(members, place)
    wanted = {each.sha256 for each in manifest.entries if each.has_content}
    contents = {}
    for name, content in members.items():
        if name in (MANIFEST, DIGEST):
            continue
        digest = name.removeprefix(CONTENT)
        if not name.startswith(CONTENT) or digest not in wanted:
            raise _refuse(f"an unexpected member: {ascii(name)[:200]}", place)
        if _digest(content) != digest:
            raise _refuse(f"the content {digest[:12]} is not what was saved", place)
        contents[digest] = content
    if missing := sorted(wanted - contents.keys()):
        path_of = next(each.path for each in manifest.entries if each.sha256 == missing[0])
        raise _refuse(f"the content of {path_of} is missing", place)
    return Backup(manifest, contents)


def _read_members(archive: bytes, place: Place) -> Mapping[str, bytes]:
    """Regular members by name; anything else is refused."""
    found: dict[str, bytes] = {}
    try:
        for opened, member in tar.walk(archive, MOST_MEMBERS):
            if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or member.pax_headers or member.issparse():
                raise _refuse(f"a member that is not a regular file: {ascii(member.name)[:200]}", place)
            if not tar.is_plain(member, LARGEST_MEMBER):
                raise _refuse(f"a member larger than {LARGEST_MEMBER >> 20} MiB: {ascii(member.name)[:200]}", place)
            if member.name in found:
                raise _refuse(f"a surplus member: {ascii(member.name)[:200]}", place)
            found[member.name] = tar.read_member(opened, member)
    except tar.BROKEN as error:
        raise _refuse("it cannot be read as a tar archive", place) from error
    return found


def _read_manifest(members: Mapping[str, bytes], place: Place) -> Manifest:
    text, digest = members.get(MANIFEST), members.get(DIGEST)
    if text is None or digest is None:
        raise InputError("not a backup of qtctl", hint="qtctl backup list shows the existing ones", place=place)
    _check_format(text, place)
    if digest.split(b" ")[0].decode("ascii", "replace") != _digest(text):
        raise _refuse("its manifest is not what was saved", place)
    try:
        manifest = make_manifest_adapter().validate_json(text)
    except (ValidationError, RecursionError) as error:
        raise _refuse("its manifest cannot be read", place) from error
    seen: set[str] = set()
    for each in manifest.entries:
        why = "twice" if each.path in seen else _find_fault(each)
        if why:
            raise _refuse(f"its manifest has {ascii(each.path)[:300]}, {why}", place)
        seen.add(each.path)
    if bad := next((each.unit for each in manifest.units if not is_valid(each.unit)), None):
        raise _refuse(f"its manifest has {ascii(bad)[:300]}, which is not a unit", place)
    return manifest


def _check_format(text: bytes, place: Place) -> None:
    try:
        found = json.loads(text)["format"]
    except (ValueError, KeyError, TypeError, RecursionError):
        found = None
    if found == FORMAT:
        return
    if isinstance(found, int) and found > FORMAT:
        what = f"a backup of format {found}, and this qtctl reads format {FORMAT}"
        raise InputError(what, hint="use the newer qtctl that took it", place=place)
    raise _refuse("its manifest names no known format", place)


_MODE, _DIGEST_, _TIME = re.compile("[0-7]{4}"), re.compile("[0-9a-f]{64}"), re.compile(r"-?[0-9]{1,11}(\.[0-9]{1,9})?")
_ACCOUNT = re.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")


def _find_fault(entry: Entry) -> str:
    """Why an entry cannot be put anywhere, '' if it can."""
    is_link, is_stamp = entry.kind is EntryKind.LINK, entry.kind is EntryKind.STAMP
    faults = {
        "which is not a plain path": not entry.path.startswith("/") or not _is_plain(entry.path),
        "a link without a target": is_link and (not entry.target or not entry.target.isprintable()),
        "whose target is too long": is_link and len(entry.target.encode("utf-8", "replace")) > MAX_PATH,
        "whose mode is not valid": not is_link and not _MODE.fullmatch(entry.mode),
        "whose digest is not valid": entry.has_content and not _DIGEST_.fullmatch(entry.sha256),
        "whose owner is not an account": not (_ACCOUNT.fullmatch(entry.owner) and _ACCOUNT.fullmatch(entry.group)),
        "whose time is not valid": is_stamp and not _TIME.fullmatch(entry.time),
        "which is not a stamp": is_stamp and entry.sha256 != EMPTY_SHA256,
    }
    return next((fault for fault, is_so in faults.items() if is_so), "")


def _is_plain(path: str) -> bool:
    return path.isprintable() and not explain_trouble(path)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _refuse(what: str, place: Place) -> InputError:
    return InputError(f"this backup is damaged: {what}", hint=_DAMAGED, place=place)
