"""Everything that a throwaway host needs to run the fleet's units; not the units themselves."""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TypeVar

from qtctl.dialects.systemd.specifiers import expand
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.tree import Tree, TreeDir, TreeFile, TreeLink
from qtctl.stage import accounts, externals, programs, standins
from qtctl.stage.paths import normalise_path

SYSTEM_DIRS = {
    "/", "/bin", "/boot", "/dev", "/dev/shm", "/etc", "/etc/systemd", "/home", "/lib", "/lib64", "/media", "/mnt",  # noqa: S108
    "/opt", "/proc", "/root", "/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/usr/bin", "/usr/lib", "/usr/local",  # noqa: S108
    "/usr/local/bin", "/usr/local/lib", "/usr/local/sbin", "/usr/sbin", "/usr/share", "/var", "/var/cache", "/var/lib",
    "/var/log", "/var/run", "/var/spool", "/var/tmp",  # noqa: S108
}  # fmt: skip
"""Folders of every root file system: they keep their owner and mode."""
VOLATILE = ("/run/", "/tmp/", "/dev/shm/", "/var/run/")  # noqa: S108
"""Folders below these are gone after a boot: systemd-tmpfiles creates them again."""
PLACEHOLDER = "lab-placeholder"
_PATTERN = re.compile(r"[*?\[%]")
"""A path that is a pattern for many, or that only the host can complete."""


P = TypeVar("P", TreeDir, TreeFile, TreeLink)


def make_lab_tree(desired: Desired, *, audit_user: str, deploy_user: str) -> Tree:
    """Accounts, folders, venvs, secrets with placeholder values, stand-in programs and stub units.

    InputError if the auditing account is root, runs services, or also deploys.
    """
    venv_dirs, venv_files, venv_links = programs.make_venvs(desired)
    localtime = TreeLink("/etc/localtime", f"/usr/share/zoneinfo/{desired.timezone}")
    files = [
        *venv_files,
        *programs.make_uvicorn_package(),
        *(file for service in desired.services for file in programs.make_program_files(service)),
        *(file for service in desired.services for file in programs.make_command_files(service)),
        *externals.make_external_files(desired),
        *externals.make_named_files(desired),
        *externals.make_feeder_files(desired),
        *_list_secrets_files(desired.services),
        *_list_credentials(desired.services),
        *_list_env_files(desired.services),
        *_list_volatile_files(desired.services),
        standins.make_specs_file(standins.make_stand_ins(desired)),
        TreeFile("/etc/timezone", f"{desired.timezone}\n".encode()),
    ]
    return Tree(
        accounts=accounts.stage_accounts(desired, audit_user, deploy_user),
        dirs=_sort_by_path([*_list_env_dirs(desired.services), *_list_service_dirs(desired.services), *venv_dirs]),
        files=_sort_by_path(files),
        links=_sort_by_path([*venv_links, *externals.make_masks(desired), localtime]),
        enable=externals.list_enabled(desired),
    )


def _sort_by_path(found: Iterable[P]) -> tuple[P, ...]:
    """Sorted, so that parents come before children; if a path occurs twice, the first counts."""
    chosen: dict[str, P] = {}
    for each in found:
        chosen.setdefault(normalise_path(each.path), each)
    return tuple(replace(chosen[path], path=path) for path in sorted(chosen))


def _list_env_dirs(services: Iterable[DesiredService]) -> list[TreeDir]:
    """Root's folders: an ordinary user may list them and see the modes of their files, but read none."""
    paths = {normalise_path(path) for service in services for path in (service.env_file, service.secrets_file) if path}
    folders = sorted({str(PurePosixPath(path).parent) for path in paths})
    return [TreeDir(folder) for folder in folders if folder not in SYSTEM_DIRS]


def _list_service_dirs(services: Iterable[DesiredService]) -> list[TreeDir]:
    """Where services work and write, owned by them; those they only read are root's.

    A folder from which a service of another user starts is root's too: its owner could choose what that one runs.
    """
    services = tuple(services)
    starts = [(accounts.find_owner(service)[0], path) for service in services for path in _list_started_paths(service)]
    owned = [
        TreeDir(path, 0o755, *(accounts.find_owner(service) if _is_own(service, path, starts) else ()))
        for service in services
        for path in _list_written_paths(service)
        if path not in SYSTEM_DIRS and not path.startswith(VOLATILE)
    ]
    read = {
        normalise_path(path)
        for service in services
        for path in _list_paths(service, "ReadOnlyPaths")
        if path.startswith("/")
    }
    read |= {path for service in services for path in _list_log_dirs(service)}
    return [*owned, *(TreeDir(path) for path in sorted(read) if path not in SYSTEM_DIRS)]


def _list_started_paths(service: DesiredService) -> list[str]:
    paths = (service.entry_point, service.venv, *service.argv[:1])
    return [normalise_path(path) for path in paths if path.startswith("/")]


def _is_own(service: DesiredService, folder: str, starts: Iterable[tuple[str, str]]) -> bool:
    """Whether no service of another user starts from below it, or it has to write there."""
    if folder in (normalise_path(path) for path in _list_paths(service, "ReadWritePaths") if path.startswith("/")):
        return True
    owner = accounts.find_owner(service)[0]
    return all(user == owner or not path.startswith(f"{folder}/") for user, path in starts)


def _list_written_paths(service: DesiredService) -> list[str]:
    """Its working directory, if that is a path, and what it may write."""
    directory = service.working_directory.removeprefix("-")
    return [
        normalise_path(path) for path in (directory, *_list_paths(service, "ReadWritePaths")) if path.startswith("/")
    ]


def _list_paths(service: DesiredService, directive: str) -> list[str]:
    """Absolute paths of a list directive, without systemd's `-` and `+` in front."""
    return [path.lstrip("-+") for name, value in service.sandbox if name == directive for path in value.split()]


def _list_log_dirs(service: DesiredService) -> list[str]:
    """Where its output goes to files: systemd opens them as root."""
    outputs = [text for name, text in service.settings if name in ("StandardOutput", "StandardError")]
    return [str(PurePosixPath(normalise_path(text.partition(":")[2])).parent) for text in outputs if ":/" in text]


def _list_volatile_files(services: Iterable[DesiredService]) -> list[TreeFile]:
    """What services write there: systemd-tmpfiles creates folders, and files for their process ids."""
    services = tuple(services)
    lines = {
        f"d {path} 0755 {' '.join(accounts.find_owner(service))}\n"
        for service in services
        for path in _list_written_paths(service)
        if path.startswith(VOLATILE)
    }
    lines |= {
        f"f {path} 0644 {' '.join(accounts.find_owner(service))}\n"
        for service in services
        if (path := dict(service.settings).get("PIDFile", "")).startswith(VOLATILE)
    }
    return [TreeFile("/etc/tmpfiles.d/qtctl-lab.conf", "".join(sorted(lines)).encode())] if lines else []


def _list_credentials(services: Iterable[DesiredService]) -> list[TreeFile]:
    """Credentials that are read from files. Encrypted ones would need the host's own key, and are left out."""
    named = {text for service in services for key, text in service.settings if key == "LoadCredential"}
    paths = sorted({text.partition(":")[2] for text in named})
    return [TreeFile(path, f"{PLACEHOLDER}\n".encode(), 0o600) for path in paths if path.startswith("/")]


def _list_env_files(services: Iterable[DesiredService]) -> list[TreeFile]:
    """Those that the registry names and qtctl does not write: empty files, except for those that may be missing."""
    named = {expand(path, service.unit) for service in services for path in service.env_files}
    plain = sorted(path for path in named if path.startswith("/") and not _PATTERN.search(path))
    return [TreeFile(normalise_path(path), b"", 0o600, yields=True) for path in plain]


def _list_secrets_files(services: Iterable[DesiredService]) -> list[TreeFile]:
    """The files that a host's operators create. In the lab all their values are the same placeholder."""
    keys: dict[str, set[str]] = {}
    for service in services:
        if service.secrets_file:
            keys.setdefault(service.secrets_file, set()).update(service.secrets_keys)
    return [
        TreeFile(path, "".join(f"{key}={PLACEHOLDER}\n" for key in sorted(names)).encode(), 0o600)
        for path, names in sorted(keys.items())
    ]
