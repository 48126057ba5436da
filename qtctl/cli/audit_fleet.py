"""qtctl audit of several hosts: one line per host, one summary, one exit code."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from qtctl.cli.evidence import save_text
from qtctl.cli.exits import Exit, choose_fleet_exit
from qtctl.cli.fleet_progress import FleetProgress
from qtctl.cli.interrupt import notice_interrupts
from qtctl.cli.output import choose_format, complain, present, show_progress, withhold
from qtctl.errors import InputError, Place
from qtctl.model.events import Stage, begun

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from qtctl.api.fleet_pages import HostPages
    from qtctl.cli.audit_part import Shown
    from qtctl.engines.scheduler import Scheduler
    from qtctl.findings.finding import Finding
    from qtctl.fleet.basis import Basis
    from qtctl.fleet.examine import HostResult, Judging
    from qtctl.flows.declared import Declared
    from qtctl.flows.earlier import Earlier
    from qtctl.model.evidence import Evidence
    from qtctl.model.selection import HostSelection
    from qtctl.reports.fleet import FleetReport
    from qtctl.reports.selection import Selection
    from qtctl.reports.view import View


class FleetSource(NamedTuple):
    """The registry, which of its hosts are asked, and how."""

    registry: Path
    wanted: "HostSelection"
    user: str | None = None
    templates: Path | None = None
    become: bool = False
    at_once: int | None = None
    deadline_s: float | None = None
    engine: "Scheduler | None" = None
    as_name: str | None = None


class Hosts(NamedTuple):
    """`targets`: the selected hosts, as they were named. `results`: of each as soon as it has been judged."""

    basis: "Basis"
    targets: tuple[str, ...]
    results: "Iterator[HostResult]"


def audit_fleet(chosen: FleetSource, shown: "Shown", *, save: Path | None) -> Exit:
    from qtctl.formats.catalogue import is_streamed, shows_sheets
    from qtctl.reports.view import name_under

    if save is not None:
        _check_folder(save)
    earlier = shown.part.read_earlier()
    written = choose_format(shown.format)
    streamed, drawn = is_streamed(written), shows_sheets(written)
    judging = _make_judging(shown, with_evidence=save is not None, drawn=drawn)
    with notice_interrupts() as interrupted:
        with open_hosts(chosen, judging, earlier, interrupted) as hosts:
            interrupted.report = True
            audited = _Audited(hosts, shown.part.selection, earlier, save, drawn=drawn)
            if streamed:
                present(audited.build_stream(hosts.results), shown.format)
            else:
                for each in hosts.results:
                    audited.take(each)
        report = audited.report
        if report.not_examined:
            complain("interrupted")
        if not streamed:
            view = audited.build_view(name_under(chosen.registry, chosen.templates), verbose=shown.verbose)
            present(view, shown.format)
    return choose_fleet_exit(report)


def gather_by_engine(chosen: FleetSource) -> "tuple[Declared, Evidence]":
    """What one host must have, and its evidence, which an engine asked for."""
    from qtctl.api.registry import declare
    from qtctl.collect.document import load
    from qtctl.fleet.examine import Judging

    with open_hosts(chosen, Judging(with_evidence=True)) as hosts:
        result = next(hosts.results)
    declared = declare(chosen.registry, templates=chosen.templates, as_name=result.host)
    return declared, load(result.evidence or "", result.target)


class _Audited:
    """The results of hosts as they come, and at the end all of them together."""

    def __init__(
        self, hosts: Hosts, selection: "Selection", earlier: "Earlier | None", save: Path | None, *, drawn: bool
    ) -> None:
        self._basis, self._targets = hosts.basis, hosts.targets
        self._selection, self._earlier, self._save = selection, earlier, save
        self._results: dict[int, HostResult] = {}
        self._words: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._pages = _make_pages(hosts.basis) if drawn else None

    def take(self, result: "HostResult") -> "HostResult":
        """Keep the result; its evidence is saved, and kept no longer unless a page shows it."""
        from qtctl.audit.compared import share_words

        if self._save is not None and result.evidence is not None:
            save_text(result.evidence, self._save / f"{result.target}.json")
        if self._pages is not None:
            self._pages.take(result)
        kept = replace(result, evidence=None, traits=share_words(result.traits, self._words))
        self._results[result.number] = kept
        return kept

    @property
    def ordered(self) -> "list[HostResult]":
        return [each for _, each in sorted(self._results.items())]

    @cached_property
    def compared(self) -> "tuple[Finding, ...]":
        """The checks that compare the hosts, as far as they are selected."""
        from qtctl.api import fleet

        if not self._results:
            return ()
        checks = fleet.compare(self._basis, [each.traits for each in self.ordered], max(self._list_times()))
        if self._earlier is not None:
            checks = tuple(map(self._earlier.find_compared().mark, checks))
        return tuple(filter(self._selection.has, checks))

    def _list_times(self) -> "Iterator[str]":
        return (each.report.taken_at for each in self.ordered)

    @cached_property
    def report(self) -> "FleetReport":
        """InputError if the selection leaves no check of any host."""
        from qtctl.api import fleet
        from qtctl.flows.earlier import make_nothing_selected

        missing = tuple(name for number, name in enumerate(self._targets) if number not in self._results)
        report = fleet.report([each.report for each in self.ordered], self.compared, not_examined=missing)
        if not report.totals.checks and report.hosts:
            raise make_nothing_selected(f"{len(report.hosts)} hosts", self._selection)
        return report

    def build_view(self, locate: "Callable[[str], str]", *, verbose: bool) -> "View":
        from qtctl.reports.fleet_view import build_view

        checks = [(each.target, each.findings) for each in self.ordered]
        hosts = self._pages.show if self._pages is not None else None
        return build_view(self.report, checks, self.compared, locate, verbose=verbose, hosts=hosts)

    def build_stream(self, results: "Iterator[HostResult]") -> "View":
        """A view whose parts are the results as they come."""
        from qtctl.reports.fleet_view import build_stream

        return build_stream((self.take(each).report for each in results), lambda: self.report)


@contextmanager
def open_hosts(
    chosen: FleetSource,
    judging: "Judging",
    earlier: "Earlier | None" = None,
    interrupted: "Callable[[], bool]" = lambda: False,
    *,
    quiet: bool = False,
) -> "Generator[Hosts]":
    """Nothing is connected to before the registry is checked. `interrupted`: whether to end with what is known.

    `quiet`: show no progress.
    """
    from qtctl.api import fleet
    from qtctl.api.registry import load

    deadline_s = chosen.deadline_s or fleet.DEADLINE_S
    engine = fleet.start_engine(chosen.at_once or fleet.AT_ONCE, deadline_s, chosen.engine)
    try:
        registry = load(chosen.registry)
        single = chosen.wanted.single
        targets = (single,) if single is not None else fleet.select_hosts(registry, chosen.wanted)
        basis = fleet.make_common_basis(registry, templates=chosen.templates, earlier=earlier)
        tasks = fleet.make_examinations(
            basis, targets, judging,
            user=chosen.user, become=chosen.become, deadline_s=deadline_s, as_name=chosen.as_name,
        )  # fmt: skip
        withhold(*fleet.make_ready(engine, basis, tasks))
        results = fleet.examine(engine, basis, tasks, at_once=chosen.at_once, stopped=interrupted)
        with closing(_follow(engine, results, len(tasks), quiet=quiet)) as followed:
            yield Hosts(basis, targets, followed)
    finally:
        engine.shutdown(wait=False, cancel_futures=True)


def _follow(
    engine: "Executor", results: "Iterator[HostResult]", hosts: int, *, quiet: bool
) -> "Generator[HostResult, None, None]":
    from qtctl.engines.relay import watch

    if quiet:
        yield from results
        return
    with show_progress() as say, closing(FleetProgress(say, hosts)) as progress:
        watch(engine, progress)
        say(begun("", Stage.CONNECT, f"connecting to {hosts:,} host{'s' * (hosts != 1)}"))
        for each in results:
            progress.add(each)
            yield each


def _make_pages(basis: "Basis") -> "HostPages":
    from qtctl.api.fleet_pages import HostPages

    return HostPages(basis)


def _make_judging(shown: "Shown", *, with_evidence: bool, drawn: bool) -> "Judging":
    from qtctl.fleet.examine import Judging
    from qtctl.formats.catalogue import reads_findings
    from qtctl.reports.fleet_sheet import PageRoom

    with_held = reads_findings(choose_format(shown.format))
    part, page = shown.part, PageRoom() if drawn else None
    return Judging(part.selection, part.gate, shown.every, with_held, with_evidence, page=page)


def _check_folder(folder: Path) -> None:
    """InputError if evidence could not be saved below it: checked before any host is asked."""
    from qtctl.adapters.saved_file import check_saved
    from qtctl.contained.looking import is_folder, leads_somewhere

    if leads_somewhere(folder) and not is_folder(folder):
        hint = "several hosts are saved below a folder, a file each"
        raise InputError("cannot be written: it is not a folder", hint=hint, place=Place(str(folder)))
    check_saved(folder / "evidence.json")
