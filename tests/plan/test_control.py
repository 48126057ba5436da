"""What an operator's action comes to: which units are meant, their order, what goes along, what contradicts."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.errors import InputError
from qtctl.model.control import ControlPlan, ControlRequest, ControlVerb
from qtctl.model.deploy_facts import HostDeploys
from qtctl.model.desired import Desired, DesiredExternal, DesiredService
from qtctl.model.evidence import Item, Need, State
from qtctl.model.facts import Facts, Unit
from qtctl.model.json import Json
from qtctl.model.plan import Effect
from qtctl.model.states import ServiceState
from qtctl.plan.control import list_needs, list_unseen, make_control_plan
from qtctl.plan.control_units import choose_on_hosts, choose_units
from qtctl.plan.order import list_stages
from qtctl.plan.unit_goals import list_goals
from tests.builders.evidence import miss, observe
from tests.builders.planned import ORIGIN, desired, other, service, target, timer

DB, API, WEB = "quantum-db.service", "quantum-api.service", "quantum-web.service"
REDIS = DesiredExternal("redis", "redis-server.service", "Redis", ORIGIN, aliases=("redis",), running=True)


DEPLOYED = HostDeploys("idle", 7, 6, 0, "ann@desk", True, 3, rebooted=False, about={}, units={})


def fleet(**changes: DesiredService) -> Desired:
    """web after api after db, all in one target; a stopped service, a timer with its job, a socket with its service."""
    units = {
        "db": service("db", category="data"),
        "api": service("api", category="web", after=(DB,), requires=(DB,)),
        "web": service("web", category="web", after=(API,), wants=(API,)),
        "old": service("old", ServiceState.STOPPED, wanted_by=()),
        "job": service("job", ServiceState.ON_TIMER),
        "door": service("door", ServiceState.ON_DEMAND, wanted_by=()),
    }
    made = desired(
        *(units | changes).values(), target(), timer("job"), other("quantum-door.socket", starts="quantum-door.service")
    )
    return replace(made, externals=(REDIS,))


def unit(active: str, **loaded: Json) -> Unit:
    asked: dict[str, Json] = {"RequiredBy": [], **loaded}
    sub = {"active": "running", "failed": "failed"}.get(active, "dead")
    return Unit("loaded", active, sub, "enabled", loaded=asked)


def host(unknown: tuple[str, ...] = (), status: HostDeploys | None = None, **states: Unit) -> Facts:
    """By the short name with `_` for the dot: `api`, `job_timer`. All others are active."""
    names = ("db.service", "api.service", "web.service", "old.service", "job.service", "job.timer",
             "door.service", "door.socket")  # fmt: skip
    items: list[Item] = [observe("quantum.target", unit("active"))]
    for name in names:
        whole, key = f"quantum-{name}", name.removesuffix(".service").replace(".", "_")
        if whole in unknown:
            items.append(miss(Unit.FACT, whole, State.REFUSED, "no system bus"))
        else:
            items.append(observe(whole, states.get(key, unit("active"))))
    items.append(miss(HostDeploys.FACT, "host", State.ABSENT) if status is None else observe("host", status))
    return Facts(items)


def plan(verb: str, *units: str, facts: Facts | None = None, wanted: Desired | None = None) -> ControlPlan:
    return make_control_plan(wanted or fleet(), facts or host(), ControlRequest(ControlVerb(verb), units))


def chosen(*words: str, categories: tuple[str, ...] = (), changing: bool = True) -> set[str]:
    return {each.unit for each in choose_units(fleet(), words, categories, changing=changing)}


def on_hosts(*words: str, categories: tuple[str, ...] = ()) -> dict[str, set[str]]:
    """`web-1` has everything, `web-2` no timer, socket and job, `batch` the job alone."""
    whole = fleet()
    hosts = {
        "web-1": whole,
        "web-2": desired(service("api", category="web"), target()),
        "batch": desired(service("job", ServiceState.ON_TIMER), timer("job")),
    }
    found = choose_on_hosts(hosts, words, categories, changing=True)
    return {name: {each.unit for each in units} for name, units in found.items()}


def test_hosts_that_have_nothing_of_what_is_named_are_left_out() -> None:
    assert on_hosts("api") == {"web-1": {API}, "web-2": {API}}
    assert on_hosts("quantum-job.timer", "web") == {"web-1": {"quantum-job.timer", WEB}, "batch": {"quantum-job.timer"}}
    assert on_hosts(categories=("web",)) == {"web-1": {API, WEB}, "web-2": {API}}
    assert on_hosts("job", categories=("data",)) == {
        "web-1": {"quantum-job.service", DB},
        "batch": {"quantum-job.service"},
    }
    assert on_hosts().keys() == {"web-1", "web-2", "batch"}


def test_what_means_nothing_on_any_host_is_an_error() -> None:
    with pytest.raises(InputError, match="no unit that is declared for any of the 3 hosts is called 'apy'"):
        on_hosts("api", "apy")
    with pytest.raises(InputError, match="no service of any of the 3 hosts is in category 'dat'"):
        on_hosts("api", categories=("dat",))
    with pytest.raises(InputError, match="is external"):
        on_hosts("api", "redis")


NAMED = {
    "a service": (("api",), {API}),
    "a unit": ((API,), {API}),
    "a timer has only its whole name": (("job",), {"quantum-job.service"}),
    "a timer": (("quantum-job.timer",), {"quantum-job.timer"}),
    "a pattern": (("quantum-[aw]*",), {API, WEB}),
    "a pattern of short names": (("?eb",), {WEB}),
    "two words": (("api", "db"), {API, DB}),
    "a target is all that is in it": (("quantum.target",), {"quantum.target", DB, API, WEB, "quantum-door.service"}),
}


@pytest.mark.parametrize(("words", "units"), NAMED.values(), ids=NAMED)
def test_what_words_mean(words: tuple[str, ...], units: set[str]) -> None:
    found = chosen(*words)
    assert found - {"quantum-door.service"} == units - {"quantum-door.service"}


def test_a_category_is_its_services() -> None:
    assert chosen(categories=("web",)) == {API, WEB}
    with pytest.raises(InputError, match=r"category 'wbe'.*data, web"):
        chosen(categories=("wbe",))


def test_an_external_is_shown_and_not_changed() -> None:
    assert chosen("redis", changing=False) == {REDIS.unit}
    with pytest.raises(InputError, match="is external: qtctl audits it"):
        chosen("redis")
    assert REDIS.unit in chosen(changing=False)
    assert chosen("*") & {REDIS.unit} == set()


@pytest.mark.parametrize(
    "word", ["apo", "--help", "-Hevil.service", "/etc/passwd", "ssh.service", "", "api;reboot", "$(id)", "../api"]
)
def test_a_word_that_means_no_unit_is_an_error(word: str) -> None:
    with pytest.raises(InputError, match="no unit that is declared for h1 is called"):
        chosen(word)


def test_an_instance_and_all_instances_of_a_template() -> None:
    made = service("worker@1", unit="quantum-worker@1.service", template="quantum-worker@.service")
    wanted = desired(made, replace(made, name="worker@2", unit="quantum-worker@2.service"))

    def of(word: str) -> list[str]:
        return [each.unit for each in choose_units(wanted, (word,), changing=True)]

    assert of("worker@2") == ["quantum-worker@2.service"]
    assert of("worker") == of("quantum-worker@.service") == ["quantum-worker@1.service", "quantum-worker@2.service"]


def test_stages_follow_the_order_and_a_stop_goes_backwards() -> None:
    down = host(db=unit("inactive"), api=unit("inactive"), web=unit("inactive"))
    assert plan("start", WEB, DB, API, facts=down).stages == ((DB,), (API,), (WEB,))
    assert plan("stop", WEB, DB, API).stages == ((WEB,), (API,), (DB,))
    assert plan("restart", WEB, DB).stages == ((DB, WEB),), "nothing orders these two directly"


def test_what_stops_along_is_named_with_its_reason() -> None:
    facts = host(db=unit("active", RequiredBy=[API, "foreign.service"]), api=unit("active", BoundBy=[WEB]))
    found = plan("stop", DB, facts=facts)
    assert [(each.unit, each.effect, each.by) for each in found.drags] == [
        ("foreign.service", Effect.STOPS, f"Requires={DB}"),
        (API, Effect.STOPS, f"Requires={DB}"),
        (WEB, Effect.STOPS, f"BindsTo={API}"),
    ]
    assert list_unseen(fleet(), facts, found) == ("foreign.service",), "its state is still to be asked"
    assert plan("restart", DB, facts=facts).drags[0].effect is Effect.RESTARTS
    assert [each.unit for each in plan("stop", DB, API, facts=facts).drags] == ["foreign.service", WEB]


def test_what_is_down_does_not_go_along() -> None:
    facts = host(db=unit("active", RequiredBy=[API]), api=unit("inactive"))
    assert plan("stop", DB, facts=facts).drags == ()


def test_what_a_start_pulls_in_is_named() -> None:
    down = host(db=unit("inactive"), api=unit("failed"), web=unit("inactive"))
    found = plan("start", WEB, facts=down)
    assert [(each.unit, each.effect, each.by) for each in found.drags] == [
        (API, Effect.STARTS, f"Wants= of {WEB}"),
        (DB, Effect.STARTS, f"Requires= of {API}"),
    ]
    assert plan("start", WEB, API, DB, facts=down).drags == ()


def test_a_start_stops_what_conflicts() -> None:
    wanted = fleet(old=service("old", ServiceState.STOPPED, wanted_by=(), conflicts=(API,)))
    found = plan("start", "quantum-old.service", facts=host(old=unit("inactive")), wanted=wanted)
    assert [(each.unit, each.effect) for each in found.drags] == [(API, Effect.STOPS)]
    assert [each.unit for each in found.contradictions] == ["quantum-old.service", API]


def test_what_stops_with_a_unit_that_a_start_stops_is_named_too() -> None:
    wanted = fleet(old=service("old", ServiceState.STOPPED, wanted_by=(), conflicts=(API,)))
    facts = host(old=unit("inactive"), api=unit("active", BoundBy=[WEB]))
    found = plan("start", "quantum-old.service", facts=facts, wanted=wanted)
    assert [(each.unit, each.effect, each.by) for each in found.drags] == [
        (API, Effect.STOPS, f"Conflicts={API} of quantum-old.service"),
        (WEB, Effect.STOPS, f"BindsTo={API}"),
    ]
    assert [each.unit for each in found.contradictions] == ["quantum-old.service", API, WEB]


def test_what_conflicts_with_a_unit_that_is_pulled_in_is_asked_for() -> None:
    wanted = fleet(old=service("old", ServiceState.STOPPED, wanted_by=(), conflicts=(API,)))
    assert Need(Unit.FACT, "quantum-old.service") in list_needs(wanted, (WEB,))


def test_a_restart_of_a_whole_pool_is_said_to_be_no_deploy() -> None:
    names = [f"quantum-w@{number}.service" for number in (1, 2, 3, 4)]
    made = service("w", unit=names[0], template="quantum-w@.service", max_unavailable="2")
    wanted = desired(*(replace(made, name=name[8:-8], unit=name) for name in names))
    facts = Facts([*(observe(name, unit("active")) for name in names), miss(HostDeploys.FACT, "host", State.ABSENT)])
    said = "of its 4 instances restart together: that at most 2 are down at once holds for a deploy"
    assert plan("restart", *names, facts=facts, wanted=wanted).notes == (("quantum-w@.service", f"4 {said}"),)
    assert plan("restart", *names[:2], facts=facts, wanted=wanted).notes == ()


AGAINST = {
    "stop what should run": ("stop", API, "the registry declares it running"),
    "kill what should run": ("kill", API, "the registry declares it running"),
    "start what should be stopped": ("start", "quantum-old.service", "the registry declares it stopped"),
    "restart what should be stopped": ("restart", "quantum-old.service", "the registry declares it stopped"),
    "disable what should be enabled": ("disable", API, "the registry declares it enabled"),
    "stop a timer": ("stop", "quantum-job.timer", "the registry declares it active"),
}
AS_DECLARED = {
    "restart what should run": ("restart", API),
    "start what should run": ("start", API),
    "reload": ("reload", API),
    "enable": ("enable", API),
    "forget failures": ("reset-failed", API),
    "stop what should be stopped": ("stop", "quantum-old.service"),
    "start what a timer starts": ("start", "quantum-job.service"),
}


@pytest.mark.parametrize(("verb", "unit_", "what"), AGAINST.values(), ids=AGAINST)
def test_it_contradicts_the_registry(verb: str, unit_: str, what: str) -> None:
    assert [str(each) for each in plan(verb, unit_).contradictions] == [f"{unit_}: {what}"]


@pytest.mark.parametrize(("verb", "unit_"), AS_DECLARED.values(), ids=AS_DECLARED)
def test_it_does_not(verb: str, unit_: str) -> None:
    assert plan(verb, unit_).contradictions == ()


def test_a_dragged_unit_that_should_run_contradicts_too() -> None:
    facts = host(old=unit("active", RequiredBy=[API]))
    found = plan("stop", "quantum-old.service", facts=facts)
    assert [each.unit for each in found.contradictions] == [API]


def test_notes_say_what_is_worth_knowing() -> None:
    found = plan("stop", "quantum-door.service")
    assert found.notes == (("quantum-door.service", "quantum-door.socket is active, and starts it again"),)
    assert plan("stop", "quantum-door.service", "quantum-door.socket").notes == ()
    assert plan("start", API).notes == ((API, "it is active already"),)
    stale = replace(unit("inactive"), need_daemon_reload=True)
    assert "have changed since systemd read them" in plan("start", API, facts=host(api=stale)).notes[0][1]
    assert plan("stop", API, facts=host((API,))).notes == ((API, "its state could not be read"),)


def test_a_unit_that_is_not_there_and_a_deploy_under_way_refuse() -> None:
    absent = Unit("not-found", "inactive", "dead", "")
    refused = plan("start", API, facts=host(api=absent))
    assert [(each.subject, each.reason) for each in refused.refusals] == [(API, "systemd has no such unit")]
    assert refused.stages == ()
    busy = replace(DEPLOYED, state="applying")
    assert "deploying to it now" in plan("stop", API, facts=host(status=busy)).refusals[0].reason


def test_what_is_asked_covers_what_is_judged() -> None:
    asked = {need.subject for need in list_needs(fleet(), (WEB, "quantum-door.service")) if need.fact == Unit.FACT}
    assert asked >= {WEB, API, DB, "quantum-door.service", "quantum-door.socket"}
    assert Need(HostDeploys.FACT, "host") in list_needs(fleet(), (WEB,))


@given(st.data())
def test_stages_are_whole_and_nothing_waits_within_one(data: st.DataObject) -> None:
    names = [f"s{number}" for number in range(data.draw(st.integers(1, 8)))]
    cyclic = data.draw(st.booleans())
    units = [
        service(
            name,
            after=tuple(
                f"quantum-{each}.service"
                for each in data.draw(st.sets(st.sampled_from(names), max_size=3))
                if cyclic or each < name
            ),
        )
        for name in names
    ]
    goals = list_goals(desired(*units))
    stages = list_stages(goals)
    assert sorted(unit_ for stage in stages for unit_ in stage) == sorted(each.unit for each in goals)
    assert all(stages)
    number = {unit_: each for each, stage in enumerate(stages) for unit_ in stage}
    if not cyclic:
        assert all(number[other_] < number[each.unit] for each in goals for other_ in each.after)
