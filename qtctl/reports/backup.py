"""What a backup holds: paths with their rights, units, and what is not in it; JSON. No contents."""

from collections.abc import Iterable
from pathlib import Path

from pydantic import Field

from qtctl.model.backup import Backup, Entry, EntryKind
from qtctl.reports.document import SCHEMA_VERSION, Part, dump
from qtctl.version import VERSION


class BackupEntry(Part):
    path: str
    kind: EntryKind = Field(
        description="present: it may hold secrets, so its content is not copied; other: it is never copied"
    )
    mode: str = Field(description="empty for a link")
    owner: str
    group: str
    target: str = Field(description="the target of a link")
    sha256: str | None = Field(description="digest of a copied file")
    time: str = Field(description="time of a timer's stamp file, in seconds since the epoch")
    why: str = Field(description="for kind other: why it is not copied")


class BackupUnit(Part):
    """The state in which a unit was."""

    unit: str
    load: str
    active: str
    sub: str
    file_state: str


class BackupHead(Part):
    file: str
    fleet: str
    host: str
    address: str
    hostname: str
    taken_at: str = Field(description="UTC, ISO 8601")
    by: str
    qtctl_version: str = Field(description="version of qtctl that took it")
    bytes: int = Field(description="size of all contents")


class BackupReport(Part):
    """One backup."""

    schema_version: int = SCHEMA_VERSION
    qtctl_version: str
    backup: BackupHead
    entries: tuple[BackupEntry, ...]
    units: tuple[BackupUnit, ...]


class BackupProblem(Part):
    """A file that is not a backup, or cannot be restored."""

    file: str
    problem: str


class BackupsReport(Part):
    """The backups in this machine's folder, newest first."""

    schema_version: int = SCHEMA_VERSION
    qtctl_version: str
    backups: tuple[BackupHead, ...]
    problems: tuple[BackupProblem, ...]


def build_report(path: Path, backup: Backup) -> BackupReport:
    manifest = backup.manifest
    units = tuple(
        BackupUnit(unit=each.unit, load=each.load, active=each.active, sub=each.sub, file_state=each.file_state)
        for each in manifest.units
    )
    return BackupReport(
        qtctl_version=VERSION,
        backup=build_head(path, backup),
        entries=tuple(map(_make_entry, manifest.entries)),
        units=units,
    )


def build_head(path: Path, backup: Backup) -> BackupHead:
    manifest = backup.manifest
    return BackupHead(
        file=str(path),
        fleet=manifest.fleet,
        host=manifest.host,
        address=manifest.address,
        hostname=manifest.hostname,
        taken_at=manifest.taken_at,
        by=manifest.by,
        qtctl_version=manifest.version,
        bytes=sum(map(len, backup.contents.values())),
    )


def build_list(found: Iterable[tuple[Path, Backup]], problems: Iterable[tuple[Path, str]]) -> BackupsReport:
    return BackupsReport(
        qtctl_version=VERSION,
        backups=tuple(build_head(*each) for each in found),
        problems=tuple(BackupProblem(file=str(path), problem=why) for path, why in problems),
    )


def _make_entry(entry: Entry) -> BackupEntry:
    digest = entry.sha256 if entry.has_content else None
    return BackupEntry(
        path=entry.path, kind=entry.kind, mode=entry.mode, owner=entry.owner, group=entry.group, target=entry.target,
        sha256=digest, time=entry.time, why=entry.why,
    )  # fmt: skip


def to_json(report: BackupReport | BackupsReport) -> str:
    return dump(report)
