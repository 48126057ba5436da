"""JSON Schemas of the views that machines read."""

from qtctl.reports.document import schema_of
from qtctl.views.listing import Listing
from qtctl.views.show import Shown


def schemas() -> dict[str, dict[str, object]]:
    """By document: list, show."""
    return {"list": schema_of(Listing), "show": schema_of(Shown)}
