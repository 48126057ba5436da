"""Where the numbers of a look at units come from."""

from qtctl.reports.numbers.rules import SCHEMA, Document, Items, count, seen, split_keys

_UNITS = "/hosts/*/units/*"
_UNIT = "/hosts/{0}/units/{1}"

DOCUMENT = Document(
    "status",
    "qtctl status",
    split_keys("qtctl_version fleet hosts totals"),
    split_keys("schema_version"),
    (
        SCHEMA,
        count("/totals/hosts", "hosts that were asked", Items("/hosts/*", label=("address",))),
        count("/totals/reached", "hosts that answered", Items("/hosts/*", {"reached": True}, label=("address",))),
        count("/totals/units", "units that were looked at", Items(_UNITS, label=("unit",))),
        count(
            "/totals/as_declared",
            "units that are up, down or not failed as declared",
            Items(_UNITS, {"as_declared": True}, label=("unit",)),
        ),
        count(
            "/totals/not_as_declared",
            "units that are not up or down as declared, or have failed",
            Items(_UNITS, {"as_declared": False}, label=("unit",)),
        ),
        count("/totals/unknown", "units whose state is unknown", Items(_UNITS, {"as_declared": None}, label=("unit",))),
        seen(f"{_UNITS}/main_pid", "MainPID= of the unit", _UNIT, "unit", "main_pid"),
        seen(f"{_UNITS}/memory_bytes", "MemoryCurrent= of the unit", _UNIT, "unit", "memory_bytes"),
        seen(f"{_UNITS}/tasks", "TasksCurrent= of the unit", _UNIT, "unit", "tasks"),
        seen(f"{_UNITS}/restarts", "NRestarts= of the unit", _UNIT, "unit", "restarts"),
    ),
    about="fleet",
    at="",
)
