"""QT711, QT712: declared accounts are on the host, and are as declared."""

from collections.abc import Iterator
from functools import partial

from qtctl.findings.finding import Severity
from qtctl.model.account_facts import Account, Group
from qtctl.model.desired import Desired
from qtctl.model.desired_accounts import DesiredAccount
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.json import Json, JsonObject
from qtctl.rules import proofs
from qtctl.rules.declared import deploy
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict


def _expect_presence(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            each.name, {"account": each.name}, (_make_need(each),), partial(_is_there, account=each), each.origin
        )
        for each in desired.accounts
    )


def _make_need(account: DesiredAccount) -> Need:
    return Need(Account.FACT, account.name)


def _is_there(facts: Facts, account: DesiredAccount) -> Verdict:
    found = facts.read(Account, account.name)
    if found is not None:
        return Verdict(True, {"account": account.name}, (proofs.prove_account(_make_need(account), found),))
    source = proofs.prove_no_account(_make_need(account), account.name)
    return Verdict(False, {"account": None}, (source,), remedy=deploy(facts))


def _expect_declared_state(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            each.name,
            dict(_list_wanted(each)),
            (_make_need(each), *(Need(Group.FACT, group) for group in (each.group, *each.groups))),
            partial(_is_as_declared, account=each),
            each.origin,
        )
        for each in desired.accounts
    )


def _list_wanted(account: DesiredAccount) -> Iterator[tuple[str, Json]]:
    """What the registry says about it; the rest is up to the host."""
    for key, value in (("uid", account.uid), ("gid", account.gid), ("home", account.home), ("shell", account.shell)):
        if value not in (None, ""):
            yield key, value
    yield "group", account.group
    if account.groups:
        yield "groups", list(account.groups)


def _is_as_declared(facts: Facts, account: DesiredAccount) -> Judgment:
    found = facts.read(Account, account.name)
    if found is None:
        return NOT_JUDGED
    wanted, observed, sources = (
        dict(_list_wanted(account)),
        _show_observed(facts, account, found),
        _list_sources(facts, account, found),
    )
    differs = [key for key, value in wanted.items() if observed[key] != value]
    shown: JsonObject = {key: observed[key] for key in wanted}
    remedy, refuses = _choose_remedy(facts, account, differs), differs != ["groups"]
    return Verdict(not differs, shown, sources, remedy=remedy, refuses_deploys=refuses)


def _show_observed(facts: Facts, account: DesiredAccount, found: Account) -> dict[str, Json]:
    """`group`: its name if it is the declared one, else its gid as text: the host was not asked for the name."""
    first = facts.read(Group, account.group)
    named = account.group if first is not None and first.gid == found.gid else f"gid {found.gid}"
    member_of: list[Json] = [group for group in account.groups if _is_member(facts, found, group)]
    return {
        "uid": found.uid,
        "gid": found.gid,
        "home": found.home,
        "shell": found.shell,
        "group": named,
        "groups": member_of,
    }


def _is_member(facts: Facts, found: Account, name: str) -> bool:
    group = facts.read(Group, name)
    return group is not None and (found.name in group.members or group.gid == found.gid)


def _list_sources(facts: Facts, account: DesiredAccount, found: Account) -> tuple[ProofSource, ...]:
    need, first = Need(Group.FACT, account.group), facts.read(Group, account.group)
    group = proofs.prove_no_group(need, account.group) if first is None else proofs.group(need, first)
    missing = [each for each in account.groups if not _is_member(facts, found, each)]
    not_in = (proofs.prove_not_in_group(Need(Group.FACT, each), account.name, each) for each in missing)
    return (proofs.prove_account(_make_need(account), found), group, *not_in)


def _choose_remedy(facts: Facts, account: DesiredAccount, differs: list[str]) -> str:
    """systemd-sysusers creates what is missing, and does not change what exists."""
    if differs == ["groups"]:
        return deploy(facts)
    return f"usermod on the host changes {account.name}; or declare in users.toml what it is"


QT711 = Rule(
    "QT711",
    "declared account is absent",
    Severity.ERROR,
    several="declared accounts are absent",
    what="users.toml declares a system account for this host, and the host has no user of that name. qtctl asks "
    "with `getent passwd`, so accounts of a directory service count as well.",
    why="A service whose user does not exist ends with 217/USER at its next start, and a folder that this user should "
    "own is not created. One that runs already does not notice: the account can be gone for weeks before the next "
    "restart.",
    fix="Run `qtctl deploy`: it writes the accounts file and runs systemd-sysusers on it. If the account is meant to "
    'be gone, set `state = "retired"` in users.toml; qtctl removes no account.',
    expect=_expect_presence,
    gate=True,
)
QT712 = Rule(
    "QT712",
    "account other than declared",
    Severity.WARNING,
    several="accounts are other than declared",
    what="A declared account has a different uid, first group, home or shell than users.toml says, or is not in a "
    "group that it names. The host chooses a uid, home or shell that is not declared; the first group is the declared "
    "one, or else the group named like the account.",
    why="Files keep numbers, not names: if its uid is not that of its files, a service cannot write its own logs. An "
    "account that is not in a group cannot read what that group shares, and nothing says so but the program's own "
    "error.",
    fix="A missing group is added by `qtctl deploy`. systemd-sysusers changes nothing else of an account that exists, "
    "and a deploy refuses: change it with `usermod` once none of its processes run, or declare the account as it is.",
    expect=_expect_declared_state,
    gate=True,
)
RULES = (QT711, QT712)
