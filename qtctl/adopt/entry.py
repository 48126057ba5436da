"""A unit's directives → a table of the registry: typed keys first, the escape hatch for everything else."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError

from qtctl.adopt.adoption import Fate
from qtctl.adopt.assignments import At
from qtctl.adopt.ledger import Ledger
from qtctl.adopt.read import Assignment
from qtctl.errors import Place
from qtctl.model.key_values import Unfit, list_accepted_words, read_raw, read_value, split_unit_words
from qtctl.model.refusals import Refusal, list_refusals
from qtctl.model.vocabulary import Form, Key
from qtctl.rules.units.misread import QT110

Table = dict[str, Any]


@dataclass(slots=True)
class Entry:
    """A new table. `keys`: which key sets each directive of its kind; `said`: where each key came from."""

    unit: str
    keys: Mapping[At, Key]
    ledger: Ledger
    table: Table = field(default_factory=dict)
    typed: dict[int, Assignment] = field(default_factory=dict)
    hatch: dict[int, Assignment] = field(default_factory=dict)
    left: dict[At, str] = field(default_factory=dict)
    """Directives that were left out, and why."""
    _from: dict[tuple[str, ...], tuple[Assignment, ...]] = field(default_factory=dict)

    def put(self, path: tuple[str, ...], value: object, said: Iterable[Assignment] = ()) -> None:
        """Write `value` at `path`, and record the assignments that it comes from."""
        lines = tuple(said)
        _set(self.table, path, value)
        self._from[path] = lines
        for each in lines:
            self.typed[id(each)] = each
            self.ledger.note_line(each.path, each.line, Fate.TYPED, f"{each.key}=")

    def said_by(self, at: At) -> tuple[tuple[str, ...], ...]:
        """The paths of the table that set a directive."""
        return tuple(path for path, lines in self._from.items() if any((one.section, one.key) == at for one in lines))

    def take(self, at: At, said: tuple[Assignment, ...], units: Callable[[str], str]) -> None:
        """Put a directive into its key, else into the hatch. `units`: a unit's name → its name in the registry."""
        lines = tuple(each.value for each in said)
        key = self.keys.get(at)
        if key is None:
            self._say_raw(at, said, lines)
            return
        try:
            value = read_value(key, lines)
        except Unfit:
            part = list_accepted_words(key, lines)
            if not part:
                self._say_raw(at, said, lines)
                return
            value = part
            self._shorten(at, said)
        if key.form is Form.UNITS and isinstance(value, list):
            if len(value) < len(set(split_unit_words(key.directive, lines))):
                self.left[at] = "words that are not names of units were left out"
            value = [units(name) for name in value] if at[0] == "Unit" else value
        self.put(key.path, value, said)

    def _shorten(self, at: At, said: Iterable[Assignment]) -> None:
        self.left[at] = "words of it that systemd does not accept there, or that no registry can express, were left out"
        for each in said:
            word = "a word that systemd does not accept there, or that no registry can express"
            what = f"{each.key}= has {word}: it was left out"
            self.ledger.note_error(QT110, self.unit, what, "fix it", at=Place(each.path, each.line))

    def refuse(self, said: Iterable[Assignment], why: str) -> None:
        """Leave out what systemd would ignore or no registry can express, with a finding."""
        for each in said:
            self.typed.pop(id(each), None)
            self.ledger.note_line(each.path, each.line, Fate.IGNORED, f"{each.key}=")
            self.left[each.section, each.key] = why
            what = f"{each.key}= was left out: {why}"
            self.ledger.note_error(QT110, self.unit, what, "fix the value", at=Place(each.path, each.line))

    def settle(self, model: type[BaseModel]) -> bool:
        """Remove what the model rejects, key by key; False if something that it needs is missing."""
        for _ in range(len(self._from) + 1):
            try:
                model.model_validate(self.table)
            except ValidationError as error:
                if not self._leave_out(list_refusals(model, self.table, error)):
                    return False
            else:
                return True
        return False

    def _leave_out(self, found: Iterable[Refusal]) -> bool:
        left_out = False
        for refusal in found:
            at = tuple(map(str, refusal.path))
            path = next((at[:end] for end in range(len(at), 0, -1) if at[:end] in self._from), None)
            if path is None or not self._from[path] or not refusal.should:
                return False
            self.refuse(self._from.pop(path), refusal.should)
            _unset(self.table, path)
            left_out = True
        return left_out

    def _say_raw(self, at: At, said: tuple[Assignment, ...], lines: tuple[str, ...]) -> None:
        _set(self.table, ("systemd", *at), read_raw(lines))
        self._from["systemd", *at] = said
        for each in said:
            self.typed.pop(id(each), None)
            self.hatch[id(each)] = each
            self.ledger.note_line(each.path, each.line, Fate.HATCH, f"{each.key}=")


def _set(table: Table, path: tuple[str, ...], value: object) -> None:
    for key in path[:-1]:
        table = table.setdefault(key, {})
    table[path[-1]] = value


def _unset(table: Table, path: tuple[str, ...]) -> None:
    for key in path[:-1]:
        table = table.get(key, {})
    table.pop(path[-1], None)
