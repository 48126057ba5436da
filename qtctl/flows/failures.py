"""Why units do not run, asked on a host where a deploy failed: the exit reason in words, and the end of the journal."""

from collections.abc import Iterable

from qtctl.dialects.secrets import mask_message
from qtctl.errors import HostError
from qtctl.findings.finding import Finding, Outcome
from qtctl.interfaces.host import Host
from qtctl.model.facts import Facts, Unit
from qtctl.model.plan import StepKind, StepResult, StepStatus
from qtctl.plan.outcome import UnitFailure
from qtctl.probes.journal import make_journal_request, read_journals
from qtctl.rules.exit_status import explain_ending

MOST = 5
"""How many units are explained; causes come before consequences, so the others seldom add anything."""

_ASKED_S = 10.0
_JOBS = (StepKind.START, StepKind.RESTART)


def list_failed_units(results: Iterable[StepResult], outstanding: Iterable[Finding], facts: Facts) -> tuple[str, ...]:
    """Units that were not started, and those that should run and do not, each once."""
    steps = [each.step.subject for each in results if each.step.kind in _JOBS and each.status is StepStatus.FAILED]
    broken = [each.subject for each in outstanding if each.outcome is Outcome.BROKEN and not each.cause]
    return tuple(unit for unit in dict.fromkeys((*steps, *broken)) if facts.find(Unit, unit) is not None)


def explain_units(host: Host, units: tuple[str, ...], facts: Facts) -> tuple[UnitFailure, ...]:
    """Details of the first MOST units. If the journal cannot be read, its place says so."""
    shown = units[:MOST]
    if not shown:
        return ()
    try:
        done = host.start(make_journal_request(shown), root=True, attached=True).finish(_ASKED_S)
        journals = read_journals(done.stdout)
    except HostError as error:
        journals = dict.fromkeys(shown, (f"the journal could not be read: {error.describe_beside(host.address)}",))
    return tuple(_make_failure(unit, facts, journals.get(unit, ())) for unit in shown)


def _make_failure(unit: str, facts: Facts, journal: Iterable[str]) -> UnitFailure:
    known = facts.find(Unit, unit)
    if known is None:
        return UnitFailure(unit, "", "", tuple(map(mask_message, journal)))
    state = f"{known.active_state} ({known.sub_state})"
    why = explain_ending(known.exec_main_code, known.exec_main_status, known.result)
    return UnitFailure(unit, state, why, tuple(map(mask_message, journal)))
