"""Compare compose projects with what a registry declares for a host, and with what the host shows."""

from collections.abc import Sequence
from dataclasses import dataclass

from qtctl.adopt.compose_settings import read_settings
from qtctl.audit.judge import judge
from qtctl.dialects.compose.load import Project, make_compose
from qtctl.flows.declare import Loaded
from qtctl.model.evidence import Evidence
from qtctl.model.facts import Facts
from qtctl.parity.claims import Known, Record, list_new_services, list_uncompared
from qtctl.parity.compare import Ground, compare_file, find_legacy
from qtctl.parity.evidence import Audited
from qtctl.parity.rows import NewService, ParityReport
from qtctl.rules.places import list_declared_elsewhere


@dataclass(frozen=True, slots=True)
class Comparison:
    """`files` in the order of the projects.

    `uncompared`: missing compose files of projects that, by the registry, have run.
    """

    files: tuple[ParityReport, ...]
    new: tuple[NewService, ...]
    uncompared: tuple[str, ...]


def compare_projects(projects: Sequence[Project], declared: Loaded, evidence: Evidence | None) -> Comparison:
    """Every service of every project, in every dimension. Without evidence nothing holds.

    `declared` is rendered: the audit's checks of the same evidence say whether the host is as declared. InputError if
    two legacy records are of the same file.
    """
    registry, desired = declared.registry, declared.desired
    records = tuple(Record(each, find_legacy(registry.legacy, each.file)) for each in map(make_compose, projects))
    known = Known.of(records)
    facts = None if evidence is None else Facts.of(evidence)
    ground = Ground.of(desired, facts, list_declared_elsewhere(registry, desired), _audit(declared, evidence, facts))
    return Comparison(
        tuple(
            compare_file(record, ground, read_settings(project, desired.systemd), known)
            for record, project in zip(records, projects, strict=True)
        ),
        list_new_services(known, desired),
        list_uncompared(known, registry.legacy),
    )


def _audit(declared: Loaded, evidence: Evidence | None, facts: Facts | None) -> Audited:
    if evidence is None or facts is None:
        return Audited.make_empty()
    if facts.why_unreachable:
        return Audited((), facts.why_unreachable)
    return Audited(judge(declared.desired, evidence))
