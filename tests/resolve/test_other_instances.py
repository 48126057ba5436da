"""Templates of timers, sockets, paths and targets: their instances are units like any other."""

import pytest

from qtctl.adapters.files import read_templates
from qtctl.errors import InputError
from qtctl.flows.declare import declare
from qtctl.flows.views import make_listing
from qtctl.model.desired import Desired
from qtctl.model.names import UNIT_DIR
from qtctl.plan.unit_goals import list_goals
from qtctl.registry.load import load
from qtctl.views.choices import Kind
from qtctl.views.rows import PortRow
from tests.builders.registry import SMALL

JOB = """summary = "Job %i"
state = "on-timer"
type = "oneshot"
run = { kind = "command", argv = ["/bin/job", "%i"] }
"""
TIMERS = """["job@"]
summary = "%i job"
service = "job@"
specifiers = true
instances = ["daily", "weekly"]
on_calendar = ["%i"]
instance.weekly = { state = "stopped", enabled = true }
"""
SOCKETS = """["door@"]
summary = "Door %i"
service = "feed"
specifiers = true
instances = ["1", "2"]
listen = ["stream 127.0.0.1:910%i", "stream /run/door-%i"]
"""


def files(**more: str) -> dict[str, bytes]:
    texts = {**SMALL, "services/job@.toml": JOB, "timers.toml": TIMERS, "sockets.toml": SOCKETS}
    texts |= {f"{name}.toml": text for name, text in more.items()}
    return {name: text.encode() for name, text in texts.items()}


def made(**more: str) -> Desired:
    return declare(files(**more), read_templates(None), "", None).desired


def test_timers_and_sockets_of_a_host() -> None:
    desired = made()
    timers = {each.unit: (each.summary, each.schedule, each.triggers, each.declared) for each in desired.timers}
    del timers["small-job@.timer"]
    assert timers == {
        "small-job@daily.timer": ("daily job", (("OnCalendar", "daily"),), "small-job@daily.service", "active"),
        "small-job@weekly.timer": ("weekly job", (("OnCalendar", "weekly"),), "small-job@weekly.service", "stopped"),
    }
    sockets = {each.unit: ([port.port for port in each.ports], [unix.path for unix in each.unix_sockets])
               for each in desired.other_units if each.template}  # fmt: skip
    assert sockets == {
        "small-door@1.socket": ([9101], ["/run/door-1"]), "small-door@2.socket": ([9102], ["/run/door-2"]),
    }  # fmt: skip
    paths = [file.path for file in desired.files if file.kind == "unit" and "@" in file.path]
    assert paths == [f"{UNIT_DIR}/small-{name}" for name in ("door@.socket", "job@.service", "job@.timer")]
    goals = {goal.unit: (goal.active, goal.enabled) for goal in list_goals(desired) if "@" in goal.unit}
    assert goals == {
        "small-door@1.socket": (True, True), "small-door@2.socket": (True, True),
        "small-job@daily.timer": (True, True), "small-job@weekly.timer": (False, True),
    }  # fmt: skip


def test_their_ports_are_listed() -> None:
    rows = [row for row in make_listing(files(), Kind.PORTS, None).rows if isinstance(row, PortRow)]
    assert {row.name: row.listen for row in rows if row.name.startswith("door")} == {
        "door@1.listen": "127.0.0.1:9101", "door@2.listen": "127.0.0.1:9102",
    }  # fmt: skip


ACCEPTING = SOCKETS.replace('service = "feed"', "accept = true")


def test_a_socket_that_accepts_starts_instances_of_its_service() -> None:
    """Those of its prefix, whatever its own instance is called."""
    door = 'summary = "Door"\nstate = "on-demand"\nrun = { kind = "command", argv = ["/bin/cat"] }\n'
    desired = made(sockets=ACCEPTING, **{"services/door@": door})
    assert {each.triggers for each in desired.other_units} == {"small-door@.service"}


REFUSED = {
    "no template": (
        TIMERS.replace('["job@"]', '["job@"]\nunit = "job.timer"'),
        "timers.toml:6: instances, but job.timer is not a template (its name ends in @.timer)",
    ),
    "of nobody": (
        TIMERS.replace("instance.weekly", "instance.weekley"),
        "instance.weekley: weekley is not among the instances (did you mean weekly?)",
    ),
    "twice": (TIMERS.replace('"weekly"]', '"weekly", "daily"]'), "an instance is declared twice"),
    "a state of services": (TIMERS.replace('"stopped"', '"running"'), "timers.toml:7"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str) -> None:
    timers, what = REFUSED[name]
    with pytest.raises(InputError) as caught:
        load(files(timers=timers))
    assert what in str(caught.value)
    assert str(caught.value).count("timers.toml:") == 1


@pytest.mark.parametrize(
    ("sockets", "what"),
    [
        (SOCKETS.replace("910%i", "9100"), "9100 of socket door@2 is claimed by socket door@1 too"),
        (SOCKETS.replace("910%i", "800%i").replace('"1", "2"', '"0"'), "8000 of socket door@0 is claimed by api"),
        (
            SOCKETS + '[wall]\nsummary = "W"\nservice = "api"\nlisten = ["stream 127.0.0.1:9102"]\n',
            "127.0.0.1:9102 is claimed by socket door@2 too",
        ),
        (
            SOCKETS + '[wall]\nsummary = "W"\nservice = "api"\nlisten = ["stream /run/door-2"]\n',
            "/run/door-2 is claimed by socket door@2 too",
        ),
    ],
)  # fmt: skip
def test_their_ports_collide(sockets: str, what: str) -> None:
    with pytest.raises(InputError) as caught:
        load(files(sockets=sockets))
    assert what in str(caught.value)
    assert str(caught.value).count("QT101") == 1
