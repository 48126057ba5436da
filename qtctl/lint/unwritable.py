"""QT110: declared values that no unit or env file can say, as rendering refuses them."""

from collections.abc import Iterable, Iterator

from qtctl.errors import InputError
from qtctl.findings.finding import Severity
from qtctl.lint.found import Finding
from qtctl.lint.view import Declared, declared_of
from qtctl.lint.where import Keys, key_path
from qtctl.model.desired import Desired
from qtctl.model.origin import Origin

_ENV = "environment variable "


def unwritable(desired: Desired, errors: Iterable[InputError], keys: Keys) -> Iterator[Finding]:
    """`errors` of rendering whose place is a file of the registry: "UNIT: FIELD: why"."""
    declared: tuple[Declared, ...] = declared_of(desired)
    by_unit = {each.unit: each for each in declared}
    for error in errors:
        unit, _, what = error.what.partition(": ")
        unit = unit.partition(" and ")[0]
        found = by_unit.get(unit)
        origin = found.origin if found else Origin(error.place.file if error.place else "fleet.toml")
        remedy = error.hint or "declare something that it can say"
        yield Finding(
            "QT110",
            Severity.ERROR,
            found.name if found else unit,
            f"cannot be written into a unit or env file: {what or error.what}",
            remedy,
            origin.at(*_path(what, keys)),
        )


def _path(what: str, keys: Keys) -> tuple[str, ...]:
    field = what.partition(":")[0]
    if field.startswith(_ENV):
        return ("env", field.removeprefix(_ENV))
    return key_path(keys, field)
