"""What changed between snapshots, compose projects and module registries."""

from collections.abc import Sequence
from pathlib import Path

from qtctl.api.snapshot import find_all
from qtctl.errors import InputError
from qtctl.history.evolve import Source, evolve, make_source
from qtctl.interfaces.snapshot_store import SnapshotStore
from qtctl.model.evolution import Evolution
from qtctl.model.snapshot import Inventory

MOST = 1000
"""Sources in one timeline."""


def compare(store: SnapshotStore, names: Sequence[str]) -> Evolution:
    """In the order of `names`: snapshots as `find_all` reads them, FILE.yml of Compose, FILE.json of modules."""
    sources = [source for name in names for source in _read(store, name)]
    if len(sources) > MOST:
        raise InputError(f"{len(sources)} sources, at most {MOST} are compared", hint="name fewer of them")
    _check_distinct(sources)
    return evolve(sources)


def _check_distinct(sources: Sequence[Source]) -> None:
    """InputError if two of them are one snapshot: nothing can have changed between them."""
    seen: set[str] = set()
    for each in sources:
        if each.digest and each.digest in seen:
            raise InputError(f"{each.source} is named twice", hint="`qtctl snapshot list` shows what else there is")
        seen.add(each.digest)


def _read(store: SnapshotStore, name: str) -> list[Source]:
    suffix = Path(name).suffix
    if suffix in (".yml", ".yaml"):
        return [Source(name, _read_compose(Path(name)))]
    if suffix == ".json":
        return [_read_modules(Path(name))]
    return [make_source(each.snapshot, each.stored.where) for each in find_all(store, name)]


def _read_compose(path: Path) -> Inventory:
    from qtctl.adapters.compose_files import read_named, read_setting, read_texts  # noqa: PLC0415 - YAML takes long to load
    from qtctl.dialects.compose.load import load_project, make_compose  # noqa: PLC0415
    from qtctl.history.compose_rows import read_compose  # noqa: PLC0415

    project = load_project(read_texts((path,)), read_setting((path,), (), (), lenient=True), read_named)
    return read_compose(make_compose(project), project.values)


def _read_modules(path: Path) -> Source:
    from qtctl.adapters.files import read_text  # noqa: PLC0415
    from qtctl.dialects.json_text import read_json  # noqa: PLC0415
    from qtctl.history.module_rows import read_modules  # noqa: PLC0415

    hint = "a module registry, or name a snapshot"
    document = read_json(read_text(path), str(path), hint)
    inventory = read_modules(document, str(path))
    return Source(str(path), inventory, _get_text(document, "host"), _get_text(document, "generated_at"))


def _get_text(document: object, key: str) -> str:
    value = document.get(key) if isinstance(document, dict) else None
    return value[:200] if isinstance(value, str) else ""
