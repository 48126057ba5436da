"""What of a registry's findings can be mended for certain, proved by a second lint."""

from dataclasses import dataclass

from qtctl.errors import InputError, InputErrors, Place
from qtctl.flows.lint import Files, Templates, findings
from qtctl.lint.fix import applied, fixes_of_errors
from qtctl.model.lint import Fix
from qtctl.model.origin import Origin
from qtctl.registry.load import load
from qtctl.registry.places import Places


@dataclass(frozen=True, slots=True)
class Mended:
    """A fix that was made: of which finding, and where in the file as it was."""

    id: str
    fix: Fix
    place: Place


def mend(files: Files, templates: Templates) -> tuple[dict[str, bytes], tuple[Mended, ...]]:
    """The files with every fix that a second lint proves: its finding is gone, and there is no new one."""
    mended: list[Mended] = []
    now = dict(files)
    for round_ in (_errors_to_fix, _findings_to_fix):
        was = _problems(now, templates)
        for id_, fix in round_(now, templates):
            tried = _tried(now, fix)
            left = _problems(tried, templates) if tried else was
            if tried and left.fewer(was):
                mended.append(Mended(id_, fix, Places(files).of(Origin(fix.file, fix.path))))
                now, was = tried, left
    return now, tuple(mended)


def _errors_to_fix(files: Files, _: Templates) -> list[tuple[str, Fix]]:
    return list(fixes_of_errors(files))


def _findings_to_fix(files: Files, templates: Templates) -> list[tuple[str, Fix]]:
    try:
        found = findings(load(files), templates)
    except InputError:
        return []
    return [(each.id, each.fix) for each in dict.fromkeys(found) if each.fix is not None]


def _tried(files: Files, fix: Fix) -> dict[str, bytes] | None:
    try:
        return applied(files, fix)
    except InputError:
        return None


@dataclass(frozen=True, slots=True)
class _Problems:
    """What is wrong, without lines: they move. Where there are `errors`, no findings are known."""

    errors: frozenset[tuple[str, str]]
    findings: frozenset[tuple[str, str, str]] = frozenset()

    def fewer(self, before: "_Problems") -> bool:
        """Something is gone, and nothing is new."""
        return self.errors < before.errors if before.errors else not self.errors and self.findings < before.findings


def _problems(files: Files, templates: Templates) -> _Problems:
    try:
        found = findings(load(files), templates)
    except InputError as error:
        errors = error.errors if isinstance(error, InputErrors) else (error,)
        return _Problems(frozenset((each.what, each.place.file if each.place else "") for each in errors))
    return _Problems(frozenset(), frozenset((each.id, each.subject, each.what) for each in found))
