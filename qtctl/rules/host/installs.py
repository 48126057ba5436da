"""QT413: what qtctl installs is what its path leads to."""

from functools import partial

from qtctl.dialects.shell import join, quote
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import Remedy, make_steps
from qtctl.model.desired import Desired
from qtctl.model.desired_install import STORE, DesiredInstall
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, File
from qtctl.rules import proofs
from qtctl.rules.declared import deploy_command
from qtctl.rules.rule import Expectation, ProofSource, Rule, Verdict


def _lead_there(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            each.path, {"leads to": each.target}, (Need(File.FACT, each.path),),
            partial(_judge_link, install=each), each.origin,
        )
        for each in desired.installs
    )  # fmt: skip


def _judge_link(facts: Facts, install: DesiredInstall) -> Verdict:
    need = Need(File.FACT, install.path)
    found = facts.read(File, install.path)
    if found is None:
        source = proofs.prove_presence(need, install.path, present=False)
        return Verdict(False, {"leads to": None}, (source,), remedy=make_steps(deploy_command(facts)))
    source = ProofSource(need, f"readlink {quote(install.path)}", found.target)
    if found.kind != "link":
        source = ProofSource(need, f"readlink {quote(install.path)} || echo no link", "no link")
    there = found.target if found.kind == "link" else found.kind
    foreign = not (found.kind == "link" and found.target.startswith(f"{STORE}/"))
    return Verdict(
        found.target == install.target,
        {"leads to": there},
        (source,),
        remedy=_choose_remedy(facts, found),
        refuses_deploys=foreign,
    )


def _choose_remedy(facts: Facts, found: File) -> Remedy:
    """A deploy replaces only what qtctl put there; with --take-over, also another link or a folder."""
    if found.kind == "link" and found.target.startswith(f"{STORE}/"):
        return make_steps("see who changed it, then", deploy_command(facts))
    if found.kind in ("link", "dir"):
        take_over = join(deploy_command(facts, "--take-over"))
        return make_steps(f"see what is there, and who put it there; then {take_over} replaces it and keeps a folder")
    return make_steps("see what it is, and move it away; then", deploy_command(facts))


QT413 = Rule(
    "QT413",
    "installed code or virtual environment is not the declared one",
    Severity.ERROR,
    several="installed code or virtual environments are not the declared ones",
    what="Code with `install` in code.toml, or a virtual environment with `build` in venvs.toml, has a folder of its "
    "own in `/opt/qtctl/store`, whose name is a digest of what it is made from: the commit, or the lock file and the "
    "interpreter. The declared path must be a link to that folder. Instead it leads elsewhere, is not a link, or does "
    "not exist.",
    why="What runs then comes from a different commit or lock file than declared, or will after the next restart. "
    "Nobody has tested that it can be imported, and a rollback does not bring it back.",
    fix="`qtctl deploy` puts the declared one on the host, stops what runs from that path, and switches the link. "
    "`readlink PATH` shows where it leads now. If someone has replaced it with a folder, look at what is in it "
    "first: `--take-over` keeps that folder, and puts the link in its place.",
    expect=_lead_there,
    gate=True,
)
RULES = (QT413,)
