"""The overview for every format."""

from functools import partial

from qtctl.reports.judged_view import Writers, build_judged_view
from qtctl.reports.overview import to_json
from qtctl.reports.overview_page import build_page, build_screen

build_view = partial(build_judged_view, Writers("report overview", to_json, build_page, build_screen))
