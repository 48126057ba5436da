"""QT722: nobody but the auditing account and root decides what that account does when it logs in."""

from functools import partial

from qtctl.dialects.shell import quote
from qtctl.findings.finding import Severity
from qtctl.meaning.logins import find_first_writable
from qtctl.model.account_facts import Auditor
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.rules.rule import Expectation, ProofSource, Rule, Verdict

NEED = Need(Auditor.FACT, "self")


def _expect_own_login(desired: Desired) -> tuple[Expectation, ...]:  # noqa: ARG001 every host is audited by an account
    return (Expectation("self", {"written by": "the account itself and root"}, (NEED,), partial(_is_own)),)


def _is_own(facts: Facts) -> Verdict:
    login = facts.read(Auditor, "self")
    if login is None:
        return Verdict(False, None, unknown="the host has no account with that uid")
    found = find_first_writable(login)
    if found is None:
        return Verdict(True, {"account": login.name})
    entry = found.change.entry
    users, groups = ({int(number): name for number, name in each.items()} for each in (login.users, login.groups))
    says = found.change.describe(users, groups)
    source = ProofSource(NEED, f"stat -c '%a %u %g %n' {quote(entry.path)}",
                  f"{entry.mode:o} {entry.uid} {entry.gid} {entry.path}")  # fmt: skip
    remedy = (
        f"make {entry.path} writable by {login.name} and root alone (ls -ld shows owner and mode); until then look at "
        f"{found.path}, and trust no audit by {login.name}"
    )
    return Verdict(False, {"account": login.name, "file": found.path, "changed by": says}, (source,), remedy=remedy)


QT722 = Rule(
    "QT722",
    "another account can change what the auditing account's login runs",
    Severity.ERROR,
    several="accounts can change what the auditing account's login runs",
    what="The home or the login shell of the account that audits, a file that its shell or sshd reads at each login "
    "(.bashrc, .profile, .zshenv, .ssh/rc, .ssh/authorized_keys and the like, and those of /etc), or a folder on the "
    "path to one, can be written by an account other than itself and root. Group write counts whatever the group, "
    "since access control lists show up there.",
    why="sshd starts the account's shell, and the shell reads its files before it reads a command. Whoever can write "
    "one decides what every later audit finds. qtctl runs its commands in an environment of their own, but a shell "
    "that another account controls need not run them at all.",
    fix="`chown` and `chmod go-w` the file or folder that is named, and look at what the files say now. Audit with a "
    "separate account that owns nothing else, with /bin/sh as its shell, a home that belongs to root, and "
    "AuthorizedKeysFile outside it: see docs/audit.md.",
    expect=_expect_own_login,
)
RULES = (QT722,)
