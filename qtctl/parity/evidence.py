"""Whether a host shows what the registry declares for a unit, dimension by dimension: the audit's own checks."""

from collections.abc import Iterable, Mapping

from qtctl.findings.finding import Finding, Outcome
from qtctl.model.compose_settings import Dimension
from qtctl.model.desired_unit import DesiredUnit
from qtctl.model.origin import Origin
from qtctl.rules.parity.units import NO_EVIDENCE

_FILE = ("QT201", "QT210", "QT211", "QT212", "QT213", "QT214", "QT220", "QT225")
"""The unit is there, its file is the generated one, and systemd and its process have read it."""
_ENV = (*_FILE, "QT601", "QT603", "QT604", "QT606", "QT607")
CHECKS: Mapping[Dimension, tuple[str, ...]] = {
    Dimension.REDIS: (*_ENV, "QT504"),
    Dimension.COMMAND: (*_FILE, "QT403", "QT405", "QT410", "QT411"),
    Dimension.ENVIRONMENT: _ENV,
    Dimension.VOLUMES: (*_FILE, "QT715"),
    Dimension.USERS: _FILE,
    Dimension.LIMITS: _FILE,
    Dimension.RESTART: _FILE,
    Dimension.HEALTH: ("QT201", "QT305"),
    Dimension.DEPENDENCIES: _FILE,
    Dimension.TIMEZONE: (*_ENV, "QT705"),
    Dimension.LOGGING: _FILE,
}
"""Dimension → ids of the audit. Services and ports are judged by what runs and who listens."""
OF_SUBJECTS: Mapping[Dimension, tuple[str, ...]] = {
    Dimension.REDIS: ("QT501", "QT502"),
    Dimension.VOLUMES: ("QT713", "QT714", "QT715"),
    Dimension.USERS: ("QT711", "QT712"),
}
"""Dimension → ids of the audit about what a unit uses and does not declare itself: keys, folders, accounts."""
_SUBJECTS = frozenset(id_ for those in OF_SUBJECTS.values() for id_ in those)
_OF_ALL = frozenset({"QT705"})
"""About the host, however it is declared."""


class Audited:
    """The findings of an audit, by the entries that declare their subjects.

    `why_not`: why there are none; "" if there are.
    """

    def __init__(self, findings: Iterable[Finding], why_not: str = "") -> None:
        self.why_not = why_not
        self.by_file: dict[str, list[tuple[tuple[str, ...], Finding]]] = {}
        self.of_all: list[Finding] = []
        self.by_subject: dict[tuple[str, str], Finding] = {}
        for finding in findings:
            if finding.id in _SUBJECTS:
                self.by_subject[finding.id, finding.subject] = finding
            if finding.id in _OF_ALL:
                self.of_all.append(finding)
            elif isinstance(finding.place, Origin):
                self.by_file.setdefault(finding.place.file, []).append((finding.place.path, finding))

    @classmethod
    def make_empty(cls) -> "Audited":
        return cls((), NO_EVIDENCE)

    def explain_missing(self, unit: DesiredUnit, dimension: Dimension, uses: Iterable[str] = ()) -> str:
        """Why the host does not show that a dimension of the unit is as declared; "" if it does.

        `uses`: keys, paths or accounts that its settings name.
        """
        if self.why_not:
            return self.why_not
        found = [each for each in self._list(unit) if each.id in CHECKS[dimension]]
        at = ((id_, subject) for subject in dict.fromkeys(uses) for id_ in OF_SUBJECTS.get(dimension, ()))
        found += [self.by_subject[each] for each in at if each in self.by_subject]
        judged = [each for each in found if each.outcome is not Outcome.NOT_ASKED]
        broken = [each for each in judged if each.outcome is Outcome.BROKEN and each.waiver is None]
        if broken:
            return f"the host is not as declared: {broken[0].id} {broken[0].title} ({broken[0].subject})"
        unknown = [each for each in judged if each.outcome is Outcome.UNKNOWN]
        if unknown:
            return f"{unknown[0].id} {unknown[0].subject}: {unknown[0].reason or 'unknown'}"
        return "" if judged else f"the evidence does not cover the {dimension.value} of {unit.unit}"

    def _list(self, unit: DesiredUnit) -> list[Finding]:
        path = unit.origin.path
        own = [finding for where, finding in self.by_file.get(unit.origin.file, ()) if where[: len(path)] == path]
        return [*own, *self.of_all]
