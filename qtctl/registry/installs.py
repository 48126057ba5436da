"""Code and virtual environments that a deploy could not install as declared."""

from collections.abc import Iterator
from posixpath import normpath

from qtctl.dialects.python_lock import UnreadLock, read_pinned
from qtctl.model.origin import Origin
from qtctl.model.registry import Registry
from qtctl.rules.problem import Problem

_OWN = "/opt/qtctl"
_HASHES = (
    "`uv pip compile --generate-hashes` and `pip-compile --generate-hashes` write one, below locks/ of the registry"
)


def check_installs(registry: Registry) -> Iterator[Problem]:
    for name, code in registry.code.items():
        if code.install and code.state == "present" and code.commit is None:
            origin = registry.origins["code", name].at("install")
            yield Problem(
                "it has no commit to install", origin, 'say which: commit = "…", as `git rev-parse` prints it'
            )
    yield from _check_venvs(registry)
    yield from _check_places(registry)


def _check_venvs(registry: Registry) -> Iterator[Problem]:
    for name, venv in registry.venvs.items():
        if venv.build is None or venv.state != "present":
            continue
        origin = registry.origins["venvs", name].at("build")
        if venv.lock is None:
            yield Problem("it has no lock file to be built from", origin, _HASHES)
        elif venv.lock.endswith((".toml", "uv.lock")):
            yield Problem(f"it cannot be built from {venv.lock}", origin, f"requirements with hashes: {_HASHES}")
        elif venv.lock in registry.lock_texts:
            try:
                read_pinned(registry.lock_texts[venv.lock])
            except UnreadLock as error:
                yield Problem(f"it cannot be built from {venv.lock}, line {error.line}: {error}", origin, _HASHES)


def _check_places(registry: Registry) -> Iterator[Problem]:
    """The path becomes a link, so nothing else can be below it, and its parent folder belongs to root."""
    places = list(_list_places(registry))
    for path, origin in places:
        at_root = path.rpartition("/")[0] == ""
        if path == _OWN or path.startswith(f"{_OWN}/") or at_root or normpath(path) != path:
            yield Problem(f"nothing can be installed at {path}", origin, "a folder of its own, as /srv/shop/code")
        for other, _ in places:
            if other != path and path.startswith(f"{other}/"):
                yield Problem(f"{path} is in {other}, which is installed too", origin, "declare another path for it")


def _list_places(registry: Registry) -> Iterator[tuple[str, Origin]]:
    for name, code in registry.code.items():
        if code.install and code.state == "present":
            yield code.path.rstrip("/"), registry.origins["code", name].at("path")
    for name, venv in registry.venvs.items():
        if venv.build and venv.state == "present":
            yield venv.path.rstrip("/"), registry.origins["venvs", name].at("path")
