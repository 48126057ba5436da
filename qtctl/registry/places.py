"""Where something is declared in a registry's files."""

from collections.abc import Mapping

from qtctl.dialects.toml.positions import Path, get_line, get_written_line, map_lines, map_written
from qtctl.errors import Place
from qtctl.model.origin import Origin


class Places:
    """The lines of each file are located once, and only when needed."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self._lines: dict[str, dict[Path, int]] = {}
        self._written: dict[str, dict[str, int]] = {}

    def of(self, origin: Origin) -> Place:
        """File and line of a declared value, or of the entry around it."""
        if origin.file not in self._files:
            return Place(origin.file)
        return Place(origin.file, get_line(self.map_lines(origin.file), origin.path) or 1)

    def of_written(self, origin: str) -> Place:
        """As `of`, for an origin as written in a check: `services/x.toml#ports.http`."""
        file, _, path = origin.partition("#")
        if file not in self._files:
            return Place(file)
        if file not in self._written:
            self._written[file] = map_written(self.map_lines(file))
        return Place(file, get_written_line(self._written[file], path) or 1)

    def map_lines(self, file: str) -> dict[Path, int]:
        """The line of every key path in one of the files."""
        if file not in self._lines:
            self._lines[file] = map_lines(self._files[file].decode("utf-8", "replace"))
        return self._lines[file]
