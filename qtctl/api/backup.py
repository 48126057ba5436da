"""Backups of what is installed on a host: take, read, list and restore them."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from qtctl.adapters.backup_files import list_files, locate_own_backups, make_folder, read_own, write_new
from qtctl.adapters.clock import SystemClock
from qtctl.api.deploy import DEADLINE_S, describe
from qtctl.api.trail import CallerTrail
from qtctl.apply.backup_archive import LARGEST, pack, unpack
from qtctl.contained.looking import leads_somewhere
from qtctl.engines.connect import connect, make_declared_route
from qtctl.flows import backup as flow
from qtctl.flows.backup import Planned
from qtctl.flows.declared import Declared
from qtctl.flows.steady import STEADY_S
from qtctl.interfaces.progress import Progress, silent
from qtctl.model.backup import Backup
from qtctl.model.trail import Action
from qtctl.plan.identity import allow_stand_in
from qtctl.plan.outcome import DeployOutcome
from qtctl.plan.restore_aim import Aim, aim_at_backup

ENDING = ".qtbackup"


def take(declared: Declared, target: str, *, user: str | None = None) -> Backup:
    """Read what is installed on `target` now. HostError if it could not be read."""
    with connect(make_declared_route(target, declared.desired, user, "deploy")) as host:
        return flow.take(host, allow_stand_in(declared.desired, target), SystemClock(), describe(declared, target))


def save(backup: Backup, out: Path | None = None, *, note: str = "") -> Path:
    """Save it, and return its path: `out`, or a new file in the default folder. InputError if that fails."""
    path = out or _choose(backup, note)
    write_new(path, pack(backup))
    return path


def _choose(backup: Backup, note: str) -> Path:
    folder = locate_own_backups()
    make_folder(folder)
    taken = backup.manifest.taken_at.partition(".")[0].replace("-", "").replace(":", "").removesuffix("Z")
    name = f"{backup.manifest.host}-{taken}Z{note}"
    paths = (folder / f"{name}{f'.{number}' if number else ''}{ENDING}" for number in range(1000))
    return next(path for path in paths if not leads_somewhere(path))


def read(name: str) -> tuple[Path, Backup]:
    """Read a backup. `name`: a path, or a file name in the default folder. InputError if it cannot be used."""
    path = Path(name)
    if "/" not in name and not leads_somewhere(path):
        path = locate_own_backups() / (name if name.endswith(ENDING) else f"{name}{ENDING}")
    return path, unpack(read_own(path, LARGEST), str(path))


def list_backups() -> tuple[Path, ...]:
    """The files of the default folder, newest first."""
    found = list_files(locate_own_backups())
    return tuple(sorted(found, key=lambda path: path.lstat().st_mtime_ns, reverse=True))


def plan_restore(declared: Declared, target: str, backup: Backup, where: str, *, user: str | None = None) -> Planned:
    """What a restore would do. InputError if it is not this host's backup; HostError if the host could not be asked."""
    aim = _aim(backup, declared, where)
    with connect(make_declared_route(target, declared.desired, user, "deploy")) as host:
        return flow.plan_restore(
            host,
            allow_stand_in(declared.desired, target),
            SystemClock(),
            aim,
            _describe_origin(declared, target, backup),
        )


def restore(
    declared: Declared,
    target: str,
    backup: Backup,
    where: str,
    *,
    confirm: Callable[[Planned], bool],
    user: str | None = None,
    progress: Progress = silent,
    deadline_s: float = DEADLINE_S,
    steady_s: float = STEADY_S,
    registry: Path | None = None,
) -> DeployOutcome:
    """Bring `target` back to the backup, by the transaction of a deploy, and check that it is as it was then.

    `registry`: its folder, for the audit trail.

    InputError if the backup is of another host; DeployRefused if the host could not be reached or read.
    """
    return run_restore(
        declared, target, _aim(backup, declared, where), confirm=confirm, user=user, progress=progress,
        deadline_s=deadline_s, steady_s=steady_s, about=_describe_origin(declared, target, backup, registry),
    )  # fmt: skip


def _aim(backup: Backup, declared: Declared, where: str) -> Aim:
    aim = aim_at_backup(backup, declared.desired)
    flow.check(aim, declared.desired, where)
    return aim


def run_restore(
    declared: Declared,
    target: str,
    aim: Aim,
    *,
    confirm: Callable[[Planned], bool],
    user: str | None,
    progress: Progress,
    deadline_s: float,
    steady_s: float,
    about: Mapping[str, str],
) -> DeployOutcome:
    """Restore what was checked. `about`: what the host records."""
    trail = CallerTrail(about)

    def agree(planned: Planned) -> bool:
        agreed = confirm(planned)
        if agreed:
            trail.begin(planned.plan)
        return agreed

    return trail.run(
        lambda: flow.restore(
            partial(connect, make_declared_route(target, declared.desired, user, "deploy")),
            allow_stand_in(declared.desired, target),
            SystemClock(),
            aim,
            confirm=agree,
            progress=progress,
            deadline_s=deadline_s,
            steady_s=steady_s,
            about=about,
        )
    )


def _describe_origin(
    declared: Declared, target: str, backup: Backup, registry: Path | None = None
) -> Mapping[str, str]:
    """The registry of a restored generation is that of the backup; the commit is that of the caller's folder."""
    return {**describe(declared, target, registry, Action.RESTORE), "registry": backup.manifest.registry}
