"""Which systemd the units of a host need."""

from qtctl.dialects.systemd.table.lookup import find_first_version, list_versions
from qtctl.dialects.systemd.unitfile import merge_effective, parse
from qtctl.model.desired import Desired


def find_systemd_needed(desired: Desired) -> int:
    """The first version that may know every directive in the generated files; 0 if any does, and before rendering.

    A directive that 255 knows and 252, the measured version before it, does not may have come with 253.
    """
    files = (file for file in desired.files if file.of_unit)
    used = {at for file in files for at in merge_effective(parse(file.content, file.path))}
    return max((_find_first(section, key) for section, key in used), default=0)


def _find_first(section: str, key: str) -> int:
    known, measured = find_first_version(section, key), list_versions()
    return 0 if known is None or known == measured[0] else measured[measured.index(known) - 1] + 1
