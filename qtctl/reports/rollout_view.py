"""A rollout, for every format."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from qtctl.errors import Place
from qtctl.findings.finding import Finding, Outcome, Severity, make_fingerprint
from qtctl.model.rollout import HostEnd
from qtctl.reports import deploy_view
from qtctl.reports.rollout import RolloutHost, RolloutReport, to_json
from qtctl.reports.rollout_page import SAID, build_page, build_screen
from qtctl.reports.view import Suite, View

HOST = "rollout-host"
"""What has no finding's id: a host that is not as declared after the rollout."""
_OUTCOMES = {
    HostEnd.UNCHANGED: Outcome.HOLDS,
    HostEnd.DEPLOYED: Outcome.HOLDS,
    HostEnd.NOT_REACHED: Outcome.UNKNOWN,
    HostEnd.LEFT_OUT: Outcome.UNKNOWN,
    HostEnd.INTERRUPTED: Outcome.UNKNOWN,
}


def build_view(
    report: RolloutReport,
    outstanding: Mapping[str, Sequence[Finding]],
    locate: Callable[[str], str],
    homes: Mapping[str, Callable[[], Place]],
) -> View:
    """`outstanding`: by address, what of the gate does not hold; `homes`: where the registry declares the host."""

    def list_findings(each: RolloutHost) -> tuple[Finding, ...]:
        found = [_judge_host(each)]
        if each.deploy is not None:
            own = deploy_view.build_view(each.deploy, outstanding.get(each.address, ()), locate, homes[each.address])
            found += own.findings() if own.findings is not None else ()
        return tuple(found)

    def list_suites() -> tuple[Suite, ...]:
        return tuple(Suite(each.address, list_findings(each)) for each in report.hosts)

    return View(
        name="rollout",
        about=", ".join(each.address for each in report.hosts),
        json=partial(to_json, report),
        page=partial(build_page, report),
        screen=partial(build_screen, report),
        findings=lambda: tuple(finding for each in report.hosts for finding in list_findings(each)),
        locate=locate,
        home=homes[report.hosts[0].address],
        suites=list_suites,
    )


def _judge_host(each: RolloutHost) -> Finding:
    outcome = _OUTCOMES.get(each.end, Outcome.BROKEN)
    what = f"{SAID[each.end]}{f' ({each.reason.what})' if each.reason else ''}"
    return Finding(
        id=HOST,
        outcome=outcome,
        severity=Severity.ERROR,
        title="not deployed",
        subject=each.host,
        host=each.host,
        what=what if outcome is Outcome.BROKEN else "",
        remedy=each.reason.hint if each.reason and outcome is Outcome.BROKEN else "",
        reason=what if outcome is Outcome.UNKNOWN else None,
        fingerprint=make_fingerprint(HOST, each.host, each.host),
    )
