"""QT708, QT716: the host is new enough for what is declared, and runs what is installed on it."""

import re
from functools import partial

from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.meaning.systemd_needed import find_systemd_needed
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, File, HostBaseline
from qtctl.model.host_defaults import locate_desired_key
from qtctl.rules import proofs
from qtctl.rules.rule import Expectation, ProofSource, Rule, Verdict

BASELINE = Need(HostBaseline.FACT, "host")
REBOOT = "/run/reboot-required"
FLAG = Need(File.FACT, REBOOT)
_NAME = re.compile(r"([A-Za-z][A-Za-z ./-]*?) *(?:release )?([0-9]+(?:\.[0-9]+)*)")


def _expect_new_systemd(desired: Desired) -> tuple[Expectation, ...]:
    needed = find_systemd_needed(desired) if desired.needs_systemd is None else desired.needs_systemd
    systemd = locate_desired_key(desired, "systemd")
    found = [Expectation("systemd", {"at_least": needed}, (BASELINE,), partial(_has_systemd, needed=needed), systemd)]
    if desired.os:
        judge = partial(_has_os, declared=desired.os)
        found.append(Expectation("os", {"os": desired.os}, (BASELINE,), judge, locate_desired_key(desired, "os")))
    return tuple(found)


def _has_systemd(facts: Facts, needed: int) -> Verdict:
    host = facts.read(HostBaseline, "host")
    said = host.systemd if host else ""
    number = re.match("[0-9]{1,5}", said)
    if number is None:
        return Verdict(False, None, unknown="systemctl --version does not begin with a number")
    version = int(number[0])
    source = ProofSource(BASELINE, "systemctl --version | head -n 1 | cut -d ' ' -f 2", number[0])
    says = f"or say systemd = {version} in hosts.toml: qtctl lint then names what that version does not know"
    remedy = make_steps("upgrade the host's distribution", says)
    return Verdict(version >= needed, {"systemd": version}, (source,), remedy=remedy)


def _has_os(facts: Facts, declared: str) -> Verdict:
    """Only two versions of the same distribution can be compared."""
    host = facts.read(HostBaseline, "host")
    said = host.os if host else ""
    wanted, found = _NAME.match(declared), _NAME.match(said)
    older = (
        wanted is not None
        and found is not None
        and _find_first_word(wanted[1]) == _find_first_word(found[1])
        and _list_figures(found[2]) < _list_figures(wanted[2])
    )
    source = ProofSource(BASELINE, '. /etc/os-release && echo "$PRETTY_NAME"', said)
    remedy = make_steps(f"upgrade the host to {declared}, or correct os in hosts.toml")
    return Verdict(not older, {"os": said}, (source,), remedy=remedy)


def _find_first_word(name: str) -> str:
    return name.split(maxsplit=1)[0].lower()


def _list_figures(version: str) -> tuple[int, ...]:
    return tuple(int(part[:9]) for part in version.split("."))


def _expect_booted_kernel(desired: Desired) -> tuple[Expectation, ...]:  # noqa: ARG001 every host is
    return (Expectation("host", {"reboot_required": False}, (FLAG,), _runs_what_is_installed),)


def _runs_what_is_installed(facts: Facts) -> Verdict:
    flag = facts.read(File, REBOOT)
    source = proofs.prove_presence(FLAG, REBOOT, present=flag is not None)
    remedy = make_steps(("cat", f"{REBOOT}.pkgs"), "when the fleet may stop", ("systemctl", "reboot"))
    return Verdict(flag is None, {"reboot_required": flag is not None}, (source,), remedy=remedy)


QT708 = Rule(
    "QT708",
    "operating system or systemd too old",
    Severity.WARNING,
    several="parts of the operating system are too old",
    what="The units of the registry use a directive that came with a newer systemd than the host has, or the host has "
    "an older version of the distribution that `os` in hosts.toml names. A different distribution is not compared.",
    why="systemd ignores a directive that it does not know, with one line in the journal: the sandbox or the limit "
    "that the unit declares is missing. Programs built for the newer distribution do not find their libraries.",
    fix="Upgrade the host. Or say in hosts.toml what it really has: `qtctl lint` then names every directive that its "
    "systemd would ignore.",
    expect=_expect_new_systemd,
    each_host=True,
)
QT716 = Rule(
    "QT716",
    "reboot required",
    Severity.WARNING,
    several="hosts must be rebooted",
    untidy=True,
    what="The host's package manager says that it must be rebooted: /run/reboot-required is there. Distributions that "
    "write no such file are not judged.",
    why="A new kernel, C library or systemd is installed, and what runs is the old one, with the holes that the update "
    "closed. The reboot comes anyway, at an hour that nobody chose.",
    fix="`cat /run/reboot-required.pkgs` says which packages ask for it. Reboot when the fleet may stop, and audit "
    "before and after.",
    expect=_expect_booted_kernel,
)
RULES = (QT708, QT716)
