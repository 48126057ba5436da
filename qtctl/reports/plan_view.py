"""A plan, for every format."""

from functools import partial

from qtctl.model.plan import Plan
from qtctl.reports.plan import PlanReport, to_json
from qtctl.reports.plan_page import build_page
from qtctl.reports.plan_screen import build_screen
from qtctl.reports.view import View


def build_view(report: PlanReport, plan: Plan, target: str, *, verbose: bool) -> View:
    """`target`: how the host is named on a screen; it may stand in for the one that was planned."""
    return View(
        name="plan",
        about=report.address,
        json=partial(to_json, report),
        page=partial(build_page, report),
        screen=lambda: build_screen(plan, target, verbose=verbose),
    )
