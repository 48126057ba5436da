"""How to remove a unit that should not be there, by the state of its file, so that no other unit is removed too."""

from qtctl.dialects.systemd.unit_name import is_template
from qtctl.findings.remedy import Command, Remedy, make_steps
from qtctl.meaning.units import is_up
from qtctl.model.facts import Facts, Unit

OWN_FOLDERS = ("/etc/systemd/system/", "/run/systemd/system/")
"""Where administrators put unit files. A file elsewhere belongs to a package, a generator or systemd itself."""
RELOAD: Command = ("systemctl", "daemon-reload")


def choose_removal(facts: Facts, unit: str, state: str, active: str) -> Remedy:
    """`state`: of its unit file, "" for none. `active`: its ActiveState, "" if it is not loaded."""
    if state == "alias":
        return _choose_alias_removal(unit)
    if state.startswith("masked"):
        return make_steps(_stop(unit, active), f"{unit} is masked: leave it so, or systemctl unmask {unit}")
    if not state:
        return _choose_removal_without_file(unit, active)
    if state == "generated":
        return make_steps(_stop(unit, active), f"systemctl show -p SourcePath {unit} names what it is generated from")
    found = None if is_template(unit) else facts.find(Unit, unit)
    return make_steps(
        _make_disable_command(unit), _make_forget_command(unit, active), *_list_steps_without_file(found, unit, state)
    )


def _choose_alias_removal(unit: str) -> Remedy:
    """`systemctl disable` of an alias would disable the unit that it stands for."""
    return make_steps(
        f"{unit} is only another name of a unit, which stays",
        ("rm", "-f", "--", *(f"{folder}{unit}" for folder in OWN_FOLDERS)),
        RELOAD,
    )


def _choose_removal_without_file(unit: str, active: str) -> Remedy:
    if active == "failed":
        return make_steps(("systemctl", "reset-failed", unit))
    return make_steps(("systemctl", "disable", "--now", unit) if "@" in unit else ("systemctl", "stop", unit))


def _make_disable_command(unit: str) -> Command:
    """For a template its instances: it does not run itself."""
    return ("systemctl", "disable", unit) if is_template(unit) else ("systemctl", "disable", "--now", unit)


def _list_steps_without_file(found: Unit | None, unit: str, state: str) -> tuple[Command | str, ...]:
    if state.startswith("linked"):
        return ()
    path = found.fragment_path if found is not None else ""
    if path.startswith(OWN_FOLDERS) and path.endswith(f"/{unit}"):
        return ("rm", "--", path), RELOAD
    if path:
        return (f"its file {path} comes with a package: remove that, or systemctl mask {unit}",)
    return "remove its file", RELOAD


def _stop(unit: str, active: str) -> Command:
    return ("systemctl", "stop", unit) if is_up(active) else ()


def _make_forget_command(unit: str, active: str) -> Command:
    """A failed unit stays in systemd's list after its file is gone."""
    return ("systemctl", "reset-failed", unit) if active == "failed" else ()
