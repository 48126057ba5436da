"""Whether the host that answers is the intended one, and whether anything is declared for it."""

from collections.abc import Iterator
from dataclasses import replace

from qtctl.errors import InputError
from qtctl.model.deploy_facts import HostDeploys
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, HostBaseline
from qtctl.model.plan import Refusal

HOST = Need(HostBaseline.FACT, "host")
_HINT = "see which host its address and your ssh config lead to, or correct hosts.toml"


def make_deployable(desired: Desired, target: str) -> Desired:
    """`allow_stand_in` for `target`.

    InputError if nothing at all is declared for the host: then something is wrong with the registry.
    """
    if not desired.files and desired.hosts_file is None:
        what = f"the registry declares nothing for {desired.host}: no unit, no account, no folder"
        raise InputError(what, hint="check --registry, and the hosts that its services name")
    return allow_stand_in(desired, target)


def allow_stand_in(desired: Desired, target: str) -> Desired:
    """A stand-in for the host of `desired` may be another machine."""
    return desired if target == desired.host else replace(desired, expected_hostname="", machine="")


def find_obstacles(desired: Desired, facts: Facts) -> Iterator[Refusal]:
    """Nothing if neither the registry nor the host's last deploy says which machine it is."""
    deployed = _read_last_machine(facts)
    if not desired.expected_hostname and not desired.machine and not deployed:
        return
    item = facts.find_item(HOST)
    found = facts.read(HostBaseline, "host") if item.state.known else None
    if found is None:
        yield Refusal(
            desired.host, f"which host it is could not be read: {item.reason or item.state}", "", unknown=True
        )
        return
    if desired.expected_hostname not in ("", found.hostname):
        what = f"the host is called {found.hostname}, expected_hostname is {desired.expected_hostname}"
        yield Refusal(desired.host, what, _HINT)
    if desired.machine and desired.machine != found.machine:
        what = f"another machine than declared: {found.machine or 'it has no machine id'}, declared {desired.machine}"
        yield Refusal(desired.host, what, _HINT)
    elif not desired.machine and deployed not in ("", found.machine):
        now = found.machine or "it has none"
        what = f"another machine than at its last deploy: its machine id was {deployed}, now {now}"
        yield Refusal(desired.host, what, f'if that is right, declare machine = "{found.machine}" in hosts.toml')


def _read_last_machine(facts: Facts) -> str:
    """The machine of the generation in force; '' if there is none, or it does not say."""
    status = facts.find(HostDeploys, "host")
    return status.about.get("machine", "") if status else ""
