"""qtctl demo: the whole way once, on a throwaway host."""

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.exits import Exit, choose_deploy_exit, choose_exit, choose_whole_exit
from qtctl.cli.interrupt import raise_on_interrupt
from qtctl.cli.options import locate_registry
from qtctl.cli.output import complain_of, show, show_progress, tell, write
from qtctl.model.events import Stage, begun

if TYPE_CHECKING:
    from qtctl.cli.output import ProgressLine
    from qtctl.flows.declared import Declared
    from qtctl.model.evidence import Evidence
    from qtctl.model.plan import Plan
    from qtctl.plan.outcome import DeployOutcome
    from qtctl.reports.audit import AuditReport

DEMO_HOST = "demo1"
_ANY_LOAD = 1_000_000
BROKEN = "audit-broken.md"
"""The report of the host while it was not as declared."""


def demo(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the reports go.")] = Path("qtctl-demo"),
    keep: Annotated[bool, typer.Option("--keep", metavar="", help=f"Leave the host {DEMO_HOST} running.")] = False,
) -> None:
    """Boot a throwaway host, deploy the shipped registry, audit it, break three things, find and heal them.

    The reports are written to a folder. If this machine cannot boot a host, a recorded one that ships with qtctl is
    audited instead.
    """
    from qtctl.adapters.files import check_writable
    from qtctl.lab.needs import explain_why_not

    check_writable(out / "audit.json")
    declared = _declare_shipped()
    raise_on_interrupt()
    lacking = explain_why_not()
    if lacking:
        tell(f"No host can be booted here: {lacking}")
        tell("What follows is the audit of a recorded host that ships with qtctl, not of a live one.")
        code = _write_reports(declared, _read_recorded(declared), out)
    else:
        code = _run_live(declared, out, keep=keep)
    _suggest(out, booted=not lacking, keep=keep)
    if lacking and os.environ.get("CI") == "true":
        tell("CI=true: a recorded host proves nothing about this machine.")
        raise typer.Exit(choose_whole_exit(False))
    raise typer.Exit(code)


def _declare_shipped() -> "Declared":
    from qtctl.adapters.files import locate_shipped
    from qtctl.api.registry import declare

    return declare(locate_shipped("registry"))


def _read_recorded(declared: "Declared") -> "Evidence":
    from qtctl.adapters.files import locate_shipped
    from qtctl.api.evidence import read

    return read(locate_shipped("recorded") / "evidence.json", declared)


def _run_live(declared: "Declared", out: Path, *, keep: bool) -> Exit:
    from qtctl.lab.lab import down, up
    from qtctl.stage.lab import make_lab_tree

    declared = _allow_busy_machine(declared)
    desired = declared.desired
    tree = make_lab_tree(desired, audit_user=desired.login.audit_user, deploy_user=desired.login.deploy_user)
    with show_progress(named=True) as say:
        up([DEMO_HOST], tree, stands_for=desired.host, progress=say)
        try:
            outcome = _deploy(declared, say)
            say.clear()
            files = f"{len(desired.files)} files to a throwaway host that stands in for {desired.host}"
            tell(f"{outcome.status}: {files}")
            code = _write_reports(declared, _audit(declared, say), out)
            return _break_and_heal(declared, say, out) if code is Exit.OK else code
        finally:
            if not keep:
                say(begun(DEMO_HOST, Stage.END))
                down([DEMO_HOST])


def _allow_busy_machine(declared: "Declared") -> "Declared":
    """Load, memory and disks of the throwaway host are those of this machine, so the fleet is not to blame for them."""
    from qtctl.model.desired_host import HostLimits

    limits = HostLimits(
        disk_used=100, inodes_used=100, memory_available=0, swap_used=100, load_per_cpu=_ANY_LOAD, memory_pressure=100,
        io_pressure=100,
    )  # fmt: skip
    return replace(declared, desired=replace(declared.desired, limits=limits))


def _deploy(declared: "Declared", say: "ProgressLine", *, shown: bool = False) -> "DeployOutcome":
    from qtctl.api.deploy import deploy
    from qtctl.cli.output import show
    from qtctl.reports.plan_screen import build_screen

    def confirm(plan: "Plan") -> bool:
        say.clear()
        if shown:
            show(build_screen(plan, DEMO_HOST, verbose=False))
        return True

    outcome = deploy(declared, DEMO_HOST, confirm=confirm, progress=say, deadline_s=180.0)
    _check_deployed(outcome)
    return outcome


def _audit(declared: "Declared", say: "ProgressLine") -> "Evidence":
    from qtctl.api import evidence as api

    say(begun(DEMO_HOST, Stage.CONNECT))
    evidence = api.collect(api.make_inquiry(declared, DEMO_HOST))
    say.clear()
    return evidence


def _break_and_heal(declared: "Declared", say: "ProgressLine", out: Path) -> Exit:
    """What an audit is for: three faults, the findings of them, and the deploy that heals the host."""
    from qtctl.api import audit
    from qtctl.formats.markdown import write_markdown
    from qtctl.lab.faults import choose_three_faults, inject
    from qtctl.reports import audit_page, audit_screen

    tell("")
    tell("Now three things go wrong on that host:")
    for fault in choose_three_faults(declared.desired):
        inject(DEMO_HOST, fault)
        tell(f"  {fault.what}")
    tell("")
    tell(f"$ qtctl audit --host {DEMO_HOST}")
    evidence = _audit(declared, say)
    report = audit.report(declared, evidence, audit.judge(declared, evidence))
    show(tuple(audit_screen.build_screen(report)))
    write(write_markdown(audit_page.build_page(report)), out / BROKEN)
    tell("")
    tell(f"$ qtctl deploy --host {DEMO_HOST}")
    _deploy(declared, say, shown=True)
    evidence = _audit(declared, say)
    healed = audit.report(declared, evidence, audit.judge(declared, evidence))
    tell(f"Healed. {_format_totals(healed)}")
    return choose_exit(healed.verdict)


def _suggest(out: Path, *, booted: bool, keep: bool) -> None:
    """What to do next, as it is typed where this was run: with the registry in this folder, or with a new one."""
    here = (locate_registry(None) / "fleet.toml").is_file()
    with_it = "" if here else " --registry my-registry"
    begin = ("qtctl init my-registry --name shop --host web-1 --address ADDR", "a registry of your own")
    host = DEMO_HOST if keep and here else "lab1"
    lab = [
        *([] if host == DEMO_HOST else [(f"qtctl lab up{with_it}", "a throwaway host to try things on: lab1")]),
        (f"qtctl deploy --host {host}{with_it}", "shows what would change, and asks"),
        (f"qtctl audit --host {host}{with_it}", "compares it with the registry"),
        *([(f"qtctl lab down {DEMO_HOST}", "ends the host of this demo")] if keep else []),
    ]
    steps = [
        ("qtctl explain QT219", "what a finding means, why it matters, how to fix it"),
        *([] if here else [begin]),
        *(lab if booted else []),
        *([begin] if here else []),
        ("qtctl adopt host HOST --out adopted", "a registry of a host that you have"),
    ]
    tell("")
    tell(f"The reports are in {out}: begin with {out / 'audit.md'}. Next:")
    for command, what in steps:
        tell(f"  {command}")
        tell(f"      {what}")


def _check_deployed(outcome: "DeployOutcome") -> None:
    from qtctl.reports.deploy_text import describe_problems

    complain_of(describe_problems(outcome))
    if (code := choose_deploy_exit(outcome)) is not Exit.OK:
        raise typer.Exit(code)


def _write_reports(declared: "Declared", evidence: "Evidence", out: Path) -> Exit:
    from qtctl.api import audit
    from qtctl.api.evidence import format_evidence
    from qtctl.formats.markdown import write_markdown
    from qtctl.reports import audit_page, module_registry, module_registry_page
    from qtctl.reports.audit import to_json

    checks = audit.judge(declared, evidence)
    audited = audit.report(declared, evidence, checks)
    modules = module_registry.build_report(declared.desired, evidence, checks)
    texts = {
        "audit.json": to_json(audited),
        "audit.md": write_markdown(audit_page.build_page(audited)),
        "registry.json": module_registry.to_json(modules),
        "registry.md": write_markdown(module_registry_page.build_page(modules)),
        "evidence.json": format_evidence(evidence),
    }
    for name, text in texts.items():
        write(text, out / name)
    tell(_format_totals(audited))
    return choose_exit(audited.verdict)


def _format_totals(report: "AuditReport") -> str:
    totals = report.totals
    verdict = report.verdict.value.replace("-", " ").capitalize()
    return f"{verdict}. {totals.total} checks: {totals.holds} hold, {totals.broken} broken, {totals.unknown} unknown"


EXAMPLES = (
    "qtctl demo",
    "qtctl demo --keep",
    "qtctl demo --out /tmp/reports",
)
COMMAND = Command("demo", 10, Panel.START, demo, {"": EXAMPLES})
