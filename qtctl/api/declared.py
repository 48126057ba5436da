"""What a host must have, without loading the registry: from the cache of an audit, if possible."""

from pathlib import Path

from qtctl.flows.cached_desired import CachedDesired
from qtctl.flows.declared import Declared
from qtctl.flows.target import Target


def declare_known(folder: Path, target: str, *, templates: Path | None = None, as_name: str | None = None) -> Declared:
    """As `api.registry.declare`, but reuses what an audit has cached for exactly the same files."""
    known = CachedDesired(Target(folder, target, as_name, templates=templates)).get_cached()
    if known is not None:
        return known
    from qtctl.api.registry import declare  # noqa: PLC0415 - pydantic's models and jinja2

    return declare(folder, target, templates=templates, as_name=as_name)
