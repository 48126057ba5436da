"""Units that keep the system itself running. Copies of them in a folder belong to packages, not to the fleet."""

import re
from collections.abc import Iterable

from qtctl.adopt.ledger import Ledger
from qtctl.adopt.tables import Made
from qtctl.errors import Place
from qtctl.findings.finding import Severity

_BASE = re.compile(
    r"(dbus|dbus-broker|systemd-(journald|logind|udevd|networkd|resolved|tmpfiles|sysusers|initctl)[a-z@-]*)"
    r"\.(service|socket|timer)|(user|user-runtime-dir|getty|serial-getty)@\.service"
)
"""Units of dbus and systemd: a deploy that restarts one would take the host's bus, log or logins down."""


def warn_of_base_units(units: Iterable[Made], ledger: Ledger) -> None:
    """Only a person knows whether units in a folder are meant to replace those of the host's packages."""
    for made in units:
        unit = made.original.unit
        if _BASE.fullmatch(unit) is None or made.kind == "dropins":
            continue
        what = "belongs to the system itself: a deploy would write it over the package's, and restart it"
        remedy = "take it out of the registry, unless it was changed on purpose: a drop-in is safer"
        ledger.tell(unit, what, remedy, at=Place(made.original.path), severity=Severity.WARNING)
