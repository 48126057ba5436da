"""originals.toml: which files the host had in place of each generated file when the registry was made."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from qtctl.adopt.names import make_allowed
from qtctl.adopt.outside import find_runtime_dropins
from qtctl.adopt.tables import Made
from qtctl.dialects.paths import resolve_link
from qtctl.dialects.systemd.unit_name import name_instance
from qtctl.model.adoption import Found

Table = dict[str, Any]


def record_originals(
    units: Iterable[Made],
    found: Iterable[Found],
    runtime: Sequence[Found],
    generated: Mapping[str, tuple[str, str]],
) -> Iterator[tuple[str, Table]]:
    """Entry → table. `generated`: unit → the path of its generated file, and the digest of what it says."""
    by_path = {each.path: each for each in found}
    for each in units:
        unit = each.original.unit
        if unit not in generated:
            continue
        path, says = generated[unit]
        files: dict[str, str] = {}
        for read in each.original.read:
            files |= describe_found(by_path[read])
        until = each.table.get("secrets", {}).get("env_file", "") if each.hidden.names else ""
        of_instances = (name_instance(unit, name) for name in each.original.instances)
        others = {other for one in (unit, *of_instances) for other in find_runtime_dropins(one, runtime)}
        table: Table = {"path": path, "says": says, "files": files, "beside": sorted(others), "until": until}
        yield make_allowed(unit), {key: value for key, value in table.items() if value}


def describe_found(found: Found) -> dict[str, str]:
    """The file, or the link and its target, as an audit will see them: path → digest or link."""
    digest = f"sha256:{hashlib.sha256(found.content).hexdigest()}"
    if not found.link_at:
        return {found.path: digest}
    target = resolve_link(found.link_at, found.via)
    inside = "" if found.link_at == found.path else f"/{PurePosixPath(found.path).name}"
    return {found.link_at: f"link:{found.via}", f"{target}{inside}": digest}
