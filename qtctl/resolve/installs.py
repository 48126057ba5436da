"""Declared code and virtual environments that a deploy installs → those of one host."""

import hashlib
import json

from qtctl.dialects.python_lock import read_pinned
from qtctl.model.code import Code
from qtctl.model.desired_install import DesiredInstall, InstallKind
from qtctl.model.origin import Origin
from qtctl.model.placement import includes_host
from qtctl.model.registry import Registry, Venv

FORMAT = 1
"""Increase it when the same input is built differently."""


def resolve_installs(registry: Registry, host: str) -> tuple[DesiredInstall, ...]:
    """Sorted by path. The registry has been checked: code has a commit, a venv a lock file with hashes."""
    found = [
        _make_code(name, each, registry.origins["code", name])
        for name, each in registry.code.items()
        if each.install and each.state == "present" and includes_host(registry, each.hosts, host)
    ]
    found += [
        _make_venv(registry, name, each)
        for name, each in registry.venvs.items()
        if each.build and each.state == "present" and includes_host(registry, each.hosts, host)
    ]
    return tuple(sorted(found, key=lambda each: each.path))


def _make_code(name: str, code: Code, origin: Origin) -> DesiredInstall:
    commit = code.commit or ""
    kind = InstallKind.CODE
    return DesiredInstall(kind, name, code.path.rstrip("/"), _digest(kind, commit), origin, commit=commit)


def _make_venv(registry: Registry, name: str, venv: Venv) -> DesiredInstall:
    kind, sources = InstallKind.VENV, venv.build == "sources"
    lock = "".join(f"{line}\n" for line in read_pinned(registry.lock_texts[venv.lock or ""]))
    return DesiredInstall(
        kind, name, venv.path.rstrip("/"), _digest(kind, venv.python, sources, lock), registry.origins["venvs", name],
        lock=lock, python=venv.python, sources=sources,
    )  # fmt: skip


def _digest(*parts: str | bool) -> str:
    return hashlib.sha256(json.dumps(["qtctl", FORMAT, *parts]).encode()).hexdigest()
