"""Adopted files of a host: which still count as they were, and which drop-ins become empty.

If a drop-in was merged into its unit, its lists would count twice once the merged unit is written. So the drop-in is
declared as an empty file: taking over the unit takes over the drop-in too.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

from qtctl.dialects.systemd.unitfile import merge_effective, parse
from qtctl.model.desired_file import DesiredFile
from qtctl.model.desired_original import DesiredOriginal
from qtctl.render.written import mark

_EMPTY = "# What it said was adopted into {path}.\n"


def digest_of(file: DesiredFile) -> str:
    """A digest of what systemd reads in a rendered unit or drop-in: comments and the order of keys do not count."""
    found = merge_effective(parse(file.content.decode(), file.subject))
    said = [[*at, *values] for at, values in sorted(found.items())]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def apply_originals(files: Iterable[DesiredFile], originals: Iterable[DesiredOriginal]) -> tuple[DesiredFile, ...]:
    """Sorted by path. An original counts if its file is rendered as it was when adopted, or not rendered yet."""
    found = {file.path: file for file in files}
    for original in originals:
        file = found.get(original.path)
        if file is None or not file.of_unit:
            continue
        counts = original if not file.content or digest_of(file) == original.says else None
        found[file.path] = replace(file, original=counts)
        for path in _list_dropins(original):
            found.setdefault(path, _make_empty_dropin(path, file, original, counts))
    return tuple(found[path] for path in sorted(found))


def _list_dropins(original: DesiredOriginal) -> Iterator[str]:
    return (path for path, _ in original.files if path.endswith(".conf") and path != original.path)


def _make_empty_dropin(
    path: str, file: DesiredFile, original: DesiredOriginal, counts: DesiredOriginal | None
) -> DesiredFile:
    text = f"{mark(original.origin.file)}\n{_EMPTY.format(path=file.path)}" if file.content else ""
    content = text.encode()
    digest = hashlib.sha256(content).hexdigest() if content else ""
    return DesiredFile(
        path,
        content,
        "0644",
        "root",
        "root",
        digest,
        "dropin",
        file.subject,
        original.origin,
        counts,
        may_be_absent=True,
    )
