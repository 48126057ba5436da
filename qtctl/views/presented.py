"""Lists and details as views, for every format that shows reports without findings."""

from functools import partial

from qtctl.reports.document import dump
from qtctl.reports.view import View
from qtctl.views import listing, show_page
from qtctl.views.listing import Listing
from qtctl.views.show import Shown


def list_view(found: Listing) -> View:
    return View(
        name="list",
        about=found.fleet,
        json=partial(dump, found),
        page=partial(listing.make_page, found),
        screen=partial(listing.make_screen, found),
    )


def show_view(found: Shown) -> View:
    return View(
        name="show",
        about=found.name,
        json=partial(dump, found),
        page=partial(show_page.make_page, found),
        screen=partial(show_page.make_screen, found),
    )
