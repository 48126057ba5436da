"""What becomes of [Install]: a service's `target`, or nothing if it is the registry's default."""

from qtctl.adopt.entry import Table
from qtctl.adopt.plan import Plan
from qtctl.model.unit_kinds import DECLARED_IN


def name_target(table: Table, plan: Plan) -> None:
    """`target` instead of WantedBy= and PartOf= of one adopted target."""
    install, order = table.get("install", {}), table.get("order", {})
    wanted, part_of = install.get("wanted_by", []), order.get("part_of", [])
    if len(wanted) != 1 or set(install) != {"wanted_by"} or table["state"] in ("on-timer", "on-demand"):
        return
    name = plan.get_short_name(wanted[0])
    if not wanted[0].endswith(".target") or wanted[0] not in plan.names or name not in part_of:
        return
    table["target"] = plan.names[wanted[0]]
    del table["install"]
    part_of.remove(name)
    if not part_of:
        del order["part_of"]


def drop_plain_install(table: Table, kind: str) -> None:
    """Drops [install] if it says the default. `kind`: the table of the registry."""
    if "install" not in table:
        return
    derived = list(DECLARED_IN[kind].wanted_by) if kind in DECLARED_IN else ["multi-user.target"]
    if kind == "services" and table["state"] in ("on-timer", "on-demand") and not table.get("enabled"):
        derived = []
    if kind in ("slices", "swaps"):
        derived = ["?"]
    if table["install"] == {"wanted_by": derived} or (not derived and not table["install"]):
        del table["install"]
    elif not table["install"]:
        table["install"] = {"wanted_by": []}
