"""Links to what is installed: who stops for a switch, what is in the way of it, and what is left alone."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from qtctl.model.desired import Desired
from qtctl.model.desired_install import STORE, DesiredInstall, InstallKind
from qtctl.model.facts import File
from qtctl.model.origin import Origin
from qtctl.model.plan import StepKind
from qtctl.model.states import ServiceState
from tests.builders.planned import Ground, desired, other, service, target, timer

CODE, VENV = "/srv/shop/code", "/srv/shop/venv"
KINDS = {CODE: InstallKind.CODE, VENV: InstallKind.VENV}


def install(path: str, digit: str) -> DesiredInstall:
    return DesiredInstall(KINDS[path], "shop", path, digit * 64, Origin("code.toml"), commit=digit * 40)


def fleet(digits: Mapping[str, str], *units: object) -> Desired:
    return replace(
        desired(*units, target()),  # type: ignore[arg-type]
        installs=tuple(install(path, digit) for path, digit in digits.items()),
    )


def runs(name: str, path: str, state: ServiceState = ServiceState.RUNNING, **changes: object) -> object:
    argv = (f"{path}/bin/python", "-m", "x") if path == VENV else ("/usr/bin/python3", f"{path}/main.py")
    return service(name, state, argv=argv, **changes)


def ready(wanted: Desired) -> Ground:
    """A host on which all of it is in force."""
    ground = Ground()
    ground.apply(ground.plan(wanted), wanted)
    assert ground.plan(wanted).steps == ()
    return ground


def kinds(ground: Ground, wanted: Desired) -> list[tuple[str, str]]:
    return [(step.kind.value, step.subject) for step in ground.plan(wanted, take_over=True).steps]


def test_a_changed_venv_stops_and_starts_every_service_that_uses_it_and_no_other() -> None:
    units = (runs("a", VENV), runs("b", VENV), service("c"), runs("d", CODE))
    ground = ready(fleet({CODE: "1", VENV: "2"}, *units))
    wanted = fleet({CODE: "1", VENV: "3"}, *units)
    planned = ground.plan(wanted)
    assert [(step.kind.value, step.subject) for step in planned.steps] == [
        ("stop", "quantum-a.service"),
        ("stop", "quantum-b.service"),
        ("link", VENV),
        ("start", "quantum-a.service"),
        ("start", "quantum-b.service"),
    ]
    link = planned.steps[2]
    assert link.target == f"{STORE}/{'3' * 64}"
    assert link.seen == f"link:{STORE}/{'2' * 64}"
    assert "run from it: quantum-a.service, quantum-b.service" in link.reason
    assert f"{VENV} changes to" in planned.steps[0].reason
    ground.apply(planned, wanted)
    assert ground.plan(wanted).steps == ()


@pytest.mark.parametrize("gone", ["", ".seal"])
def test_what_a_link_leads_to_is_put_on_the_host_again_if_it_is_gone(gone: str) -> None:
    wanted = fleet({VENV: "2"}, runs("a", VENV), service("b"))
    ground = ready(wanted)
    del ground.files[f"{STORE}/{'2' * 64}{gone}"]
    planned = ground.plan(wanted)
    assert [(step.kind.value, step.subject) for step in planned.steps] == [
        ("stop", "quantum-a.service"),
        ("link", VENV),
        ("start", "quantum-a.service"),
    ]
    assert "is not whole on the host, and is put there first" in planned.steps[1].reason
    ground.apply(planned, wanted)
    assert ground.plan(wanted).steps == ()


USES: dict[str, dict[str, Any]] = {
    "its working directory": {"working_directory": f"{CODE}/sub"},
    "an argument": {"argv": ("/usr/bin/node", f"{CODE}/main.js")},
    "its venv": {"venv": CODE},
    "its code": {"code": CODE},
    "PYTHONPATH": {"env": (("PYTHONPATH", f"/x:{CODE}/lib"),)},
}


@pytest.mark.parametrize("how", USES)
def test_a_service_that_names_the_path_uses_it(how: str) -> None:
    ground = ready(fleet({CODE: "1"}, service("a", **USES[how])))
    assert ("stop", "quantum-a.service") in kinds(ground, fleet({CODE: "2"}, service("a", **USES[how])))


def test_a_path_that_only_begins_with_the_same_letters_is_another_one() -> None:
    unit = service("a", argv=("/usr/bin/node", f"{CODE}2/main.js"))
    ground = ready(fleet({CODE: "1"}, unit))
    assert kinds(ground, fleet({CODE: "2"}, unit)) == [("link", CODE)]


def test_what_is_there_and_is_not_from_the_store_is_kept_unless_it_may_be_taken_over() -> None:
    wanted = fleet({CODE: "1"}, runs("a", CODE))
    for there in (
        File("dir", "0755", "qt", "qt", 1, 1),
        File("link", "0777", "root", "root", 1, 1, "/home/x/code"),
    ):
        ground = Ground(files={CODE: there})
        (refusal,) = ground.plan(wanted).refusals
        assert (refusal.subject, "--take-over" in refusal.hint) == (CODE, True)
        assert ("link", CODE) in kinds(ground, wanted)
    ground = Ground(files={CODE: File("file", "0644", "root", "root", 1, 1, "", "0" * 64)})
    assert [each.subject for each in ground.plan(wanted, take_over=True).refusals] == [CODE]


def test_a_job_that_runs_now_is_not_cut_off_and_the_deploy_waits_for_it() -> None:
    units = (runs("a", CODE, ServiceState.ON_TIMER, type="oneshot"), timer("a"))
    ground = ready(fleet({CODE: "1"}, *units))
    wanted = fleet({CODE: "2"}, *units)
    assert kinds(ground, wanted) == [("link", CODE)]
    ground.change_unit("quantum-a.service", active_state="activating", sub_state="start")
    (refusal,) = ground.plan(wanted).refusals
    assert refusal.subject == "quantum-a.service"
    assert f"it runs now, from {CODE}, which changes" in refusal.reason


def test_nothing_starts_a_service_of_a_socket_while_the_link_is_switched() -> None:
    units = (
        runs("a", CODE, ServiceState.STOPPED),
        other("quantum-a.socket", starts="quantum-a.service"),
    )
    ground = ready(fleet({CODE: "1"}, *units))
    found = kinds(ground, fleet({CODE: "2"}, *units))
    assert found.index(("stop", "quantum-a.socket")) < found.index(("link", CODE))
    assert found.index(("link", CODE)) < found.index(("start", "quantum-a.socket"))


@pytest.mark.parametrize("state", ["active", "activating"])
def test_one_that_keeps_restarting_or_is_declared_stopped_does_not_run_during_the_switch(state: str) -> None:
    loops = fleet({CODE: "1"}, runs("a", CODE))
    ground = ready(loops)
    ground.change_unit("quantum-a.service", active_state=state, sub_state="auto-restart")
    assert kinds(ground, fleet({CODE: "2"}, runs("a", CODE)))[0] == ("stop", "quantum-a.service")
    stopped = fleet({CODE: "2"}, runs("a", CODE, ServiceState.STOPPED))
    found = kinds(ground, stopped)
    assert found.index(("stop", "quantum-a.service")) < found.index(("link", CODE))
    assert ("start", "quantum-a.service") not in found


def test_a_process_that_is_older_than_its_link_is_started_again() -> None:
    wanted = fleet({CODE: "1"}, runs("a", CODE))
    ground = ready(wanted)
    ground.change_file(CODE, mtime=ground.clock + 1)
    (step,) = ground.plan(wanted).steps
    assert (step.kind, step.subject) == (StepKind.RESTART, "quantum-a.service")
    assert "is newer than the process" in step.reason


def test_its_folder_must_be_root_s() -> None:
    wanted = fleet({CODE: "1"}, runs("a", CODE))
    above = {path: File("dir", "0755", "root", "root", 1, 1) for path in ("/", "/srv")}
    ground = Ground(files={**above, "/srv/shop": File("dir", "0755", "qt", "qt", 1, 1)})
    assert "/srv/shop can be changed by user qt" in ground.plan(wanted).refusals[0].reason
