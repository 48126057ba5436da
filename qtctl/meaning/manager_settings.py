"""Settings of systemd's own files: system.conf, journald.conf and the drop-ins beside them."""

from collections.abc import Iterable, Iterator


def list_last_assignments(rows: Iterable[list[str]]) -> Iterator[tuple[str, str, str]]:
    """Key, file and value of what counts, from rows of file, key and value.

    The last assignment of each key counts: drop-ins are read by name, whatever their folder.
    """
    ordered = sorted(rows, key=lambda row: _describe_place(row[0]))
    last = {key: (path, value.strip()) for path, key, value in ordered}
    yield from ((key, path, value) for key, (path, value) in last.items())


def _describe_place(path: str) -> tuple[bool, str]:
    folder, _, name = path.rpartition("/")
    return folder.endswith(".d"), name if folder.endswith(".d") else ""
