"""Files that services name for their variables and labels: `env_file` and `label_file`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from qtctl.dialects.compose.canonical import SERVICE
from qtctl.dialects.compose.dotenv import read_dotenv, read_raw
from qtctl.dialects.compose.project import Loading
from qtctl.dialects.compose.values import Table
from qtctl.errors import InputError, Place

Value = Any


@dataclass(frozen=True, slots=True)
class Missing:
    """A file that a service names, but that does not exist."""

    service: str
    path: str
    place: Place


@dataclass(slots=True)
class Attached:
    """What the files say. `outside`: variables of the shell. `lenient`: a missing file is listed and is not an error.

    `foreign`: service → variables whose values come from a file outside the project's folder.
    """

    outside: Mapping[str, str]
    loading: Loading
    lenient: bool
    environments: dict[str, Mapping[str, str | None]] = field(default_factory=dict)
    foreign: dict[str, frozenset[str]] = field(default_factory=dict)
    missing: list[Missing] = field(default_factory=list)

    def read_environment(self, name: str, service: Table, *, wanted: bool) -> None:
        """The variables of a service. InputError for a file that is missing or cannot be parsed."""
        own = self._list_own(service)
        read: dict[str, str] = {key: value for key, value in own.items() if value is not None}
        elsewhere: set[str] = set()
        for entry in (service.get("env_file") or ()) if wanted else ():
            path, place = str(entry.get("path", "")), service.line_of("env_file")
            format_ = entry.get("format") or ""
            if format_ not in ("", "raw"):
                what = f"service {name}: env_file: format {str(format_)[:40]!r} is not known to Compose"
                raise InputError(what, hint='"raw", or none', place=place)
            required = entry.get("required") not in (False, "false")
            text = self._read(name, path, place, "env_file", required=required)
            if text is not None:
                look_up = partial(_put_outside_first, self.outside, own)
                read_file = read_raw if format_ else read_dotenv
                before, read = read, read_file(text, path, look_up, read)
                given = {key for key, value in read.items() if before.get(key) != value}
                outside = self.loading.is_outside(path)
                elsewhere = elsewhere | given if outside else elsewhere - given
        self.environments[name] = {**read, **own}
        self.foreign[name] = frozenset(elsewhere - own.keys())

    def read_labels(self, name: str, service: Table, *, wanted: bool) -> dict[str, Value]:
        """The labels of a service that has a `label_file`, together with its own; empty for other services."""
        found: dict[str, str] = {}
        for path, place in self._list_label_files(service) if wanted else ():
            text = self._read(name, path, place, "label_file", required=True)
            if text is not None:
                found = read_dotenv(text, path, found.get, found)
        return {**found, **(SERVICE({"labels": service["labels"]})["labels"] if "labels" in service else {})}

    def _list_own(self, service: Table) -> dict[str, str | None]:
        if "environment" not in service:
            return {}
        own = SERVICE({"environment": service["environment"]}).get("environment", {})
        return {key: self.outside.get(key) if value is None else value for key, value in own.items()}

    def _list_label_files(self, service: Table) -> Iterator[tuple[str, Place]]:
        for path in service.get("label_file") or ():
            yield str(path), service.line_of("label_file")

    def _read(self, name: str, path: str, place: Place, key: str, *, required: bool) -> str | None:
        text = self.loading.read(path)
        if text is None and required:
            if not self.lenient:
                raise InputError(f"service {name}: there is no {key} {path}", place=place)
            self.missing.append(Missing(name, path, place))
        return text


def _put_outside_first(outside: Mapping[str, str], own: Mapping[str, str | None], key: str) -> str | None:
    return outside.get(key, own.get(key))
