"""What a throwaway host is made from: evidence of the real one, and what the registry declares."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from qtctl.model.desired import Desired
from qtctl.model.facts import Facts
from qtctl.model.states import ServiceState
from qtctl.model.tree import Tree
from qtctl.stage.kill_batches import list_killed, make_batches
from qtctl.stage.not_modelled import Ground, list_not_modelled
from qtctl.stage.rehearsal import (
    MOST_HAND_MADE,
    find_drift,
    has_units,
    list_hand_made,
    list_still_failed,
    loosen,
    make_overrides,
    make_specs,
    make_tree,
    select_present,
)
from tests.builders.audited import ENGINE, MODELS, NIGHTLY, ROWS, STATE, TIMER, VENV, desired, evidence, service
from tests.builders.audited import values as answers
from tests.builders.evidence import listen

UNITS = "/etc/systemd/system"
GROUND = Ground("noble", "6.1.0", "x86_64", suite_is_own=True)


def facts_of(want: Desired, changed: Mapping[str, Mapping[str, Any]] | None = None, **more: Any) -> Facts:
    return Facts.of(evidence(want, changed, **more))


def list_paths(tree: Tree) -> set[str]:
    return {each.path for each in tree.dirs} | {each.path for each in tree.files} | {each.path for each in tree.links}


def tree_of(want: Desired, facts: Facts) -> Tree:
    made = list_hand_made((want,), facts)
    return make_tree(loosen(want), loosen(want), facts, made, audit_user="audit", deploy_user="ops")


def test_of_a_host_that_is_as_declared_everything_is_there() -> None:
    want = desired()
    facts = facts_of(want)
    assert select_present(want, facts) == want
    assert list_hand_made((want,), facts) == ()
    assert find_drift(want, facts).write_script() == ""
    assert f"{VENV}/pyvenv.cfg" in {file.path for file in tree_of(want, facts).files}


def test_what_the_real_host_lacks_the_throwaway_one_lacks_too() -> None:
    want = desired()
    way = {"missing": f"{VENV}/bin", "parts": {}}
    tree = tree_of(want, facts_of(want, {f"way {VENV}/pyvenv.cfg": way}, absent=(f"way {STATE}",)))
    paths = list_paths(tree)
    assert not {path for path in paths if path.startswith((f"{VENV}/bin", STATE))}
    assert f"{VENV}/pyvenv.cfg" in paths


def test_accounts_have_the_ids_of_the_real_ones_and_folders_their_modes() -> None:
    want = desired()
    folder = {"parts": {"/": ["folder", "0", "0", "0755", ""], STATE: ["folder", "1001", "1001", "0700", ""]}}
    tree = tree_of(want, facts_of(want, {f"way {STATE}": folder}))
    assert [(each.uid, each.gid) for each in tree.accounts if each.name == "qt"] == [(1001, 1001)]
    assert [(each.mode, each.owner) for each in tree.dirs if each.path == STATE] == [(0o700, "1001")]


def test_an_account_that_is_not_there_is_not_made_but_for_those_that_log_in() -> None:
    want = desired()
    tree = tree_of(want, facts_of(want, absent=("user qt", "account qt")))
    assert {each.name for each in tree.accounts} == {"audit", "ops"}
    assert {each.owner for each in tree.dirs} | {each.owner for each in tree.files} <= {"root", "0", "1001"}


def test_units_without_a_file_on_the_host_are_not_deployed_before() -> None:
    want = desired()
    present = select_present(want, facts_of(want, absent=(f"file {UNITS}/{TIMER}", f"file {UNITS}/{NIGHTLY}")))
    assert TIMER not in {each.unit for each in present.units()}
    assert {file.subject for file in want.files} - {file.subject for file in present.files} == {TIMER, NIGHTLY}
    gone = tuple(f"file {file.path}" for file in want.files)
    assert not has_units(select_present(want, facts_of(want, absent=gone)))


def test_a_unit_that_somebody_wrote_by_hand_is_in_the_way_as_a_stand_in() -> None:
    want = desired()
    facts = facts_of(want, {f"file {UNITS}/{ENGINE}": {"ours": False, "sha256": "f" * 64}})
    assert ENGINE not in {each.unit for each in select_present(want, facts).units()}
    (made,) = list_hand_made((want,), facts)
    assert (made.unit, made.declared, made.listen) == (ENGINE, True, (("127.0.0.1", 8001),))
    tree = tree_of(want, facts)
    assert f"{UNITS}/{ENGINE}" in {file.path for file in tree.files}
    assert ENGINE in tree.enable
    specs = json.loads(make_specs(want, (made,)).content)
    assert specs[ENGINE]["listen"] == [["127.0.0.1", 8001, "", 200]]
    assert specs[ENGINE]["publishes"] == []


def test_a_unit_that_nothing_declares_holds_the_ports_that_it_was_seen_with() -> None:
    want = desired()
    rows = [*ROWS, listen("*", 8080, "nginx.service"), listen("127.0.0.1", 22, "ssh.service")]
    facts = facts_of(want, {"listeners tcp": {"rows": rows}, "unit quantum-x.service": {"active_state": "inactive"}})
    found = {each.unit: each for each in list_hand_made((want,), facts)}
    assert sorted(found) == ["nginx.service", "quantum-x.service"]
    assert found["nginx.service"].listen == (("*", 8080),)
    assert (found["nginx.service"].active, found["quantum-x.service"].active) == (True, False)


def test_what_was_edited_stopped_and_disabled_is_so_on_the_throwaway_host() -> None:
    want = desired()
    facts = facts_of(
        want,
        {
            f"file {UNITS}/{ENGINE}": {"sha256": "f" * 64},
            f"unit {ENGINE}": {
                "active_state": "failed",
                "exec_main_status": 3,
                "drop_in_paths": [f"{UNITS}/{ENGINE}.d/x.conf", f"{UNITS}/../x.conf", "/usr/lib/y.conf"],
            },
            f"unit {TIMER}": {"unit_file_state": "disabled", "active_state": "inactive"},
        },
    )
    before = select_present(want, facts)
    drift = find_drift(before, facts)
    assert (drift.edited, drift.dropins) == ((f"{UNITS}/{ENGINE}",), (f"{UNITS}/{ENGINE}.d/x.conf",))
    assert (drift.failed, drift.states) == (((ENGINE, 3),), (("stop", TIMER), ("disable --quiet", TIMER)))
    assert json.loads(make_overrides(drift.failed).content) == {ENGINE: {"exit": 3}}
    assert list_still_failed(drift, before, want) == drift.failed
    changed = tuple(replace(file, sha256="0" * 64) for file in want.files)
    assert list_still_failed(drift, before, replace(want, files=changed)) == ()
    lacking = {each.subject for each in list_not_modelled(want, facts, (), GROUND, drift=drift, hand_made=())}
    assert {"edited files", "drop-ins", "failed units"} <= lacking


def test_what_cannot_be_had_is_said_and_what_the_evidence_could_have_said_is_a_gap() -> None:
    want = desired()
    needs = tuple(answers(want))
    whole = facts_of(want)
    drift = find_drift(want, whole)
    lacking = list_not_modelled(want, whole, needs, GROUND, drift=drift, hand_made=())
    assert [each for each in lacking if each.gap] == []
    assert {"programs", "secrets", "size", "network", "Redis", "installed code"} <= {each.subject for each in lacking}
    assert "release" not in {each.subject for each in lacking}
    less = facts_of(want, dropped=(f"way {VENV}/pyvenv.cfg", f"file {MODELS}"))
    gaps = [each for each in list_not_modelled(want, less, needs, GROUND, drift=drift, hand_made=()) if each.gap]
    assert [each.subject for each in gaps] == ["file", "way"]
    assert MODELS in gaps[0].why
    other = replace(GROUND, suite="bookworm", suite_is_own=False)
    (release,) = (
        each
        for each in list_not_modelled(want, whole, (), other, drift=drift, hand_made=())
        if each.subject == "release"
    )
    assert "Ubuntu 24.04.1 LTS" in release.why
    assert "bookworm" in release.why


def test_no_value_of_a_secret_is_asked_for() -> None:
    loose = loosen(desired())
    assert {(store.password_env, store.tls) for store in loose.stores} == {("", None)}
    assert (loose.machine, loose.expected_hostname, loose.checks, loose.installs) == ("", "", (), ())


def test_services_that_go_with_each_other_are_not_killed_at_once() -> None:
    a, b, c, d = (service(name) for name in ("a", "b", "c", "d"))
    loose = replace(d, after=(a.unit,), wants=(a.unit,))
    tied = (a, replace(b, binds_to=(a.unit,)), replace(c, part_of=(b.unit,)), loose)
    batches = [[each.name for each in batch] for batch in make_batches(tied)]
    assert batches == [["a", "c", "d"], ["b"]]


def test_only_what_keeps_running_is_killed() -> None:
    want = desired(
        services=(
            service("up"),
            service("off", ServiceState.STOPPED),
            service("timed", ServiceState.ON_TIMER),
            replace(service("once"), type="oneshot"),
        )
    )
    assert [each.name for each in list_killed(want)] == ["up"]


def test_ids_that_a_container_cannot_have_are_not_given_out() -> None:
    want = desired()
    for uid in (101, 4_000_000_000):
        user: dict[str, dict[str, Any]] = {"user qt": {"uid": uid, "gid": uid, "groups": []}}
        tree = tree_of(want, facts_of(want, user))
        assert [each.uid for each in tree.accounts if each.name == "qt"] in ([None], [1001])


def test_the_evidence_of_a_hostile_host_makes_no_more_stand_ins_than_a_machine_bears() -> None:
    want = desired()
    rows = [*ROWS, *(listen("127.0.0.1", 10000 + n, f"x{n}.service") for n in range(500))]
    rows += [listen("127.0.0.1", 9, "user@0.service"), listen("127.0.0.1", 9, "../../x.service")]
    found = list_hand_made((want,), facts_of(want, {"listeners tcp": {"rows": rows}}))
    assert len(found) == MOST_HAND_MADE
    assert {each.unit for each in found} <= {f"x{n}.service" for n in range(500)}


def test_a_service_that_is_down_and_lacks_its_program_is_not_started_before() -> None:
    want = desired()
    down = {f"unit {ENGINE}": {"active_state": "failed", "sub_state": "failed"}}
    facts = facts_of(want, down, absent=("way /bin/true",))
    before = select_present(want, facts)
    assert [(each.must_be_active, each.enabled) for each in before.services if each.unit == ENGINE] == [(False, False)]
    assert find_drift(before, facts).states == (("enable --quiet", ENGINE),)
    assert [
        each.must_be_active for each in select_present(want, facts_of(want, down)).services if each.unit == ENGINE
    ] == [True]
