"""Law: a host to which a plan has been applied needs no plan, whatever the host and the fleet were before."""

from hypothesis import given, settings
from hypothesis import strategies as st

from qtctl.model.desired import Desired, DesiredService, DesiredTarget, DesiredTimer
from qtctl.model.facts import File, Unit
from qtctl.model.plan import StepKind
from qtctl.model.states import ServiceState
from qtctl.plan import refused
from qtctl.plan.unit_goals import list_goals
from tests.builders.planned import BEFORE, STARTED, UNITS, Ground, deployed, desired, service, target, timer, unit_text

NAMES = ("a", "b", "c", "d")
STATES = (ServiceState.RUNNING, ServiceState.STOPPED, ServiceState.ON_TIMER)
ACTIVE = (
    ("active", "running"), ("inactive", "dead"), ("failed", "failed"), ("activating", "auto-restart"),
    ("activating", "start"), ("deactivating", "stop-sigterm"), ("reloading", "reload"),
)  # fmt: skip


def fleets() -> st.SearchStrategy[Desired]:
    """Those that a host can have."""
    return any_fleets().filter(lambda each: not refused.find_obstacles(each))


@st.composite
def any_fleets(draw: st.DrawFn) -> Desired:
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1))
    units: list[DesiredService | DesiredTarget | DesiredTimer] = [target()] if draw(st.booleans()) else []
    texts = {}
    for name in names:
        state = draw(st.sampled_from(STATES))
        others = draw(st.lists(st.sampled_from([f"quantum-{other}.service" for other in NAMES]), unique=True))
        order = draw(st.sampled_from(("after", "before", "requires")))
        units.append(service(name, state, **{order: tuple(others)}))
        if state is ServiceState.ON_TIMER:
            units.append(timer(name, active=draw(st.booleans())))
        description, command = draw(st.sampled_from("xy")), draw(st.sampled_from(("/bin/x", "/bin/y")))
        texts[f"{UNITS}/quantum-{name}.service"] = unit_text(description, command)
    return desired(*units, texts=texts)


@st.composite
def hosts(draw: st.DrawFn) -> Ground:
    """A host on which some fleet was deployed, and to which things have happened since."""
    ground = deployed(draw(fleets())) if draw(st.booleans()) else Ground()
    for name in sorted(ground.units):
        active, sub = draw(st.sampled_from(ACTIVE))
        ground.change_unit(name, active_state=active, sub_state=sub, need_daemon_reload=draw(st.booleans()))
    for path in sorted(ground.files):
        _happen(ground, path, draw(st.sampled_from(("nothing", "mode", "gone", "touched", "mask", "foreign"))))
    return ground


def _happen(ground: Ground, path: str, what: str) -> None:
    if what == "mode":
        ground.change_file(path, mode="0640")
    elif what == "touched":
        ground.change_file(path, mtime=STARTED + 5)
    elif what == "gone":
        del ground.files[path]
    elif what == "mask":
        ground.files[path] = File("link", "0777", "root", "root", 9, BEFORE, "/dev/null")
    elif what == "foreign" and ".wants/" not in path:
        ground.put(path, b"[Service]\nExecStart=/bin/z\n", ours=False)


@settings(max_examples=400, deadline=None)
@given(hosts(), fleets())
def test_an_applied_plan_leaves_nothing_to_do(ground: Ground, wanted: Desired) -> None:
    planned = ground.plan(wanted, take_over=True)
    assert planned.refusals == ()
    ground.apply(planned, wanted)
    assert ground.plan(wanted).steps == ()


@settings(max_examples=200, deadline=None)
@given(hosts(), fleets())
def test_only_declared_units_are_touched(ground: Ground, wanted: Desired) -> None:
    ground.units["other.service"] = Unit("loaded", "failed", "failed", "enabled")
    declared = {goal.unit for goal in list_goals(wanted)}
    for step in ground.plan(wanted, take_over=True).steps:
        known = {file.path for file in wanted.files} if step.kind is StepKind.WRITE else declared | {"systemd"}
        assert step.subject in known


@settings(max_examples=100, deadline=None)
@given(hosts(), fleets())
def test_the_same_host_and_fleet_give_the_same_plan(ground: Ground, wanted: Desired) -> None:
    assert ground.plan(wanted, take_over=True) == ground.plan(wanted, take_over=True)
