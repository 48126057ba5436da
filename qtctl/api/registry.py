"""Load a registry, and declare what a host of it must have."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qtctl.adapters.files import read_registry
from qtctl.adapters.templates import load_unit_templates
from qtctl.flows.declare import Loaded, check_loadable
from qtctl.flows.declare import declare as declare_host
from qtctl.flows.declared import Declared
from qtctl.model.desired_file import DesiredFile
from qtctl.model.registry import Registry
from qtctl.registry.load import load as load_files

__all__ = ["LoadedRegistry", "declare", "declare_loadable", "list_files", "load"]


@dataclass(frozen=True, slots=True)
class LoadedRegistry:
    """A registry that has no error. `files`: content by path relative to its folder."""

    registry: Registry
    files: Mapping[str, bytes]


def load(folder: Path) -> LoadedRegistry:
    """Load a registry. InputErrors with everything that is wrong."""
    files = read_registry(folder)
    return LoadedRegistry(load_files(files), files)


def declare(folder: Path, target: str = "", *, templates: Path | None = None, as_name: str | None = None) -> Loaded:
    """What the registry host must have that `target` is or stands in for: `as_name`, itself, or the only one.

    `templates`: a folder of unit templates, instead of the shipped ones. InputErrors with everything that is wrong.
    """
    return declare_host(read_registry(folder), load_unit_templates(templates), target, as_name)


def declare_loadable(
    folder: Path, target: str = "", *, templates: Path | None = None, as_name: str | None = None
) -> Loaded:
    """As `declare`; InputErrors, with id QT118, also for units that the host's systemd would refuse."""
    texts = load_unit_templates(templates)
    return check_loadable(declare_host(read_registry(folder), texts, target, as_name), texts)


def list_files(declared: Declared) -> tuple[DesiredFile, ...]:
    """Every file that the host must have of the fleet, rendered: path, content, mode, owner."""
    return declared.desired.files
