"""Generation 0 of a host: what was there before its first deploy, kept so that it can be brought back."""

from collections.abc import Mapping
from dataclasses import replace

from qtctl.flows.installed import look_at_installed, make_backup
from qtctl.interfaces.clock import Clock
from qtctl.interfaces.host import Host
from qtctl.meaning.deploys import STATUS
from qtctl.model.backup import Backup
from qtctl.model.deploy_facts import HostDeploys
from qtctl.model.desired import Desired
from qtctl.model.facts import Facts
from qtctl.model.plan import Plan
from qtctl.plan.fleet_names import FleetNames


def is_first(facts: Facts) -> bool:
    """Whether no generation is in force on the host."""
    if not facts.find_item(STATUS).state.known:
        return False
    status = facts.read(HostDeploys, "host")
    return status is None or not status.current


def look_at_found(host: Host, desired: Desired, clock: Clock, planned: Plan, about: Mapping[str, str]) -> Backup:
    """What is on the host now under the fleet's names. HostError if it could not be read.

    Env files that carry qtctl's mark belong to it, whichever version wrote them, also those that the plan removes.
    """
    names = FleetNames.of(desired)
    removed = frozenset(step.subject for step in planned.steps if names.may_be_env(step.subject))
    names = replace(names, made_env=names.made_env | removed)
    look = look_at_installed(host, desired, clock, names, trust_mark=True)
    return make_backup(look, desired, clock, {**about, "registry": ""})
