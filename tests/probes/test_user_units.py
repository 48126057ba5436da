"""Units of user managers: what is kept of them."""

from qtctl.model.evidence import Need, State
from qtctl.model.user_unit_facts import UserUnits
from qtctl.probes.user_units import probe
from tests.probes.host import ask, frame

NEED = Need("user.units", "*")


def test_only_units_of_the_fleet_are_kept() -> None:
    said = (
        b"s ops /home/ops\ns qt /home/a b\nl qt\nl ops2\n"
        b"f /etc/systemd/user/quantum-a.service\nf /etc/systemd/user/pipewire.service\nf /x/quantum-\1b.service\n"
        b"r /sys/fs/cgroup/user.slice/user-1.slice/user@1.service/app.slice/quantum-b.service\nr /x/dbus.service\n"
    )
    (found,) = probe([NEED], ("quantum-*",)).parse([frame(said)])
    assert found.value == UserUnits(
        ["/etc/systemd/user/quantum-a.service"],
        ["/sys/fs/cgroup/user.slice/user-1.slice/user@1.service/app.slice/quantum-b.service"],
        {"ops": False, "qt": True},
    )


def test_this_machine_is_looked_at() -> None:
    (found,) = ask(probe([NEED], ("no-such-unit-*",)))
    assert found.state is State.OBSERVED
    assert isinstance(found.value, UserUnits)
    assert (found.value.files, found.value.running) == ([], [])
