"""Audit several hosts of one registry at the same time."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from pathlib import Path

from qtctl.adapters.templates import load_unit_templates
from qtctl.api.registry import LoadedRegistry
from qtctl.audit.compared import HostTraits
from qtctl.audit.compared import compare as compare_hosts
from qtctl.engines.dask import Dask
from qtctl.engines.inline import Inline
from qtctl.engines.processes import ASKING, Processes
from qtctl.engines.scheduler import Scheduler
from qtctl.engines.worker import HOST_S, LONGEST_S
from qtctl.findings.finding import Finding
from qtctl.findings.policy import Policy
from qtctl.fleet.audit import examine_hosts, list_password_variables, plan_examinations, read_passwords
from qtctl.fleet.basis import Basis, make_basis
from qtctl.fleet.examine import Examination, HostResult, Judging
from qtctl.fleet.select import select_hosts as select
from qtctl.flows.earlier import Earlier
from qtctl.model.secret import Secret
from qtctl.model.selection import HostSelection
from qtctl.reports import fleet
from qtctl.reports.audit import AuditReport
from qtctl.reports.fleet import FleetReport

__all__ = [
    "compare",
    "examine",
    "make_common_basis",
    "make_examinations",
    "make_ready",
    "report",
    "select_hosts",
    "start_engine",
]
"""Part of the frozen API. The rest of this module is not."""

DEADLINE_S = HOST_S
"""For all of one host, unless the caller says otherwise."""
AT_ONCE = 8
"""Hosts that are examined at the same time."""
JUDGING = ("qtctl.fleet.examine", "qtctl.render.render")
"""What judging needs: loaded before the first worker is forked."""


def select_hosts(registry: LoadedRegistry, wanted: HostSelection) -> tuple[str, ...]:
    """The selected hosts, each once. InputErrors for each name that means no host, for none at all and for too many."""
    return select(registry.registry, wanted)


def make_common_basis(
    registry: LoadedRegistry, *, templates: Path | None = None, earlier: Earlier | None = None
) -> Basis:
    """What all hosts are judged by. `templates`: a folder of unit templates, instead of the shipped ones.

    `earlier`: findings that are not in it are new. InputError if the templates cannot be read.
    """
    return make_basis(registry.registry, registry.files, load_unit_templates(templates), earlier)


def make_examinations(
    basis: Basis,
    targets: Sequence[str],
    judging: Judging,
    *,
    user: str | None = None,
    become: bool = False,
    deadline_s: float = HOST_S,
    as_name: str | None = None,
) -> tuple[Examination, ...]:
    """One for each target; connects to nothing. `become`: as in `evidence.make_inquiry`. `deadline_s`: of each host.

    `as_name`: of a single target, the host of the registry that it stands in for.
    """
    return plan_examinations(basis, targets, judging, user=user, become=become, deadline_s=deadline_s, as_name=as_name)


def start_engine(
    at_once: int = AT_ONCE, deadline_s: float = HOST_S, scheduler: Scheduler | None = None
) -> Processes | Dask:
    """A process for each host, so many at a time. Make it before starting threads.

    `deadline_s`: of each host. Work that takes much longer, with all that follows asking, is ended. `scheduler`: whose
    workers are to examine the hosts; it is not connected to before `make_ready`.
    """
    if scheduler is not None:
        return Dask(scheduler, longest_s=deadline_s + LONGEST_S)
    return Processes(at_once, longest_s=deadline_s + LONGEST_S, preload=(*ASKING, *JUDGING))


def make_ready(engine: Executor, basis: Basis, tasks: Sequence[Examination]) -> tuple[Secret, ...]:
    """The store passwords that are used on the hosts: no output may show them. InputError if one is not set.

    Workers of a cluster read theirs from their own environment: it is connected to, and asked whether all is set there
    (`Dask.connect`). No host is asked anything.
    """
    hosts = [task.host for task in tasks]
    if not isinstance(engine, Dask):
        return read_passwords(basis.registry, hosts)
    engine.connect(sorted(set(list_password_variables(basis.registry, hosts).values())))
    return ()


def examine(
    engine: Executor,
    basis: Basis,
    tasks: Sequence[Examination],
    *,
    at_once: int | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[HostResult]:
    """Each host as soon as it has been judged. One that does not answer takes its deadline, and delays no other.

    `at_once`: of the engine, by default; a few more hosts wait for a free place there. `stopped` is asked ten times a
    second: once it says so, this ends, and the other hosts have no result. InputErrors if the registry cannot be
    rendered for a host, or no check of it is selected.
    """
    if isinstance(engine, Dask):
        ahead = at_once or engine.at_once
        return examine_hosts(engine, basis, tasks, ahead=ahead, stopped=stopped, reporter=Inline())
    return examine_hosts(engine, basis, tasks, ahead=(at_once or AT_ONCE) + 2, stopped=stopped)


def compare(basis: Basis, hosts: Iterable[HostTraits], today: str) -> tuple[Finding, ...]:
    """The checks that compare hosts with the same tag, with what holds. `today`: ISO 8601, for waivers."""
    policy = basis.registry.policy
    rules = Policy.of(policy.fail_on, dict(policy.severities), policy.list_waivers(), today)
    return compare_hosts(hosts, rules, asks_root=policy.evidence == "root")


def report(
    reports: Sequence[AuditReport], compared: Iterable[Finding] = (), *, not_examined: Sequence[str] = ()
) -> FleetReport:
    """Combine the reports of hosts, in this order. `compared`: the checks that compare them.

    `not_examined`: hosts that an interrupted audit has no report of.
    """
    return fleet.build_report(reports, compared, not_examined)
