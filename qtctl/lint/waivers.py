"""QT117: waivers of policy.toml that have expired, or that match no possible finding."""

from collections.abc import Iterable, Iterator, Sequence

from qtctl.findings.finding import Finding
from qtctl.model.desired import Desired
from qtctl.model.waiver import Waived
from qtctl.rules.registry.waivers import QT117


def judge_waivers(
    waivers: Sequence[Waived], hosts: Sequence[Desired], found: Iterable[Finding], today: str, *, whole: bool
) -> Iterator[Finding]:
    """`found`: all other findings of lint. `today`: ISO 8601. `whole`: False if parts of the registry were not read."""
    every = tuple(found)
    for waiver in waivers:
        subject = f"{waiver.id} {waiver.subject}"
        if waiver.has_expired(today):
            yield QT117.make_broken(
                subject,
                f"expired on {waiver.expires}: what it covers counts again",
                f"settle what it covers and take it out, or let {waiver.owner} decide again",
                waiver.origin,
            )
        elif whole and not _covers_anything(waiver, hosts, every):
            yield QT117.make_broken(
                subject,
                "matches nothing: no such finding can be made of what is declared",
                "correct its subject, or take it out",
                waiver.origin,
            )


def _covers_anything(waiver: Waived, hosts: Sequence[Desired], found: Sequence[Finding]) -> bool:
    from qtctl.rules.catalogue import list_host_rules, list_view_rules  # noqa: PLC0415 - few registries have waivers
    from qtctl.rules.custom import list_custom_rules  # noqa: PLC0415 - as above

    if any(waiver.covers(each.id, each.subject) for each in found):
        return True
    own = list_custom_rules({check.id: check for desired in hosts for check in desired.checks}.values())
    rule = next((each for each in (*list_host_rules(), *own) if each.id == waiver.id), None)
    if rule is None:
        return all(each.id != waiver.id for each in list_view_rules())
    subjects = {each.subject for desired in hosts for each in rule.expect(desired)}
    return "*" in subjects or any(waiver.covers(waiver.id, subject) for subject in subjects)
