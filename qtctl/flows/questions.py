"""What an audit asks of a host. Separate from `flows.audit`: with it cached, no rule is loaded before asking."""

from qtctl.model.desired import Desired
from qtctl.model.desired_questions import Questions
from qtctl.model.inquiry import Inquiry, build_inquiry


def find_questions(desired: Desired) -> Questions:
    """Everything that an audit, a registry report or a parity report reads, so that one evidence serves all three.

    Of a host with tags also in what it is compared with others.
    """
    from qtctl.audit.compared import list_needs as fleet_needs
    from qtctl.audit.judge import list_needs as audit_needs
    from qtctl.meaning.drift import list_asked_properties
    from qtctl.parity.needs import list_needs as parity_needs
    from qtctl.reports.needs import list_needs as registry_needs

    wanted = {*audit_needs(desired), *fleet_needs(desired), *registry_needs(desired), *parity_needs(desired)}
    shown = ((unit.unit, list_asked_properties(unit)) for unit in desired.units())
    return Questions(
        tuple(sorted(wanted, key=lambda need: (need.fact, need.store, need.subject))),
        tuple((unit, tuple((each.interface, each.name) for each in found)) for unit, found in shown),
    )


def make_inquiry(
    desired: Desired, target: str, user: str | None, *, become: bool = False, asks: bool = True
) -> Inquiry:
    """Everything that an audit asks `target`, which is or stands in for the host of `desired`, and how to reach it.

    `user`: whom to log in as instead of the auditing account. `become`: ask root for what only root can tell.
    Without `asks` it has no passwords. InputError if a store's password is not set.
    """
    from qtctl.engines.connect import make_declared_route, read_passwords

    asked = desired.questions or find_questions(desired)
    route = make_declared_route(target, desired, user, "audit")
    return build_inquiry(
        desired,
        asked.needs,
        passwords=read_passwords(desired) if asks else {},
        properties=dict(asked.properties),
        route=route,
        become=become,
    )
