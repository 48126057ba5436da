"""Lock files that venvs.toml names: files of the registry, below locks/."""

from collections.abc import Mapping

from qtctl.dialects.python_lock import LockedPackage, UnreadLock, read_lock
from qtctl.errors import InputError, Place
from qtctl.model.origin import Origin
from qtctl.model.registry import Venv
from qtctl.registry.places import Places

FOLDER = "locks"


def is_lock(path: str) -> bool:
    return path.startswith(f"{FOLDER}/")


def read_locks(
    venvs: Mapping[str, Venv], files: Mapping[str, bytes], places: Places
) -> tuple[dict[str, tuple[LockedPackage, ...]], list[InputError]]:
    """Path → its packages, for each lock file that a venv names; and the errors in these files."""
    found: dict[str, tuple[LockedPackage, ...]] = {}
    errors: list[InputError] = []
    for name, venv in venvs.items():
        if venv.lock is None or venv.lock in found:
            continue
        if venv.lock not in files:
            place = places.of(Origin("venvs.toml", (name, "lock")))
            hint = "put it below locks/ of the registry; a path is relative to the registry"
            errors.append(InputError(f"{venv.lock} is missing from the registry", hint=hint, place=place))
            continue
        try:
            found[venv.lock] = read_lock(venv.lock, files[venv.lock])
        except UnreadLock as error:
            errors.append(_make_error(venv.lock, error))
    return found, errors


def _make_error(path: str, error: UnreadLock) -> InputError:
    hint = "a lock file names every package with its version: pip-compile, uv lock and uv pip compile write them"
    return InputError(f"it is not a lock file that can be read: {error}", hint=hint, place=Place(path, error.line or 1))
