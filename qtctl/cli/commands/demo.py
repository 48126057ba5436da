"""qtctl demo: the whole way once, on a throwaway host."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qtctl.cli.exits import Exit, of_conclusion, of_deploy
from qtctl.cli.interrupt import cleanly
from qtctl.cli.output import complain_of, progress, tell, write
from qtctl.model.events import Stage, begun

if TYPE_CHECKING:
    from qtctl.flows.declared import Declared
    from qtctl.model.evidence import Evidence
    from qtctl.plan.outcome import DeployOutcome

DEMO_HOST = "demo1"


def demo(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the reports go.")] = Path("qtctl-demo"),
    keep: Annotated[bool, typer.Option("--keep", metavar="", help=f"Leave the host {DEMO_HOST} running.")] = False,
) -> None:
    """Boot a throwaway host, deploy the shipped registry to it, audit it, and write the reports.

    Where this machine cannot boot one, a recorded host that ships with qtctl is audited instead.
    """
    from qtctl.adapters.files import check_writable
    from qtctl.lab.needs import why_not

    check_writable(out / "audit.json")
    declared = _shipped()
    cleanly()
    lacking = why_not()
    if lacking:
        tell(f"No host can be booted here: {lacking}")
        tell("What follows is the audit of a recorded host that ships with qtctl, not of a live one.")
        evidence = _recorded()
    else:
        evidence = _live(declared, keep=keep)
    code = _reports(declared, evidence, out)
    if lacking and os.environ.get("CI") == "true":
        tell("CI=true: a recorded host proves nothing about this machine.")
        raise typer.Exit(Exit.INCOMPLETE)
    raise typer.Exit(code)


def _shipped() -> "Declared":
    from qtctl.adapters.files import read_registry, shipped
    from qtctl.adapters.templates import unit_templates
    from qtctl.flows.declare import declare

    return declare(read_registry(shipped("registry")), unit_templates(None), "", None)


def _recorded() -> "Evidence":
    from qtctl.adapters.files import read_text, shipped
    from qtctl.collect.document import load

    path = shipped("recorded") / "evidence.json"
    return load(read_text(path), str(path))


def _live(declared: "Declared", *, keep: bool) -> "Evidence":
    from qtctl.api.deploy import deploy
    from qtctl.engines.worker import answer
    from qtctl.flows.audit import inquiry
    from qtctl.lab.lab import down, up
    from qtctl.stage.lab import lab_tree

    desired = declared.desired
    tree = lab_tree(desired, audit_user=desired.login.audit_user, deploy_user=desired.login.deploy_user)
    with progress(named=True) as say:
        try:
            up([DEMO_HOST], tree, stands_for=desired.host, progress=say)
            outcome = deploy(declared, DEMO_HOST, confirm=lambda _: True, progress=say, deadline_s=180.0)
            _must_be_deployed(outcome)
            say(begun(DEMO_HOST, Stage.CONNECT))
            evidence = answer(inquiry(desired, DEMO_HOST, None))
        finally:
            if not keep:
                say(begun(DEMO_HOST, Stage.END))
                down([DEMO_HOST])
    tell(f"{outcome.status}: {len(desired.files)} files to a throwaway host that stood in for {desired.host}")
    return evidence


def _must_be_deployed(outcome: "DeployOutcome") -> None:
    from qtctl.reports.deploy_text import problems

    complain_of(problems(outcome))
    if (code := of_deploy(outcome)) is not Exit.OK:
        raise typer.Exit(code)


def _reports(declared: "Declared", evidence: "Evidence", out: Path) -> Exit:
    from qtctl.collect.document import dump
    from qtctl.flows.audit import judged
    from qtctl.formats.markdown import markdown
    from qtctl.reports import audit, audit_page, module_registry, module_registry_page

    checks = judged(declared, evidence)
    audited = audit.build(declared.desired, evidence, checks)
    modules = module_registry.build(declared.desired, evidence, checks)
    texts = {
        "audit.json": audit.to_json(audited),
        "audit.md": markdown(audit_page.page(audited)),
        "registry.json": module_registry.to_json(modules),
        "registry.md": markdown(module_registry_page.page(modules)),
        "evidence.json": dump(evidence),
    }
    for name, text in texts.items():
        write(text, out / name)
    totals = audited.totals
    tell(f"{totals.total} checks: {totals.holds} hold, {totals.broken} broken, {totals.unknown} unknown")
    tell(f"Reports: {', '.join(str(out / name) for name in texts)}")
    return of_conclusion(audited.verdict)
