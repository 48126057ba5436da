"""What systemd answers over D-Bus, and what is made of it. Recorded on systemd 252."""

from dataclasses import dataclass, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.dialects.systemd.unit_name import make_object_path
from qtctl.model.facts import Unit
from qtctl.probes import units
from qtctl.probes.units import Row, Undecodable


@dataclass(frozen=True)
class Reply:
    body: tuple[object, ...] = ()
    error: str = ""
    message: str = ""


RUNNING = Row("quantum-b.service", "Plain b", "loaded", "active", "running")
VALUES: dict[str, object] = {
    "FragmentPath": "/etc/systemd/system/quantum-b.service",
    "DropInPaths": ["/etc/systemd/system/quantum-b.service.d/10-x.conf"],
    "NeedDaemonReload": False,
    "Wants": ["redis-server.service", "quantum-missing.service"],
    "Requires": ["system.slice", "sysinit.target"],
    "BindsTo": [],
    "StateChangeTimestamp": 1795251250057476,
    "ConditionResult": True,
    "ConditionTimestamp": 1795251250057476,
    "WantedBy": [],
    "RequiredBy": [],
    "ConflictedBy": [],
    "StopPropagatedFrom": [],
    "TriggeredBy": ["quantum-b.timer"],
    "UpheldBy": [],
    "OnFailureOf": [],
    "OnSuccessOf": [],
    "Upholds": [],
    "FreezerState": "running",
    "After": ["redis-server.service", "basic.target"],
    "ActiveEnterTimestamp": 1795251250057476,
    "Result": "success",
    "MainPID": 93,
    "ExecMainCode": 0,
    "ExecMainStatus": 0,
    "ExecMainStartTimestamp": 1795251250056438,
    "NRestarts": 2,
    "MemoryCurrent": 4_096,
    "User": "auditor",
    "WorkingDirectory": "/home/auditor",
    "ExecStart": [
        (
            "/usr/bin/python3",
            ["/usr/bin/python3", "-m", "http.server", "--password=canary"],
            False,
            1,
            2,
            0,
            0,
            93,
            0,
            0,
        )
    ],
}


def test_a_service() -> None:
    found = units.decode(
        "quantum-b.service",
        RUNNING,
        "enabled",
        VALUES,
        argvs=[["/usr/bin/python3", "-m", "http.server", "--password=canary"]],
    )
    assert (found.active_state, found.unit_file_state, found.main_pid, found.n_restarts) == ("active", "enabled", 93, 2)
    assert found.requires == ["sysinit.target", "system.slice"], "sorted: systemd's order changes from look to look"
    assert found.exec_start == [["/usr/bin/python3", "-m", "http.server", "--password=(hidden)"]]


@pytest.mark.parametrize("declared", [[], ["/usr/bin/python3", "-m", "http.server"]])
def test_an_argv_that_is_not_the_declared_one_is_cut_to_the_executable(declared: list[str]) -> None:
    found = units.decode("quantum-b.service", RUNNING, "enabled", VALUES, argvs=[declared])
    assert found.exec_start == [["/usr/bin/python3"]]
    assert "canary" not in repr(found)


def test_a_description_and_what_is_loaded_show_no_secret() -> None:
    row = replace(RUNNING, description="Runs with PASSWORD=canary1 on https://u:canary2@h/")
    more = (("Environment", "X"),)
    found = units.decode("quantum-b.service", row, "enabled", {**VALUES, "X": "--token=canary3"}, more=more)
    assert found.description.startswith("Runs with ")
    assert "canary" not in repr(found)


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("wrong", [None, 1.5, {"a": 1}, [1], [("x",)]])
def test_values_of_another_type_are_not_taken(name: str, wrong: object) -> None:
    with pytest.raises(Undecodable, match=name):
        units.decode("quantum-b.service", RUNNING, "enabled", VALUES | {name: wrong})


RECENT = (
    *("Upholds", "FreezerState", "WantedBy", "RequiredBy"),
    *("ConflictedBy", "StopPropagatedFrom", "TriggeredBy", "UpheldBy", "OnFailureOf", "OnSuccessOf", "MemoryCurrent"),
)


@pytest.mark.parametrize("name", RECENT)
def test_what_an_old_systemd_does_not_have_is_done_without(name: str) -> None:
    there = {each: VALUES[each] for each in VALUES if each != name}
    assert units.decode("quantum-b.service", RUNNING, "enabled", there).active_state == "active"


@pytest.mark.parametrize("name", [name for name in VALUES if name not in RECENT])
def test_no_value_is_made_up(name: str) -> None:
    with pytest.raises(Undecodable, match=name):
        units.decode("quantum-b.service", RUNNING, "enabled", {each: VALUES[each] for each in VALUES if each != name})


def test_replies_are_put_together_and_what_is_not_asked_for_is_dropped() -> None:
    whole = {name: VALUES[name] for name, _ in units.OF_UNIT.values()} | {"Environment": ["PASSWORD=canary"]}
    replies = [Reply((whole,)), *(Reply((VALUES[name],)) for name, _ in units.OF_SERVICE.values())]
    found = units.decode("quantum-b.service", RUNNING, "enabled", units.read_values("quantum-b.service", replies))
    assert found == units.decode("quantum-b.service", RUNNING, "enabled", VALUES)
    assert "canary" not in repr(found)


def test_a_whole_that_is_none_is_not_taken() -> None:
    with pytest.raises(Undecodable, match="not a list of properties"):
        units.read_values("quantum.target", [Reply(("text",))])
    with pytest.raises(Undecodable, match="disappeared"):
        units.read_values("quantum.target", [Reply((), "org.freedesktop.DBus.Error.UnknownObject")])


def test_every_field_is_asked_for_and_nothing_that_is_secret() -> None:
    asked = {field for table in (units.OF_UNIT, units.OF_SERVICE, units.OF_TIMER) for field in table}
    states = {"load_state", "active_state", "sub_state", "unit_file_state", "description"}
    assert asked | states | {"loaded"} == {field.name for field in fields(Unit)}
    for unit in ("a.service", "a.timer", "a.target"):
        whole = [question.body for question in units.ask_properties(unit) if question.member == "GetAll"]
        one_by_one = {question.body[-1] for question in units.ask_properties(unit) if question.member == "Get"}
        assert set(whole) <= {("org.freedesktop.systemd1.Unit",), ("org.freedesktop.systemd1.Timer",)}
        assert not {"Environment", "EnvironmentFiles", "ExecStartEx"} & one_by_one
        assert len(units.describe_asked(unit)) == len(units.ask_properties(unit))


@pytest.mark.parametrize(
    ("unit", "path"),
    [
        ("quantum-b.service", "quantum_2db_2eservice"),
        ("quantum-a@1.service", "quantum_2da_401_2eservice"),
        ("-.mount", "_2d_2emount"),
        ("1a.service", "_31a_2eservice"),
        ("system-quantum\\x2da.slice", "system_2dquantum_5cx2da_2eslice"),
        ("a_b.service", "a_5fb_2eservice"),
    ],
)
def test_object_paths(unit: str, path: str) -> None:
    assert make_object_path(unit) == f"/org/freedesktop/systemd1/unit/{path}"


@given(st.text(min_size=1), st.text(min_size=1))
def test_object_paths_are_valid_and_differ(one: str, other: str) -> None:
    path = make_object_path(one)
    name = path.removeprefix("/org/freedesktop/systemd1/unit/")
    assert name
    assert all(char.isascii() and (char.isalnum() or char == "_") for char in name)
    assert (make_object_path(other) == path) == (one == other)


@pytest.mark.parametrize(
    ("unit", "odd"),
    [
        ("a.service", False),
        ("a@1.service", False),
        ("a@.service", True),
        ("a", True),
        ("a b.service", True),
        ("a.service; reboot", True),
        ("", True),
        ("x" * 300 + ".service", True),
    ],
)
def test_names(unit: str, odd: bool) -> None:
    assert bool(units.explain_odd_name(unit)) is odd


@pytest.mark.parametrize(
    ("load", "active", "absent"),
    [
        ("not-found", "inactive", True),
        ("not-found", "failed", True),
        ("not-found", "active", False),
        ("not-found", "activating", False),
        ("masked", "inactive", False),
        ("bad-setting", "inactive", False),
        ("error", "inactive", False),
        ("loaded", "inactive", False),
    ],
)
def test_absent_is_without_a_file_and_without_life(load: str, active: str, absent: bool) -> None:
    assert Row("a.service", "", load, active, "dead").absent is absent


def test_lists() -> None:
    entry = ("redis-server.service", "Redis", "loaded", "active", "running", "", "/org/x", 0, "", "/")
    (row,) = units.read_rows(Reply(([entry],)))
    assert row == Row("redis-server.service", "Redis", "loaded", "active", "running")
    found = units.read_files(
        Reply(([("/lib/systemd/system/z.service", "static"), ("/etc/systemd/system/a@.service", "indirect")],))
    )
    assert list(found.items()) == [("a@.service", "indirect"), ("z.service", "static")]


@pytest.mark.parametrize("body", [(), ("x",), ([("a",)],), ([["a", "b", "c"]], 1), ([(1, "static")],)])
def test_broken_lists(body: tuple[object, ...]) -> None:
    with pytest.raises(Undecodable):
        units.read_rows(Reply(body))
    with pytest.raises(Undecodable):
        units.read_files(Reply(body))


def test_proof_can_be_pasted() -> None:
    assert units.make_again("a.timer").startswith("systemctl show -p LoadState,ActiveState,")
    assert units.make_again("system-a\\x2db.slice").endswith(" 'system-a\\x2db.slice'")
