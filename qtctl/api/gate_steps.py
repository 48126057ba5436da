"""The steps of a gate. Each calls what its own command calls, and takes over its conclusion."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from qtctl.adapters.files_below import compare_below, is_below, locate_below, read_below
from qtctl.api.gate_evidence import EvidenceShelf, decode
from qtctl.api.gate_ground import GateGround
from qtctl.errors import HostError, InputError, Place
from qtctl.findings.finding import Finding, Outcome
from qtctl.findings.policy import Policy
from qtctl.findings.verdict import Conclusion, conclude
from qtctl.flows.declare import Loaded
from qtctl.formats.messages import find_place, list_judged
from qtctl.model.policy import GateStep
from qtctl.reports.gate import StepResult
from qtctl.reports.view import View, name_under

if TYPE_CHECKING:
    from qtctl.dialects.compose.load import Project

Command = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bench:
    """What the steps work with. `declare`: a host → what it must have."""

    ground: GateGround
    declare: Callable[[str], Loaded]
    shelf: EvidenceShelf
    now: str
    store: str | None

    @property
    def policy(self) -> Policy:
        declared = self.ground.policy
        return Policy.of(declared.fail_on, declared.severities, declared.list_waivers(), self.now)

    def locate(self, file: str) -> str:
        return name_under(self.ground.folder, self.ground.templates)(file)


def name_command(ground: GateGround, step: GateStep, host: str = "HOST") -> Command:
    """The command that shows the same by itself."""
    gate = ground.gate
    registry = ("--registry", str(ground.folder))
    source = ("--host", host) if gate.is_live else ("--from", f"{gate.saved.rstrip('/')}/{host}.json")
    words: Mapping[GateStep, Command] = {
        GateStep.LINT: ("lint", *registry),
        GateStep.VERIFY: ("verify", *registry, "--as", host),
        GateStep.RENDERED: ("render", *registry, "--as", host, "--out", f"{(gate.rendered or '').rstrip('/')}/{host}"),
        GateStep.PARITY: (
            "parity", *registry, *(word for each in gate.parity for word in ("--compose", each)), "--as", host, *source
        ),
        GateStep.AUDIT: ("audit", *registry, *source),
        GateStep.NEW: ("audit", *registry, *source, "--new-since", name_earlier(ground, host)),
        GateStep.SNAPSHOTS: ("snapshot", "verify", "--host", host, "--store", gate.snapshots or ""),
    }  # fmt: skip
    return ("qtctl", *words[step])


def name_earlier(ground: GateGround, host: str) -> str:
    """The file of the earlier look at a host."""
    return f"{(ground.gate.new_since or '').rstrip('/')}/{host}.json"


def lint(ground: GateGround) -> StepResult:
    from qtctl.flows.lint import examine, list_declared  # noqa: PLC0415 - a step loads what it needs
    from qtctl.reports.lint import Report  # noqa: PLC0415
    from qtctl.reports.lint_view import build_view  # noqa: PLC0415

    linted = examine(ground.files, ground.texts)
    declared = list_declared(linted.registry) if linted.registry is not None else None
    gate = linted.gate if declared is not None else None
    report = Report(str(ground.folder), linted.errors, linted.findings, declared, gate)
    view = build_view(report, name_under(ground.folder, ground.templates))
    return StepResult(GateStep.LINT, "", report.conclusion, place_findings(view), name_command(ground, GateStep.LINT))


def verify(bench: Bench, host: str) -> StepResult:
    from qtctl.adapters.analyze import LocalAnalyze  # noqa: PLC0415
    from qtctl.flows.verify import verify as judge  # noqa: PLC0415
    from qtctl.reports.verify import build_report  # noqa: PLC0415
    from qtctl.reports.verify_view import build_view  # noqa: PLC0415

    verified = judge(bench.declare(host), LocalAnalyze(), None)
    report = build_report(verified)
    view = build_view(report, verified, bench.locate)
    return _make_result(bench, GateStep.VERIFY, host, report.conclusion, view)


def compare_rendered(bench: Bench, host: str) -> StepResult:
    """Compares the folder with what `qtctl render` would write; and with what git would commit, if there is git."""
    from qtctl.adapters.git_tree import list_staged  # noqa: PLC0415
    from qtctl.flows.declare import check_loadable  # noqa: PLC0415
    from qtctl.probes.files import MARK  # noqa: PLC0415
    from qtctl.rules.gates.committed import LEFT, MISSING, judge_file  # noqa: PLC0415

    declared = check_loadable(bench.declare(host), bench.ground.texts)
    folder = f"{(bench.ground.gate.rendered or '').rstrip('/')}/{host}"
    wanted = {file.path.lstrip("/"): file.content for file in declared.desired.files}
    below = compare_below(folder, wanted, {"etc", *(path.partition("/")[0] for path in wanted)}, MARK.encode())
    command = name_command(bench.ground, GateStep.RENDERED, host)
    staged = list_staged(folder)
    again = f"{' '.join(command)}, and commit it"
    findings: list[Finding] = []
    for path in sorted(wanted):
        name, wording = f"{folder}/{path}", None
        what = below.different.get(path, "")
        if path in below.missing:
            what, wording = "it is not there", MISSING
        elif not what and staged is not None:
            what, wording = _compare_staged(staged.get(name), wanted[path]), MISSING if name not in staged else None
        findings.append(judge_file(host, name, what, again, wording))
    left = "it is no longer declared"
    findings += [judge_file(host, f"{folder}/{path}", left, again, LEFT) for path in below.left]
    ruled = tuple(map(bench.policy.rule, findings))
    conclusion = conclude(ruled, bench.policy.gate, unknown=not ruled)
    return StepResult(GateStep.RENDERED, host, conclusion, ruled, command)


def _compare_staged(id_: str | None, content: bytes) -> str:
    """Why git would not commit it as it should be; "" if it would."""
    if id_ is None:
        return "it is not added to git"
    digest = hashlib.sha256() if len(id_) == 64 else hashlib.sha1(usedforsecurity=False)  # noqa: PLR2004 - hex digits
    digest.update(b"blob %d\0" % len(content) + content)
    return "" if digest.hexdigest() == id_ else "what is committed differs from what the registry gives"


def compare_parity(bench: Bench, host: str) -> StepResult:
    from qtctl.api.parity import compare_projects  # noqa: PLC0415
    from qtctl.reports.parity import build_report  # noqa: PLC0415
    from qtctl.reports.parity_view import build_view  # noqa: PLC0415

    declared = bench.declare(host)
    evidence = bench.shelf.find(declared)
    projects = load_projects(bench.ground)
    compared = compare_projects(projects, declared, evidence)
    report = build_report(compared.files, compared.new, compared.uncompared)
    note = f"Not compared, although the registry says that they were in use: {', '.join(report.uncompared)}." * bool(
        report.uncompared
    )
    result = _make_result(bench, GateStep.PARITY, host, report.conclusion, build_view(report, compared.files))
    return replace(result, note=note or _describe_evidence(evidence.taken_at))


def load_projects(ground: GateGround) -> "tuple[Project, ...]":
    """Read the compose files of the policy, and what they name below the folder in which qtctl runs.

    Variables of this machine's environment are not put into them, and other files of it are not there: anyone who
    proposes a change may name them, and values of compose files are shown.
    """
    from qtctl.adapters.compose_files import read_named, read_setting, read_texts  # noqa: PLC0415
    from qtctl.dialects.compose.load import load_project  # noqa: PLC0415

    def read(named: str) -> str | None:
        return read_named(named) if is_below(named) else None

    found = []
    for each in ground.gate.parity:
        path = locate_below(each)
        setting = read_setting((path,), (), (), lenient=True)
        setting = replace(setting, environment={}, home="")
        found.append(
            load_project(read_texts((path,)), setting, lambda named: read_named(named) if is_below(named) else None)
        )
    return tuple(found)


def audit(bench: Bench, host: str) -> StepResult:
    from qtctl.api import audit as api  # noqa: PLC0415
    from qtctl.reports.audit_view import build_view  # noqa: PLC0415

    declared = bench.declare(host)
    evidence = bench.shelf.find(declared)
    checks = api.judge(declared, evidence)
    report = api.report(declared, evidence, checks)
    view = build_view(report, checks, bench.locate, declared.host_place)
    result = _make_result(bench, GateStep.AUDIT, host, report.verdict, view)
    return replace(result, note=_describe_evidence(evidence.taken_at), totals=report.totals)


def audit_new(bench: Bench, host: str) -> StepResult:
    """Fails only because of findings that the earlier look did not have."""
    from qtctl.api import audit as api  # noqa: PLC0415
    from qtctl.flows.earlier import read_earlier  # noqa: PLC0415
    from qtctl.reports.audit_view import build_view  # noqa: PLC0415

    declared = bench.declare(host)
    evidence, path = bench.shelf.find(declared), name_earlier(bench.ground, host)
    content = read_below(path)
    if content is None:
        raise InputError(
            "there is nothing earlier to compare with",
            hint="save evidence or an audit as JSON there",
            place=Place(path),
        )
    earlier = read_earlier(decode(content, path), path)
    known = earlier.find_known(declared)
    checks = tuple(map(known.mark, api.judge(declared, evidence, earlier.find_evidence(declared))))
    report = api.report(declared, evidence, checks)
    view = build_view(report, checks, bench.locate, declared.host_place)
    result = _make_result(bench, GateStep.NEW, host, report.verdict, view)
    return replace(result, note=_describe_evidence(evidence.taken_at), totals=report.totals)


def compare_hosts(bench: Bench, hosts: Sequence[str]) -> StepResult | None:
    """Hosts with the same tag, as an audit of several hosts compares them. None if there is nothing to compare.

    A host whose evidence cannot be used is left out: its own audit says why.
    """
    from qtctl.audit.compared import compare, read_traits  # noqa: PLC0415

    traits = []
    for host in hosts:
        with suppress(InputError, HostError):
            declared = bench.declare(host)
            evidence = bench.shelf.find(declared)
            traits.append(read_traits(declared.desired, evidence, host, declared.host_place()))
    checks = compare(traits, bench.policy, asks_root=bench.ground.policy.evidence == "root")
    if not checks:
        return None
    conclusion = conclude((each for each in checks if each.outcome is not Outcome.NOT_ASKED), bench.policy.gate)
    command = ("qtctl", "audit", "--registry", str(bench.ground.folder), "--host", ",".join(hosts))
    return StepResult(GateStep.AUDIT, "", conclusion, tuple(_place_below(bench, checks)), command, "Hosts compared.")


def _place_below(bench: Bench, checks: Iterable[Finding]) -> Iterator[Finding]:
    """Findings whose places are in the registry, with the names that the user of the command gives its files."""
    for check in checks:
        at = check.place
        yield replace(check, place=Place(bench.locate(at.file), at.line)) if isinstance(at, Place) else check


def check_snapshots(bench: Bench, host: str) -> StepResult:
    from qtctl.api.snapshot import check, open_store  # noqa: PLC0415

    folder = bench.ground.gate.snapshots or ""
    locate_below(f"{folder}/{host}")
    store = open_store(bench.store or folder)
    _, found = check(store, host, None, bench.now)
    findings = tuple(map(bench.policy.rule, found))
    conclusion = conclude(findings, bench.policy.gate, unknown=not findings)
    return StepResult(
        GateStep.SNAPSHOTS, host, conclusion, findings, name_command(bench.ground, GateStep.SNAPSHOTS, host)
    )


STEPS: Mapping[GateStep, Callable[[Bench, str], StepResult]] = {
    GateStep.VERIFY: verify,
    GateStep.RENDERED: compare_rendered,
    GateStep.PARITY: compare_parity,
    GateStep.AUDIT: audit,
    GateStep.NEW: audit_new,
    GateStep.SNAPSHOTS: check_snapshots,
}
"""The steps that are run once for each host."""
COMPARISONS: Mapping[GateStep, Callable[[Bench, Sequence[str]], StepResult | None]] = {GateStep.AUDIT: compare_hosts}
"""What is judged of all hosts together, after a step of each."""


def place_findings(view: View) -> tuple[Finding, ...]:
    """The findings of a report, each with the place at which its formats would show it."""
    return tuple(_place(view))


def _place(view: View) -> Iterator[Finding]:
    for finding in list_judged(view):
        at = find_place(finding, view)
        yield replace(finding, place=at)


def _make_result(bench: Bench, step: GateStep, host: str, conclusion: Conclusion, view: View) -> StepResult:
    return StepResult(step, host, conclusion, place_findings(view), name_command(bench.ground, step, host))


def _describe_evidence(taken_at: str) -> str:
    return f"By evidence of {taken_at}."
