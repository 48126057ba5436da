"""Which parts of a registry could not be read, and which problems in the rest are certain anyway."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from qtctl.dialects.endpoints import TAG_SIGN
from qtctl.dialects.nearest import Known, Suggestion
from qtctl.model.origin import Origin
from qtctl.model.registry import Fleet, Registry
from qtctl.model.unit_kinds import UNIT_TABLES
from qtctl.registry.check import check
from qtctl.rules.problem import Problem

M = TypeVar("M", bound=BaseModel)
Path = tuple[str, ...]

NAMED_BY: Mapping[str, tuple[str, ...]] = {
    "hosts": ("hosts",),
    "on": ("hosts",),
    "venv": ("venvs",),
    "target": ("targets",),
    "within": ("targets",),
    "slice": ("slices",),
    "external": ("externals",),
    "store": ("stores",),
    "port": (),
    "tags": (),
    **dict.fromkeys(("publishes", "consumes", "writes", "reads", "passes"), ("keys",)),
}
"""Key → the tables whose names it may hold; any other key holds names of units and externals."""
UNITS = (*UNIT_TABLES, "externals")
NAMING = frozenset({"unit", "aliases", "instances", "where", "what"})
"""Keys with other names of an entry."""
STAND_INS: Mapping[Path, object] = {
    ("name",): "fleet",
    ("unit_patterns",): [],
    ("env_dir",): "/",
    ("defaults",): {"user": "root", "group": "root", "code": "/"},
    ("defaults", "user"): "root",
    ("defaults", "group"): "root",
    ("defaults", "code"): "/",
}
"""Placeholders for values that fleet.toml must have, so that the rest can be checked. No problem depends on them."""
_TAGGING = ("hosts.toml", "fleet.toml")
"""Files that declare tags."""
_ROUNDS = 5
_MOST_UNREAD = 200
"""The most unread names in a table: each one is compared with every unknown name."""


@dataclass(slots=True)
class Damage:
    """`entries`: the damaged paths in each table that was read, by file and entry. `unread`: entries of which only
    the name was read, by table. `lost`: tables of which not even the names were read.
    """

    entries: dict[tuple[str, Path], list[Path]] = field(default_factory=dict)
    unread: dict[str, set[str]] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)

    def note(self, origin: Origin, paths: list[Path]) -> None:
        self.entries.setdefault((origin.file, origin.path), []).extend(paths)

    def list_certain(self, registry: Registry) -> list[Problem]:
        """Problems that do not depend on what is damaged: unknown names, and problems of intact entries."""
        of_fleet = {path[:1] for path in self.entries.get(("fleet.toml", ()), ())}
        if of_fleet & {("unit_prefix",), ("unit_patterns",)}:
            return []
        damaged = {file for file, _ in self.entries}
        whole = [
            each for each in check(self._drop_damaged(registry)) if not each.name and each.origin.file not in damaged
        ]
        if "timers" in self.lost or "timers.toml" in damaged:
            whole = [each for each in whole if each.id != "QT102"]
        unsure = self._list_unsure()
        named = [each for each in check(registry) if each.name and not unsure & {*_list_tables(each)}]
        nowhere = [each for each in named if self._leads_nowhere(each)]
        unread = {tables: self._list_unread(tables) for tables in map(_list_tables, nowhere)}
        return [*whole, *(_add_hint(each, unread[_list_tables(each)]) for each in nowhere)]

    def _drop_damaged(self, registry: Registry) -> Registry:
        """The registry without damaged entries."""
        kept: dict[str, Any] = {}
        for (table, name), origin in registry.origins.items():
            if (origin.file, origin.path) in self.entries:
                kept.setdefault(table, dict(getattr(registry, table))).pop(name, None)
        return replace(registry, **kept)

    def _list_unsure(self) -> set[str]:
        """Tables in which some names could not be read."""
        many = {table for table, names in self.unread.items() if len(names) > _MOST_UNREAD}
        naming = {path[0] for paths in self.entries.values() for path in paths if path} & NAMING
        return self.lost | many | ({*UNITS} if naming else set())

    def _leads_nowhere(self, problem: Problem) -> bool:
        """Whether an unknown name certainly refers to nothing: no unread entry can have it, and its key is intact."""
        if _names_tag(problem) and self._may_lack_tags():
            return False
        unread = (name for table in _list_tables(problem) for name in self.unread.get(table, ()))
        if any(name in problem.name for name in unread):
            return False
        return not any(_touches(path, rest) for path, rest in self._list_below(problem.origin))

    def _may_lack_tags(self) -> bool:
        """Whether there may be tags that were not read."""
        tags = (path for (file, _), paths in self.entries.items() if file in _TAGGING for path in paths)
        return "hosts" in self.unread or any(path[:1] == ("tags",) for path in tags)

    def _list_unread(self, tables: tuple[str, ...]) -> Known | None:
        names = sorted({name for table in tables for name in self.unread.get(table, ())})
        return Known(names) if names else None

    def _list_below(self, origin: Origin) -> Iterator[tuple[Path, Path]]:
        """The damaged paths in the entry that an origin belongs to, each with the origin's own path below the entry."""
        for entry in ((), origin.path[:1]):
            for path in self.entries.get((origin.file, entry), ()):
                yield path, origin.path[len(entry) :]


def _add_hint(problem: Problem, unread: Known | None) -> Problem:
    """Adds the name that was probably meant, if it is that of an entry that could not be read."""
    if unread is None or isinstance(problem.hint, Suggestion):
        return problem
    return replace(problem, hint=unread.suggest(problem.name) or "correct the name, or declare it")


def _list_tables(problem: Problem) -> tuple[str, ...]:
    """The tables that may declare what a problem names."""
    if problem.name.startswith(TAG_SIGN):
        return ("hosts",)
    return next((NAMED_BY[key] for key in reversed(problem.origin.path) if key in NAMED_BY), UNITS)


def _names_tag(problem: Problem) -> bool:
    return problem.name.startswith(TAG_SIGN) or "tags" in problem.origin.path[-1:]


def _touches(damaged: Path, path: Path) -> bool:
    """Whether damage affects a path. If the state of an entry could not be read, nothing in the entry is certain."""
    if damaged[:1] == ("state",) or (path == ("run", "port") and damaged[:1] == ("ports",)):
        return True
    shorter = min(len(damaged), len(path))
    return damaged[:shorter] == path[:shorter]


def repair(model: type[M], document: object, refused: list[Path]) -> tuple[M | None, list[Path]]:
    """The table without what was rejected, and the removed paths; None instead of the table if too much is missing."""
    rest, taken, more = deepcopy(document), list(refused), refused
    for _ in range(_ROUNDS):
        for path in more:
            _take_out(rest, path)
        try:
            return model.model_validate(rest), taken
        except ValidationError as error:
            missing = [_list_keys(each["loc"]) for each in error.errors(include_url=False, include_input=False)]
            if model is Fleet and all(path in STAND_INS for path in missing):
                _put_in(rest, missing)
                more = []
                continue
            if any(len(path) < 2 for path in missing):  # noqa: PLR2004 - of the entry itself
                break
            more = [path[:-1] for path in missing]
            taken += more
    return None, taken


def _list_keys(loc: tuple[str | int, ...]) -> Path:
    return tuple(step for step in loc if isinstance(step, str))


def _put_in(document: Any, missing: list[Path]) -> None:  # noqa: ANN401 - TOML of any shape
    for path in missing:
        table = document
        for key in path[:-1]:
            table = table[key]
        table[path[-1]] = STAND_INS[path]


def _take_out(document: object, path: Path) -> None:
    for key in path[:-1]:
        document = document.get(key) if isinstance(document, dict) else None
    if isinstance(document, dict):
        document.pop(path[-1], None)
