"""The plans of several hosts, for every format."""

from collections.abc import Mapping
from functools import partial

from qtctl.model.plan import Plan
from qtctl.reports.plan_fleet import FleetPlanReport, to_json
from qtctl.reports.plan_fleet_page import build_page, build_screen
from qtctl.reports.view import View


def build_view(report: FleetPlanReport, plans: Mapping[str, Plan], *, verbose: bool) -> View:
    """`plans`: by address."""
    return View(
        name="fleet-plan",
        about=", ".join(each.address for each in report.hosts),
        json=partial(to_json, report),
        page=partial(build_page, report),
        screen=lambda: build_screen(report, plans, verbose=verbose),
    )
