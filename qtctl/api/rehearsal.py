"""Rehearse a deploy on a throwaway host that is modelled on the real one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qtctl.adapters.clock import SystemClock
from qtctl.adapters.files import read_bytes
from qtctl.adapters.git_tree import read_files_at
from qtctl.adapters.templates import load_unit_templates
from qtctl.audit.judge import list_needs as audit_needs
from qtctl.collect.document import load
from qtctl.collect.ledger import format_time
from qtctl.dialects.nearest import Known
from qtctl.dialects.shell import quote
from qtctl.engines.worker import answer
from qtctl.errors import InputError, Place, Unreachable
from qtctl.findings.policy import Policy
from qtctl.flows.declare import Loaded
from qtctl.flows.questions import make_inquiry
from qtctl.flows.rehearsal import Case
from qtctl.flows.rehearsal import rehearse as run
from qtctl.flows.rehearsal_before import find_before
from qtctl.interfaces.progress import Progress, silent
from qtctl.lab import needs, rootfs
from qtctl.lab.releases import Release, choose_release
from qtctl.meaning.systemd_needed import find_systemd_needed
from qtctl.model.events import Stage, begun
from qtctl.model.evidence import Evidence, Need
from qtctl.model.facts import Facts, HostBaseline, Unit, UnitListing
from qtctl.model.plan import NO_CHOICES, Choices
from qtctl.model.rehearsal import Failure
from qtctl.plan.identity import make_deployable
from qtctl.plan.rehearsed import Rehearsal

_TAKE_AGAIN = "take it again: qtctl audit --host HOST --save FILE"
_SNAPSHOT = b"qtctl-snapshot "


@dataclass(frozen=True, slots=True)
class Saved:
    """Evidence of the real host, and the registry that a snapshot holds beside it, None without one."""

    evidence: Evidence
    registry: Mapping[str, bytes] | None = None


def check_machine(suite: str | None = None) -> None:
    """LabError with the reason if no host can be booted here; InputError if the lab has no such release."""
    if suite is not None:
        rootfs.check_suite(suite)
    needs.check(build=False)


def read_saved(path: Path) -> Saved:
    """Evidence as `qtctl audit --save` writes it, or a snapshot. InputError for anything else."""
    content = read_bytes(path)
    if not content.startswith(_SNAPSHOT):
        return Saved(load(_decode(content, path), str(path)))
    from qtctl.api.snapshot import find as find_snapshot  # noqa: PLC0415
    from qtctl.api.snapshot import open_store  # noqa: PLC0415 - few have one

    found = find_snapshot(open_store(None), str(path.absolute()))
    texts = found.attachments.registry
    files = {name: text.encode() for name, text in texts.items()}
    return Saved(load(found.write_evidence(), str(path)), files)


def _decode(content: bytes, path: Path) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise InputError("not UTF-8", hint=_TAKE_AGAIN, place=Place(str(path))) from error


def ask(declared: Loaded, target: str, *, user: str | None = None, progress: Progress = silent) -> Saved:
    """Evidence of the real host as it is now: asked like an audit, which changes nothing there."""
    progress(begun(target, Stage.CONNECT))
    return Saved(answer(make_inquiry(declared.desired, target, user)))


def check(saved: Saved, declared: Loaded, where: str) -> None:
    """InputError if the evidence is not of the host of `declared`, not of its registry, or says too little."""
    desired, facts = declared.desired, Facts.of(saved.evidence)
    place = Place(where) if where else None
    if saved.evidence.host != desired.host:
        hint = f"rehearse --host {quote(saved.evidence.host)}, with the registry that declares it"
        raise InputError(f"evidence of {saved.evidence.host}, not of {desired.host}", hint=hint, place=place)
    if (why := facts.why_unreachable) is not None:
        if not where:
            raise Unreachable(f"it could not be asked: {why}", host=desired.host, hint="rehearse with saved evidence")
        raise InputError(f"evidence that knows nothing of {desired.host}: {why}", hint=_TAKE_AGAIN, place=place)
    for need, what in ((Need(UnitListing.FACT, "*"), "units"), (Need(HostBaseline.FACT, "host"), "system")):
        if not facts.find_item(need).state.known:
            reason = facts.find_item(need).reason or str(facts.find_item(need).state)
            raise InputError(
                f"incomplete evidence: the {what} of {desired.host}: {reason}", hint=_TAKE_AGAIN, place=place
            )
    if what := _explain_other_registry(declared, facts):
        hint = "take it with this registry: qtctl audit --host HOST --save FILE"
        raise InputError(f"evidence of another registry: {what}", hint=hint, place=place)


def _explain_other_registry(declared: Loaded, facts: Facts) -> str:
    """Why the evidence does not fit this registry; '' if it may."""
    units = [each.unit for each in declared.desired.units() if each.generated]
    if units and not {*facts.list_subjects(Unit.FACT)}.intersection(units):
        return f"it says nothing of any of the {len(units)} units that this one declares"
    return ""


def make_policy(declared: Loaded) -> Policy:
    """What the registry makes of findings, with the waivers of today."""
    desired = declared.desired
    today = format_time(SystemClock().now())
    return Policy.of(desired.fail_on, dict(desired.severities), desired.waivers, today)


def read_failures(names: Sequence[str] | None, declared: Loaded) -> tuple[Failure, ...]:
    """The failures named, or those of policy.toml. InputError for an unknown name."""
    if not names:
        return declared.registry.policy.rehearsal.list_failures()
    known = [each.value for each in Failure]
    for name in names:
        if name not in known:
            hint = Known(known).suggest(name) or f"it is one of {', '.join(known)}"
            raise InputError(f"--failure {name}: a rehearsal makes no such failure", hint=hint)
    return tuple(each for each in Failure if each.value in names)


def rehearse(
    declared: Loaded,
    saved: Saved,
    *,
    failures: tuple[Failure, ...],
    registry: Path,
    templates: Path | None = None,
    choices: Choices = NO_CHOICES,
    suite: str | None = None,
    progress: Progress = silent,
) -> Rehearsal:
    """Make a throwaway host like the real one, deploy to it, make it fail, roll it back, and remove it.

    `registry`: the folder of `declared`; its git history is searched for what the host has now. LabError if this
    machine cannot boot hosts. `saved` must have been checked.
    """
    release = _choose_release(saved.evidence, declared, suite)
    needs.check(build=not release.cached)
    make_deployable(declared.desired, declared.desired.host)
    facts = Facts.of(saved.evidence)
    before = find_before(
        declared, facts, read_commit=lambda commit: read_files_at(registry, commit), snapshot=saved.registry,
        templates=load_unit_templates(templates),
    )  # fmt: skip
    case = Case(
        desired=declared.desired,
        before=before,
        evidence=saved.evidence,
        needs=audit_needs(replace(declared.desired, questions=None)),
        failures=failures,
        within_s=declared.registry.policy.rehearsal.within_s,
        choices=choices,
        suite=release.suite,
        suite_is_own=release.own,
    )
    return run(case, progress)


def _choose_release(evidence: Evidence, declared: Loaded, suite: str | None) -> Release:
    baseline = Facts.of(evidence).find(HostBaseline, "host")
    return choose_release(baseline.os if baseline else "", find_systemd_needed(declared.desired), suite)
