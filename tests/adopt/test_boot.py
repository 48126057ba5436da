"""Of a folder, what a boot would start is declared to run, and nothing else: no deploy of it may power a host off."""

import pytest

from qtctl.findings.finding import Severity
from tests.adopt.small import adopt, table

SERVICE = "[Service]\nExecStart=/opt/x\n"


def installed(*by: str) -> str:
    return f"[Install]\nWantedBy={' '.join(by)}\n"


def states(texts: dict[str, str], links: dict[str, str] | None = None) -> dict[str, tuple[str, bool | None]]:
    """Unit → its state and `enabled`, as its table says them."""
    adopted = adopt(texts, links)
    entries = {unit: table(adopted, _where(unit)) for unit in texts}
    return {unit: (entry.get("state", "active"), entry.get("enabled")) for unit, entry in entries.items()}


def _where(unit: str) -> str:
    name, _, kind = unit.rpartition(".")
    return f"services/{name}.toml" if kind == "service" else f"{kind}s.toml#{name}"


def test_targets_that_nothing_starts_are_left_alone() -> None:
    inner = f"[Unit]\nWants=inner.target\n{SERVICE}{installed('site.target')}"
    assert states({
        "power-off.target": "[Unit]\nRequires=cut.service\n", "cut.service": SERVICE, "alone.target": "[Unit]\n",
        "site.target": installed("multi-user.target"), "part.target": "[Unit]\nPartOf=site.target\n",
        "a.service": inner, "inner.target": "[Unit]\nDescription=x\n",
    }) == {
        "power-off.target": ("on-demand", None), "cut.service": ("on-demand", None),
        "alone.target": ("on-demand", None), "site.target": ("active", None), "part.target": ("on-demand", None),
        "a.service": ("running", None), "inner.target": ("active", None),
    }  # fmt: skip


TIMES = ["sleep.target", "reboot.target", "shutdown.target", "rescue.target", "initrd.target"]


@pytest.mark.parametrize(
    "target", ["sleep.target", "reboot.target", "shutdown.target", "rescue.target", "initrd.target"]
)
def test_what_is_for_another_time_than_a_boot_is_enabled_and_not_started(target: str) -> None:
    assert states({"x.service": SERVICE + installed(target)}) == {"x.service": ("on-demand", True)}
    assert states({"x.timer": f"[Timer]\nOnBootSec=5\n{installed(target)}", "x.service": SERVICE})["x.timer"] == (
        "on-demand", True)  # fmt: skip
    links = {f"{target}.wants/x.service": "../x.service"}
    assert states({"x.service": SERVICE + installed(target)}, links) == {"x.service": ("on-demand", True)}


def test_what_systemd_ships_for_going_down_is_not_started() -> None:
    """Of a folder with systemd's own units: the unit itself is adopted, and by its name it is no target of a boot."""
    texts = {"poweroff.target": "[Unit]\nRequires=systemd-poweroff.service\n", "systemd-poweroff.service": SERVICE,
             "multi-user.target": "[Unit]\nRequires=basic.target\n", "basic.target": "[Unit]\nWants=sockets.target\n",
             "sockets.target": "[Unit]\nDescription=x\n"}  # fmt: skip
    found = states(texts)
    assert {name: state for name, (state, _) in found.items()} == {
        "poweroff.target": "on-demand", "systemd-poweroff.service": "on-demand", "multi-user.target": "active",
        "basic.target": "active", "sockets.target": "active",
    }  # fmt: skip


def test_kinds_without_install_are_left_alone() -> None:
    texts = {"a.socket": "[Socket]\nListenStream=/run/a\n", "a.service": SERVICE, "b.path": "[Path]\nPathExists=/x\n",
             "b.service": SERVICE, "mnt.mount": "[Mount]\nWhat=/dev/x\nWhere=/mnt\n"}  # fmt: skip
    assert {name: state for name, (state, _) in states(texts).items()} == dict.fromkeys(texts, "on-demand")


def test_a_circle_that_nothing_enters_is_not_started() -> None:
    one = f"[Unit]\nWants=b.service\n{SERVICE}"
    other = f"[Unit]\nWants=a.service\n{SERVICE}"
    assert {state for state, _ in states({"a.service": one, "b.service": other}).values()} == {"on-demand"}


def test_a_target_of_the_fleet_that_nothing_starts_is_something_to_decide() -> None:
    """Its services say that it wants them, and it says not what wants it."""
    adopted = adopt({"all.target": "[Unit]\nDescription=x\n", "a.service": SERVICE + installed("all.target")})
    assert table(adopted, "services/a.toml")["state"] == "on-demand"
    (told,) = [each for each in adopted.adoption.judgments if "all.target" in each.what]
    assert told.severity is Severity.WARNING
    assert told.remedy == "say which it is to be"


def test_a_link_that_install_names_and_the_folder_lacks_is_told_of() -> None:
    texts = {"a.service": SERVICE + installed("multi-user.target"), "b.target": "[Unit]\nDescription=x\n"}
    adopted = adopt(texts, {"b.target.wants/a.service": "../a.service"})
    assert table(adopted, "services/a.toml")["state"] == "on-demand"
    (told,) = [each for each in adopted.adoption.judgments if "multi-user.target" in each.what]
    assert "no link from there" in told.what


@pytest.mark.parametrize("links", [None, {"site-x.target.wants/a.service": "../a.service"}])
def test_a_target_that_was_not_adopted_is_no_reason_to_start_anything(links: dict[str, str] | None) -> None:
    """obmc-host-reset@0.target and the like: a person is asked."""
    adopted = adopt({"a.service": SERVICE + installed("site-x.target")}, links)
    assert table(adopted, "services/a.toml")["state"] == "on-demand"
    assert table(adopted, "services/a.toml")["enabled"] is True
    (told,) = [each for each in adopted.adoption.judgments if "site-x.target" in each.what]
    assert told.severity is Severity.WARNING
