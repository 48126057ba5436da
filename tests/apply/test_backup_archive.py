"""How a file that claims to be a backup is refused, before any host is asked."""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qtctl.adapters.backup_files import read_own, write_new
from qtctl.apply.backup_archive import DIGEST, LARGEST, MANIFEST, pack, unpack
from qtctl.apply.installed import parse_listing
from qtctl.errors import InputError
from qtctl.flows.backup import check
from qtctl.model.backup import FORMAT, Backup, Entry, EntryKind, Manifest, UnitThen
from qtctl.plan.fleet_names import FleetNames
from qtctl.plan.restore_aim import aim_at_backup
from tests.flows.ground import THREE, fleet

TEXT = b"[Service]\nExecStart=/bin/true\n"
SHA = hashlib.sha256(TEXT).hexdigest()
PATH = "/etc/systemd/system/quantum-a.service"
RIGHTS = ("0644", "root", "root")
FLEET = replace(fleet(THREE), unit_patterns=("quantum-*",), env_dir="/etc/quantum")


def backup(*more: Entry) -> Backup:
    entries = (Entry(PATH, EntryKind.FILE, *RIGHTS, sha256=SHA), *more)
    unit = UnitThen("quantum-a.service", "loaded", "active", "running", "enabled")
    manifest = Manifest(
        FORMAT,
        FLEET.fleet,
        FLEET.host,
        "h1",
        "h1",
        "m",
        "2026-11-29T08:00:00.000Z",
        "me@here",
        "1",
        "",
        "",
        entries,
        (unit,),
    )
    return Backup(manifest, {SHA: TEXT})


def members(content: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return {each.name: (archive.extractfile(each) or io.BytesIO()).read() for each in archive}


def archive(parts: dict[str, bytes], *odd: tarfile.TarInfo) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as made:
        for name, content in parts.items():
            header = tarfile.TarInfo(name)
            header.size = len(content)
            made.addfile(header, io.BytesIO(content))
        for each in odd:
            made.addfile(each, io.BytesIO(b"\0" * each.size))
    return stream.getvalue()


def said(**values: object) -> bytes:
    """A backup whose manifest says something else, with the right digest."""
    parts = members(pack(backup()))
    manifest: dict[str, Any] = json.loads(parts[MANIFEST])
    for key, value in values.items():
        if key in manifest:
            manifest[key] = value
        else:
            manifest["entries"][0][key] = value
    text = json.dumps(manifest).encode()
    return archive({**parts, MANIFEST: text, DIGEST: f"{hashlib.sha256(text).hexdigest()}  {MANIFEST}\n".encode()})


def odd(kind: bytes, name: str = "content/x", size: int = 0) -> bytes:
    header = tarfile.TarInfo(name)
    header.type, header.size, header.linkname = kind, size, "/etc/shadow"
    return archive(members(pack(backup())), header)


def cut(at: int) -> bytes:
    return pack(backup())[:at]


def changed(part: str) -> bytes:
    parts = members(pack(backup()))
    name = next(each for each in parts if each.startswith(part))
    return archive({**parts, name: parts[name].replace(b"ExecStart", b"ExecStopp").replace(b"0644", b"4755")})


ATTACKS: dict[str, tuple[Callable[[], bytes], str]] = {
    "no archive": (lambda: b"hello", "damaged"),
    "nothing": (lambda: b"", "damaged|not a backup"),
    "another archive": (lambda: archive({"etc/passwd": b"x"}), "not a backup"),
    "cut off in a header": (lambda: cut(700), "damaged|not a backup"),
    "cut off in a content": (lambda: pack(backup()).split(TEXT)[0] + TEXT[:5], "damaged"),
    "changed manifest": (lambda: changed(MANIFEST), "its manifest is not what was saved"),
    "changed content": (lambda: changed("content/"), "is not what was saved"),
    "newer": (lambda: said(format=FORMAT + 1), "a backup of format 2, and this qtctl reads format 1"),
    "format of no kind": (lambda: said(format="x"), "damaged"),
    "symlink": (lambda: odd(tarfile.SYMTYPE), "not a regular file"),
    "hard link": (lambda: odd(tarfile.LNKTYPE), "not a regular file"),
    "device": (lambda: odd(tarfile.CHRTYPE), "not a regular file"),
    "fifo": (lambda: odd(tarfile.FIFOTYPE), "not a regular file"),
    "folder": (lambda: odd(tarfile.DIRTYPE), "not a regular file"),
    "sparse": (lambda: odd(tarfile.GNUTYPE_SPARSE), "not a regular file|cannot be read"),
    "huge member": (lambda: odd(tarfile.REGTYPE, size=9 << 20), "larger than 8 MiB"),
    "member of a host's path": (lambda: odd(tarfile.REGTYPE, "../../etc/shadow"), "an unexpected member"),
    "content that nothing names": (lambda: odd(tarfile.REGTYPE, f"content/{'0' * 64}"), "an unexpected member"),
    "member twice": (lambda: odd(tarfile.REGTYPE, MANIFEST), "a surplus member"),
    "content that is missing": (lambda: said(sha256="1" * 64), "damaged"),
    "path with ..": (lambda: said(path="/etc/systemd/system/../../shadow"), "not a plain path"),
    "path with a line break": (lambda: said(path=f"{PATH}\nx"), "not a plain path"),
    "relative path": (lambda: said(path="etc/x"), "not a plain path"),
    "mode of no kind": (lambda: said(mode="0644; reboot"), "mode is not valid"),
    "owner of no kind": (lambda: said(owner="-x"), "owner is not an account"),
    "link to nowhere": (lambda: said(kind="link", target=""), "damaged"),
    "unknown kind": (lambda: said(kind="device"), "manifest cannot be read"),
    "unit of no kind": (lambda: said(units=[{"unit": "--help", "load": "", "active": "", "sub": "", "file_state": ""}]),
                        "which is not a unit"),
}  # fmt: skip


def test_a_backup_reads_back_as_it_was_written() -> None:
    made = backup()
    assert unpack(pack(made), "b") == made
    assert pack(unpack(pack(made), "b")) == pack(made)


@pytest.mark.parametrize("case", ATTACKS)
def test_what_is_no_whole_backup_is_refused(case: str) -> None:
    make, why = ATTACKS[case]
    with pytest.raises(InputError, match=why) as raised:
        unpack(make(), "somewhere.qtbackup")
    assert len(str(raised.value).splitlines()) == 1
    assert raised.value.place is not None


@pytest.mark.parametrize("end", range(0, 3000, 97))
def test_a_backup_that_is_cut_off_anywhere_is_refused(end: int) -> None:
    whole = pack(backup())
    assert end < len(whole.rstrip(b"\0"))
    with pytest.raises(InputError):
        unpack(whole[:end], "b")


@pytest.mark.parametrize(
    "path",
    [
        "/etc/shadow",
        "/etc/cron.d/quantum-a",
        "/etc/systemd/system/ssh.service",
        "/etc/systemd/system/ssh.service.d/quantum-a.conf",
        "/etc/systemd/system/multi-user.target.wants/ssh.service",
        "/etc/systemd/system/.quantum-a.service",
        "/etc/systemd/system//quantum-a.service",
        "/etc/systemd/system/a/b/quantum-a.service",
        "/usr/lib/systemd/system/quantum-a.service",
        "/run/systemd/system/quantum-a.service",
        "/etc/systemd/systemx/quantum-a.service",
        "/var/lib/systemd/timers/stamp-other.timer",
        "/etc/quantum/sub/x.env",
        "/etc/sysusers.d/other.conf",
    ],
)
def test_a_path_without_a_name_of_the_fleet_is_refused(path: str) -> None:
    held = unpack(pack(backup(Entry(path, EntryKind.FILE, *RIGHTS, sha256=SHA))), "b")
    with pytest.raises(InputError, match="which does not belong to") as raised:
        check(aim_at_backup(held, FLEET), FLEET, "b")
    assert path in raised.value.what


def test_a_foreign_link_to_a_unit_of_the_fleet_is_no_way_around_that() -> None:
    link = Entry("/etc/cron.d/x", EntryKind.LINK, "", "root", "root", target="/x/quantum-a.service")
    with pytest.raises(InputError, match="which does not belong to"):
        check(aim_at_backup(unpack(pack(backup(link)), "b"), FLEET), FLEET, "b")


def test_a_unit_without_a_name_of_the_fleet_is_neither_started_nor_stopped() -> None:
    made = backup()
    units = (*made.manifest.units, UnitThen("ssh.service", "loaded", "inactive", "dead", "enabled"))
    with pytest.raises(InputError, match=r"ssh\.service, which does not belong to"):
        check(aim_at_backup(Backup(replace(made.manifest, units=units), made.contents), FLEET), FLEET, "b")


@pytest.mark.parametrize("wrong", [{"host": "h2"}, {"fleet": "other"}])
def test_a_backup_of_another_host_or_fleet_is_refused(wrong: dict[str, str]) -> None:
    made = backup()
    other = Backup(replace(made.manifest, **wrong), made.contents)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"the backup is of .*, not of h1"):
        check(aim_at_backup(other, FLEET), FLEET, "b")


def test_a_backup_is_a_file_of_its_owner_alone_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "x.qtbackup"
    write_new(path, b"1")
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(InputError, match="already exists"):
        write_new(path, b"2")
    assert read_own(path, LARGEST) == b"1"


def test_a_backup_that_others_could_have_written_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.qtbackup"
    write_new(path, b"1")
    path.chmod(0o622)
    with pytest.raises(InputError, match="mode 0622, should be 0600"):
        read_own(path, LARGEST)
    path.chmod(0o1666)
    with pytest.raises(InputError, match="mode 1666, should be 0600"):
        read_own(path, LARGEST)
    path.chmod(0o600)
    link = tmp_path / "y.qtbackup"
    link.symlink_to(path)
    for odd_one, why in ((link, "a link"), (tmp_path, "a folder")):
        with pytest.raises(InputError, match=why):
            read_own(odd_one, LARGEST)
    with pytest.raises(InputError, match="larger than"):
        read_own(path, 0)


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a file away")
def test_a_backup_that_another_takes_the_place_of_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder of another account, which exchanges the two files after the first look."""
    path, theirs = tmp_path / "x.qtbackup", tmp_path / "theirs"
    write_new(path, b"mine")
    write_new(theirs, b"theirs")
    os.chown(theirs, 1000, 1000)
    open_file = os.open

    def exchange(name: Any, *more: Any, **options: Any) -> int:
        if name == path.name:
            theirs.rename(path)
        return open_file(name, *more, **options)

    monkeypatch.setattr(os, "open", exchange)
    with pytest.raises(InputError, match="belongs to another account"):
        read_own(path, LARGEST)


@pytest.mark.parametrize(
    ("path", "read"),
    [
        ("/etc/systemd/system/quantum-a.service", True),
        ("/etc/systemd/system/quantum-x.service.d/by-hand.conf", True),
        ("/etc/quantum/a.env", True),
        ("/etc/quantum/a.secret.env", False),
        ("/etc/quantum/left-by-somebody.env", False),
        ("/srv/keys/a.env", False),
    ],
)
def test_what_may_hold_secrets_is_not_read_for_a_digest_either(path: str, read: bool) -> None:
    first, *others = FLEET.services
    guarded = replace(first, secrets_file="/srv/keys/a.env")
    names = FleetNames.of(replace(FLEET, services=(guarded, *others)))
    assert names.may_be_read(path) is read


@pytest.mark.parametrize(
    ("said_by_find", "time"),
    [
        ("1795960698.5698448030", "1795960698.569844803"),
        ("1.0000000000", "1.000000000"),
        ("1000000.2500000000", "1000000.250000000"),
        ("-315619200.5000000000", "-315619200.500000000"),
        ("99999999999.0000000000", "99999999999.000000000"),
    ],
)
def test_a_stamp_of_any_time_is_held(said_by_find: str, time: str) -> None:
    path = "/var/lib/systemd/timers/stamp-quantum-a.timer"
    (row,) = parse_listing(f"f\t644\troot\troot\t0\t{said_by_find}\t{path}\0\0end\0\0".encode())
    assert row.time == time
    entry = Entry(path, EntryKind.STAMP, *RIGHTS, sha256=hashlib.sha256(b"").hexdigest(), time=row.time)
    assert unpack(pack(backup(entry)), "b").manifest.entries[-1] == entry


def test_nothing_is_written_that_could_not_be_read_back() -> None:
    odd = Entry(PATH.replace("-a", "-b"), EntryKind.FILE, "0644", "DESK\\ann", "root", sha256=SHA)
    with pytest.raises(InputError, match=r"a backup cannot hold .*quantum-b.*, whose owner is not an account"):
        pack(backup(odd))
