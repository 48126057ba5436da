"""Apply fixes that are certain to a registry, proved by a second lint."""

from dataclasses import dataclass

from qtctl.errors import InputError, InputErrors
from qtctl.findings.finding import Fix
from qtctl.flows.lint import Files, Templates, list_findings
from qtctl.lint.fix import apply_fix, find_fixes_of_errors
from qtctl.lint.found import Fixed
from qtctl.model.origin import Origin
from qtctl.registry.load import load
from qtctl.registry.places import Places

_Problem = tuple[str, str, str]
_ToFix = tuple[str, Fix, frozenset[_Problem]]
"""Id, fix, and the findings that it should resolve, without lines."""


def fix_registry(files: Files, templates: Templates) -> tuple[dict[str, bytes], tuple[Fixed, ...]]:
    """The files with every fix that a second lint proves: its finding is gone, and there is no new one."""
    places, now = Places(files), dict(files)
    fixed: list[tuple[str, Fix]] = []
    for round_ in (_list_errors_to_fix, _list_findings_to_fix):
        now, made = _apply_fixes(now, templates, round_(now, templates))
        fixed += made
    return now, tuple(Fixed(id_, fix, places.of(Origin(fix.file, fix.path))) for id_, fix in fixed)


def _apply_fixes(
    files: Files, templates: Templates, fixes: list[_ToFix]
) -> tuple[dict[str, bytes], list[tuple[str, Fix]]]:
    """All at once if that fixes all of them (one lint instead of one each); else those that help, one by one."""
    was, now = _list_problems(files, templates), dict(files)
    made: list[tuple[str, Fix]] = []
    for group in ([fixes] if len(fixes) > 1 else [], [[each] for each in fixes]):
        for each in group:
            tried = _try_fixes(now, each)
            left = _list_problems(tried, templates) if tried else was
            meant = {problem for _, _, problems in each for problem in problems}
            if tried and left.is_fewer(was) and not left.findings & meant:
                made += [(id_, fix) for id_, fix, _ in each]
                now, was = tried, left
        if made:
            break
    return now, made


def _list_errors_to_fix(files: Files, _: Templates) -> list[_ToFix]:
    return [(id_, fix, frozenset()) for id_, fix in find_fixes_of_errors(files)]


def _list_findings_to_fix(files: Files, templates: Templates) -> list[_ToFix]:
    try:
        found = list_findings(load(files), templates)
    except InputError:
        return []
    ended: dict[tuple[str, Fix], set[_Problem]] = {}
    for each in found:
        if each.fix is not None:
            ended.setdefault((each.id, each.fix), set()).add((each.id, each.subject, each.what))
    return [(id_, fix, frozenset(problems)) for (id_, fix), problems in ended.items()]


def _try_fixes(files: dict[str, bytes], fixes: list[_ToFix]) -> dict[str, bytes] | None:
    try:
        for _, fix, _ in fixes:
            files = apply_fix(files, fix)
    except InputError:
        return None
    return files


@dataclass(frozen=True, slots=True)
class _Problems:
    """What is wrong, without lines, since they move. If there are `errors`, findings are unknown."""

    errors: frozenset[tuple[str, str]]
    findings: frozenset[tuple[str, str, str]] = frozenset()

    def is_fewer(self, before: "_Problems") -> bool:
        """Whether something is gone and nothing is new."""
        return self.errors < before.errors if before.errors else not self.errors and self.findings < before.findings


def _list_problems(files: Files, templates: Templates) -> _Problems:
    try:
        found = list_findings(load(files), templates)
    except InputError as error:
        errors = error.errors if isinstance(error, InputErrors) else (error,)
        return _Problems(frozenset((each.what, each.place.file if each.place else "") for each in errors))
    return _Problems(frozenset(), frozenset((each.id, each.subject, each.what) for each in found))
