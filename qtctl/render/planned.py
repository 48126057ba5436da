"""The files that render will make, before any is rendered: enough to know which facts to ask a host for."""

from collections.abc import Iterator
from dataclasses import replace

from qtctl.model.desired import Desired
from qtctl.model.desired_file import DesiredFile
from qtctl.model.names import UNIT_DIR
from qtctl.model.origin import Origin
from qtctl.render.accounts import list_paths
from qtctl.render.originals import apply_originals

DROPIN = "dropin"


def plan_files(desired: Desired) -> Desired:
    """`desired` with the files that `render` would add, sorted by path, each without content."""
    return replace(desired, files=apply_originals(_list_files(desired), desired.originals))


def _list_files(desired: Desired) -> Iterator[DesiredFile]:
    yield from (_plan_unit(each.unit, each.origin) for each in desired.generated_units())
    for service in desired.env_services():
        if service.env_file:
            yield DesiredFile(service.env_file, b"", "0600", "root", "root", "", "env", service.unit, service.origin)
    for dropin in desired.dropins:
        yield DesiredFile(dropin.path, b"", "0644", "root", "root", "", DROPIN, dropin.unit, dropin.origin)
    for path, kind, origin in list_paths(desired):
        yield DesiredFile(path, b"", "0644", "root", "root", "", kind, path, origin)


def _plan_unit(unit: str, origin: Origin) -> DesiredFile:
    return DesiredFile(f"{UNIT_DIR}/{unit}", b"", "0644", "root", "root", "", "unit", unit, origin)
