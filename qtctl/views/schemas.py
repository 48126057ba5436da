"""JSON Schemas of the views that machines read."""

from qtctl.reports.document import make_schema
from qtctl.views.listing import Listing
from qtctl.views.show import Shown


def make_schemas() -> dict[str, dict[str, object]]:
    """By document: list, show."""
    return {"list": make_schema(Listing), "show": make_schema(Shown)}
