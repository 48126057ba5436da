"""QT728: no account of the fleet is in a group that amounts to root, unless the registry puts it there."""

from collections.abc import Iterator
from functools import partial

from qtctl.dialects.shell import quote
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.json import JsonObject
from qtctl.model.way_facts import UserIds
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

GROUPS = {
    "sudo": "may run anything as root", "wheel": "may run anything as root", "admin": "may run anything as root",
    "docker": "starts containers as root, with any folder of the host in them",
    "lxd": "starts containers as root, with any folder of the host in them",
    "incus-admin": "starts containers as root, with any folder of the host in them",
    "microk8s": "starts containers as root, with any folder of the host in them",
    "libvirt": "starts virtual machines with any disk of the host",
    "disk": "reads and writes whole disks, whatever the files on them allow",
    "kmem": "reads the memory of the kernel", "shadow": "reads the password hashes of all accounts",
}  # fmt: skip
"""Groups that give root or its secrets, as Debian's wiki and the makers of Docker, LXD and libvirt say; what each does.

Not `adm` and `systemd-journal`, which read logs, and not `kvm`, whose device gives no access to the host.
"""
_ROOTS = ("", "root", "0")


def _expect_ordinary_groups(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            name, {"groups that amount to root": [*sorted(declared)]}, (_make_need(name),),
            partial(_is_ordinary, name=name, declared=declared),
        )
        for name, declared in _map_declared(desired).items()
    )  # fmt: skip


def _map_declared(desired: Desired) -> dict[str, frozenset[str]]:
    """Each account of the fleet but root and the one that deploys, and the groups that the registry gives it."""
    accounts = {each.name: frozenset((each.group, *each.groups)) for each in desired.accounts}
    for service in desired.services:
        own = accounts.get(service.user, frozenset())
        more = dict(service.settings).get("SupplementaryGroups", "").split()
        accounts[service.user] = own | {service.group, *more}
    accounts.setdefault(desired.login.audit_user, frozenset())
    ordinary = accounts.keys() - {*_ROOTS, desired.login.deploy_user}
    return {name: accounts[name] & GROUPS.keys() for name in sorted(ordinary) if "%" not in name}


def _make_need(name: str) -> Need:
    return Need(UserIds.FACT, name)


def _is_ordinary(facts: Facts, name: str, declared: frozenset[str]) -> Judgment:
    user = facts.read(UserIds, name)
    if user is None:
        return NOT_JUDGED
    if user.group_names is None:
        return Verdict(False, None, unknown="an earlier qtctl kept only the numbers of its groups")
    found = sorted(GROUPS.keys() & user.group_names.values())
    more = [group for group in found if group not in declared]
    sources = tuple(_prove_member(name, group) for group in more)
    observed: JsonObject = {"groups that amount to root": {group: GROUPS[group] for group in found}}
    remedy = make_steps(*_list_steps(name, more, user.group_names.get(str(user.gid), "")))
    return Verdict(not more, observed, sources, remedy=remedy)


def _prove_member(name: str, group: str) -> ProofSource:
    return ProofSource(_make_need(name), f"id -nG {quote(name)} | tr ' ' '\\n' | grep -x {quote(group)}", group)


def _list_steps(name: str, groups: list[str], first: str) -> Iterator[tuple[str, ...] | str]:
    """`first`: the name of its first group, which gpasswd does not change."""
    for group in groups:
        if group == first:
            yield f"{group} is the first group of {name}: give it one of its own with usermod --gid"
        else:
            yield "gpasswd", "--delete", name, group
    yield f"restart what runs as {name}: a process keeps its groups; or declare the group in users.toml"


QT728 = Rule(
    "QT728",
    "account is in a group that amounts to root",
    Severity.ERROR,
    several="accounts are in groups that amount to root",
    what="The account that audits, a declared account or the user of a service is in a group that gives root, or what "
    "only root may read, and the registry does not put it there: sudo, wheel, admin, docker, lxd, incus-admin, "
    "microk8s, libvirt, disk, kmem or shadow. The account that deploys may become root anyway and is not judged, nor "
    "is what sudoers files allow.",
    why="Whoever takes over the account has the host: with docker or lxd by a container with the host's / in it, with "
    "disk by writing to the disk itself. It was often given for one look at something, by a command that says nothing "
    "of root.",
    fix="Take it out of the group with `gpasswd --delete ACCOUNT GROUP` and restart what runs as it. If a service "
    "needs the group, declare it: `groups` in users.toml for every process of the account, or better "
    "`supplementary_groups` of the one service.",
    expect=_expect_ordinary_groups,
    each_host=True,
)
RULES = (QT728,)
