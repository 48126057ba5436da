"""One host of many, asked and judged in the worker of an engine: what a worker is given, and what it gives back."""

from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from time import monotonic

from qtctl.adapters.background_thread import BackgroundThread
from qtctl.audit.compared import HostTraits, read_traits
from qtctl.audit.judge import judge
from qtctl.collect.document import dump
from qtctl.engines.connect import make_login_route
from qtctl.engines.events import tell
from qtctl.engines.repeatable import repeatable
from qtctl.engines.worker import (
    BUG,
    HOST_S,
    LEAST_S,
    LOOK_OTHERWISE,
    abandon,
    answer,
    connect_persistently,
    make_lost_evidence,
)
from qtctl.findings.finding import Finding, Outcome, Severity
from qtctl.fleet.basis import find_basis
from qtctl.fleet.prepare import Prepared, find_prepared
from qtctl.flows.audit import add_place
from qtctl.flows.earlier import choose_checks
from qtctl.flows.questions import make_inquiry
from qtctl.model.events import Stage, begun
from qtctl.model.evidence import Evidence
from qtctl.model.inquiry import Inquiry
from qtctl.model.measures import Measure
from qtctl.reports.audit import AuditReport, build_report
from qtctl.reports.fleet_sheet import PageRoom
from qtctl.reports.fleet_view import add_places
from qtctl.reports.measures import measure_host
from qtctl.reports.selection import Selection
from qtctl.reports.unreachable import condense
from qtctl.resolve.resolve import make_login

EVERYTHING = Selection()


@dataclass(frozen=True, slots=True)
class Judging:
    """How hosts are judged, and what their results contain; the same for all hosts of a run.

    `selection`: which checks count. `gate`: replaces fail_on of the registry. `every`: the report has the checks that
    hold. `with_held`: the findings have them, too. `with_evidence`: the result has the evidence.
    `with_measures`: the result has the metrics. `page`: the result has the evidence if such a page may show the host.
    """

    selection: Selection = EVERYTHING
    gate: Severity | None = None
    every: bool = False
    with_held: bool = False
    with_evidence: bool = False
    with_measures: bool = False
    page: PageRoom | None = None


@dataclass(frozen=True, slots=True)
class Examination:
    """One host for a worker to ask and judge: small, and picklable. No password is in it.

    `number`: position among the hosts of the run, from 0. `target`: the host's name as given; `host`: the registry's
    name for it; `like`: the first host that must have the same (`resolve.alike`), which is `host` itself if there is
    none. `basis`: the digest of what was provided where the work runs (`fleet.basis`). Passwords of stores are read
    from the environment there. `user`: the account to log in as, instead of the registry's. `become`: as in Inquiry.
    `deadline_s`: for asking, with all attempts to connect, in seconds.
    """

    number: int
    target: str
    host: str
    like: str
    basis: str
    judging: Judging
    user: str | None = None
    become: bool = False
    deadline_s: float = HOST_S


@dataclass(frozen=True, slots=True)
class HostResult:
    """What became of one host. A host that could not be reached, or whose worker was lost, has one, too.

    `number`, `target`, `host`: as in its Examination. `reached`: whether it answered anything. `findings`: the checks
    as formats show them, each with its place in the registry; what holds only if that was asked for. `evidence`: the
    document as it is saved, None if it was not asked for. `took_s`: seconds that the worker needed. `traits`: in what
    it is compared with other hosts. `measures`: its metrics, () if they were not asked for.
    """

    number: int
    target: str
    host: str
    reached: bool
    report: AuditReport
    findings: tuple[Finding, ...]
    evidence: str | None
    took_s: float
    traits: HostTraits
    measures: tuple[Measure, ...] = ()


@repeatable
def examine(task: Examination) -> HostResult:
    """Ask the host, judge its evidence, and report on it. Runs in the worker of an engine.

    However asking fails, there is a result. UnknownBasis if the basis was not provided here; InputError if the registry
    cannot be rendered, or a store's password is not set here.
    """
    login = make_login(find_basis(task.basis).registry.hosts[task.host])
    route = make_login_route(task.target, task.host, login, task.user or login.audit_user)
    tell(begun(route.target, Stage.CONNECT))
    connect_persistently(route, task.deadline_s)
    try:
        return report_on(task, partial(_ask, deadline_s=task.deadline_s))
    finally:
        abandon(route)


@repeatable
def report_lost(task: Examination, why: str, hint: str = "") -> HostResult:
    """The result of a host whose worker ended without one: nothing is known of it. Connects to nothing."""
    return report_on(task, lambda inquiry: make_lost_evidence(inquiry, why, hint or LOOK_OTHERWISE), asks=False)


def report_on(task: Examination, look: Callable[[Inquiry], Evidence], *, asks: bool = True) -> HostResult:
    """The result of a host that answers an inquiry as `look` does. Errors as in `examine`.

    `asks`: whether `look` asks a host, and needs passwords for that.
    """
    began = monotonic()
    prepared = find_prepared(task.basis, task.host, task.like)
    inquiry = make_inquiry(prepared.declared.desired, task.target, task.user, become=task.become, asks=asks)
    return _judge(task, prepared, look(inquiry), began)


def _ask(inquiry: Inquiry, deadline_s: float) -> Evidence:
    """In a thread of its own: a host that hangs where nothing else limits it is left behind at the deadline."""
    asked = BackgroundThread(partial(copy_context().run, answer, inquiry, deadline_s))
    try:
        return asked.result(deadline_s + LEAST_S)
    except TimeoutError:
        return make_lost_evidence(inquiry, f"no end in {deadline_s:g} s")
    except Exception as error:  # noqa: BLE001 - only this host loses its evidence, which gives the reason
        return make_lost_evidence(inquiry, f"internal error: {type(error).__name__}: {error}", hint=BUG)


def _judge(task: Examination, prepared: Prepared, evidence: Evidence, began: float) -> HostResult:
    declared, judging = prepared.declared, task.judging
    earlier = find_basis(task.basis).earlier
    before = earlier.find_evidence(declared) if earlier is not None else None
    judged = judge(declared.desired, evidence, before, only=prepared.expected)
    placed = tuple(add_place(declared, each) for each in judged)
    checks, said = choose_checks(declared, placed, judging.selection, earlier)
    report = build_report(declared.desired, evidence, checks, every=judging.every, gate=judging.gate, selection=said)
    shown = checks if said else condense(checks, task.target)
    kept = (each for each in shown if judging.with_held or each.outcome is not Outcome.HOLDS)
    evident = judging.with_evidence or (judging.page is not None and judging.page.may_show(task.number, report))
    took_s = monotonic() - began
    return HostResult(
        task.number,
        task.target,
        task.host,
        any(item.state.known for item in evidence.items),
        report,
        tuple(add_places(kept, declared.host_place)),
        dump(evidence) if evident else None,
        took_s,
        read_traits(declared.desired, evidence, task.target, declared.host_place()),
        measure_host(declared.desired, evidence, report, took_s) if judging.with_measures else (),
    )
