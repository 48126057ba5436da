"""QT224: units of the fleet's names in a user manager."""

from functools import partial
from posixpath import basename

from qtctl.dialects.shell import quote
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.json import JsonObject
from qtctl.model.user_unit_facts import UserUnits
from qtctl.rules import proofs
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

NEED = Need(UserUnits.FACT, "*")


def _expect_none(desired: Desired) -> tuple[Expectation, ...]:
    externals = frozenset(each.unit for each in desired.externals)
    return (Expectation("user units", {"units": []}, (NEED,), partial(_are_none, left_out=externals)),)


def _are_none(facts: Facts, left_out: frozenset[str]) -> Judgment:
    """Units of packages, such as redis-server's, may have a file for user managers too."""
    found = facts.read(UserUnits, NEED.subject)
    if found is None:
        return NOT_JUDGED
    names = sorted({basename(path) for path in (*found.files, *found.running)} - left_out)
    hidden = sorted(user for user, lingers in found.closed.items() if lingers)
    verdicts = [_make_verdict(found, name) for name in names]
    if hidden:
        verdicts.append(_judge_hidden(hidden))
    if verdicts:
        return tuple(verdicts)
    closed = f"{len(found.closed)} homes that cannot be entered"
    return Verdict(True, {"units": [], **({"not looked into": closed} if found.closed else {})})


def _make_verdict(found: UserUnits, name: str) -> Verdict:
    files = [path for path in found.files if basename(path) == name]
    running = [path for path in found.running if basename(path) == name]
    sources = (
        *(proofs.prove_presence(NEED, path, present=True) for path in files[:2]),
        *(ProofSource(NEED, f"test -d {quote(path)} && echo running", "running") for path in running[:2]),
    )
    remedy = make_steps(
        f"as each account whose manager has it: systemctl --user disable --now {quote(name)}; then as root:",
        *(("rm", "--", path) for path in files[:2]),
    )
    observed: JsonObject = {"files": [*files[:5]], "running": [*map(_find_manager, running[:5])]}
    return Verdict(False, observed, sources, subject=name, remedy=remedy)


def _find_manager(group: str) -> str:
    """`user@1001.service`."""
    return next((part for part in group.split("/") if part.startswith("user@")), group)


def _judge_hidden(users: list[str]) -> Verdict:
    shown = ", ".join(users[:3])
    why = f"a manager is started at boot for {shown}, and the auditing account cannot look into ~/.config/systemd/user"
    lists = (("systemctl", "--user", "-M", f"{user}@", "list-units") for user in users[:3])
    remedy = make_steps("as root on the host, for each of them:", *lists)
    return Verdict(False, None, unknown=why, remedy=remedy)


QT224 = Rule(
    "QT224",
    "unit of the fleet in a user manager",
    Severity.ERROR,
    several="units of the fleet in user managers",
    what="A unit whose name is declared, or matches the fleet's patterns, has a file where user managers look for "
    "units (/etc/systemd/user and the like, ~/.config/systemd/user), or runs in one. Homes that the auditing account "
    "may not enter are skipped; where such a user's manager starts at boot (linger), the check is unknown. Running "
    "units are always seen, by their control group.",
    why="`systemctl status` does not show it, and `systemctl stop` does not stop it: a second copy of a service that "
    "trades, restarted by a manager that nobody looks at, and gone when its user logs out.",
    fix="As that user, `systemctl --user disable --now UNIT`, then remove the file. `loginctl list-users` shows whose "
    "manager lingers; `loginctl disable-linger USER` ends that.",
    expect=_expect_none,
)
RULES = (QT224,)
