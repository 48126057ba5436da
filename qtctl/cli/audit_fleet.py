"""qtctl audit of several hosts: one line per host, one summary, one exit code."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from qtctl.cli.evidence import save_text
from qtctl.cli.exits import Exit, choose_exit, decide
from qtctl.cli.output import choose_format, present, show_progress, withhold
from qtctl.errors import InputError, Place
from qtctl.model.events import Event, Stage, begun, done, failed

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from qtctl.cli.audit_part import Shown
    from qtctl.findings.finding import Finding
    from qtctl.fleet.basis import Basis
    from qtctl.fleet.examine import Examination, HostResult, Judging
    from qtctl.flows.earlier import Earlier
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


def audit_fleet(chosen: FleetSource, shown: "Shown", *, save: Path | None) -> Exit:
    from qtctl.formats.catalogue import is_streamed
    from qtctl.reports.view import name_under

    if save is not None:
        _check_folder(save)
    earlier = shown.part.read_earlier()
    with open_hosts(chosen, _make_judging(shown, with_evidence=save is not None), earlier) as (basis, results):
        audited = _Audited(basis, shown.part.selection, earlier, save)
        if is_streamed(choose_format(shown.format)):
            present(audited.build_stream(results), shown.format)
        else:
            for each in results:
                audited.take(each)
    report = audited.report
    if not is_streamed(choose_format(shown.format)):
        view = audited.build_view(name_under(chosen.registry, chosen.templates), verbose=shown.verbose)
        present(view, shown.format)
    return decide((*(choose_exit(each.verdict) for each in report.hosts), choose_exit(report.verdict)))


class _Audited:
    """The results of hosts as they come, and at the end all of them together."""

    def __init__(self, basis: "Basis", selection: "Selection", earlier: "Earlier | None", save: Path | None) -> None:
        self._basis, self._selection, self._earlier, self._save = basis, selection, earlier, save
        self._results: dict[int, HostResult] = {}
        self._words: dict[tuple[str, ...], tuple[str, ...]] = {}

    def take(self, result: "HostResult") -> "HostResult":
        """Keep the result; its evidence is saved, and kept no longer."""
        from qtctl.audit.compared import share_words

        if self._save is not None and result.evidence is not None:
            save_text(result.evidence, self._save / f"{result.target}.json")
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

        report = fleet.report([each.report for each in self.ordered], self.compared)
        if not report.totals.checks:
            raise make_nothing_selected(f"{len(report.hosts)} hosts", self._selection)
        return report

    def build_view(self, locate: "Callable[[str], str]", *, verbose: bool) -> "View":
        from qtctl.reports.fleet_view import build_view

        checks = [(each.target, each.findings) for each in self.ordered]
        return build_view(self.report, checks, self.compared, locate, verbose=verbose)

    def build_stream(self, results: "Iterator[HostResult]") -> "View":
        """A view whose parts are the results as they come."""
        from qtctl.reports.fleet_view import build_stream

        return build_stream((self.take(each).report for each in results), lambda: self.report)


@contextmanager
def open_hosts(
    chosen: FleetSource, judging: "Judging", earlier: "Earlier | None" = None
) -> "Generator[tuple[Basis, Iterator[HostResult]]]":
    """Each host as soon as it has been judged. Nothing is connected to before the registry is checked."""
    from qtctl.api import fleet
    from qtctl.api.registry import load

    engine = fleet.start_engine()
    try:
        registry = load(chosen.registry)
        targets = fleet.select_hosts(registry, chosen.wanted)
        basis = fleet.make_common_basis(registry, templates=chosen.templates, earlier=earlier)
        tasks = fleet.make_examinations(basis, targets, judging, user=chosen.user, become=chosen.become)
        withhold(*fleet.read_passwords(basis, tasks))
        with closing(_follow(engine, basis, tasks)) as results:
            yield basis, results
    finally:
        engine.shutdown(wait=False, cancel_futures=True)


def _follow(engine: "Executor", basis: "Basis", tasks: "Sequence[Examination]") -> "Generator[HostResult, None, None]":
    from qtctl.api import fleet
    from qtctl.engines.relay import watch

    with show_progress(named=True) as say:
        watch(engine, say)
        say(begun("", Stage.CONNECT, f"connecting to {len(tasks)} hosts"))
        for number, each in enumerate(fleet.examine(engine, basis, tasks), start=1):
            say(_build_end_event(each, f"{number} of {len(tasks)} hosts asked"))
            yield each


def _make_judging(shown: "Shown", *, with_evidence: bool) -> "Judging":
    from qtctl.fleet.examine import Judging
    from qtctl.formats.catalogue import reads_findings

    with_held = reads_findings(choose_format(shown.format))
    return Judging(shown.part.selection, shown.part.gate, shown.every, with_held, with_evidence)


def _build_end_event(result: "HostResult", detail: str) -> Event:
    if result.reached:
        return done(result.target, Stage.COLLECT, detail)
    return failed(result.target, Stage.CONNECT, f"not reached; {detail}")


def _check_folder(folder: Path) -> None:
    """InputError if evidence could not be saved below it: checked before any host is asked."""
    from qtctl.adapters.saved_file import check_saved

    if folder.exists() and not folder.is_dir():
        hint = "several hosts are saved below a folder, a file each"
        raise InputError("cannot be written: it is not a folder", hint=hint, place=Place(str(folder)))
    check_saved(folder / "evidence.json")
