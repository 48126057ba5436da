"""Folders of what root writes: a plan is refused where anyone but root could lead it elsewhere."""

from dataclasses import replace

import pytest

from qtctl.model.desired import Desired
from qtctl.model.desired_accounts import DesiredFolder
from qtctl.model.evidence import Need, State
from qtctl.model.facts import File
from qtctl.model.origin import Origin
from qtctl.plan.needs import list_needs
from qtctl.plan.plan import list_unread
from tests.builders.planned import UNITS, Ground, deployed, desired, service, target, unit_text

WANTED = desired(service("a"), service("b"), target())
ENVS = ("/etc/quantum/a.env", "/etc/quantum/b.env")


def folder(mode: str = "0755", owner: str = "root", group: str = "root", kind: str = "dir", target: str = "") -> File:
    return File(kind, mode, owner, group, 4096, 0, target)


def ground(**folders: File) -> Ground:
    """A deployed host. `etc__quantum` stands for /etc/quantum, `root` for /."""
    made = deployed(WANTED)
    made.files.update({"/": folder(), "/etc": folder(), "/etc/quantum": folder()})
    made.files.update({"/" + name.replace("__", "/").removeprefix("root"): there for name, there in folders.items()})
    return made


def refused(found: Ground, wanted: Desired = WANTED) -> dict[str, str]:
    planned = found.plan(wanted)
    assert not planned.steps or not planned.refusals
    return {refusal.subject: refusal.reason for refusal in planned.refusals}


def test_every_folder_above_what_is_written_is_looked_at() -> None:
    asked = {need.subject for need in list_needs(WANTED) if need.fact == File.FACT}
    assert {"/", "/etc", "/etc/quantum", "/etc/systemd", UNITS, f"{UNITS}/quantum.target.wants"} <= asked


def test_folders_of_roots_are_no_obstacle_whatever_their_group() -> None:
    assert refused(ground(etc__quantum=folder("0750", "root", "qt"))) == {}
    assert refused(ground(etc__quantum=folder("2755", "root", "qt"))) == {}


@pytest.mark.parametrize(
    ("there", "who"),
    [
        (folder(owner="qt"), "user qt (its owner)"),
        (folder("0500", owner="qt"), "user qt (its owner)"),
        (folder("0775", group="qt"), "group qt (mode 0775)"),
        (folder("0775"), "group root (mode 0775)"),
        (folder("0757"), "every user (mode 0757)"),
        (folder("1777"), "every user (mode 1777)"),
    ],
)
def test_a_folder_that_others_can_change_is_refused_for_each_file_in_it(there: File, who: str) -> None:
    said = f"/etc/quantum can be changed by {who}"
    assert refused(ground(etc__quantum=there)) == dict.fromkeys(ENVS, said)


def test_also_where_nothing_would_be_written_and_where_it_is_further_up() -> None:
    assert deployed(WANTED).plan(WANTED).steps == ()
    assert set(refused(ground(etc=folder(owner="qt")))) >= {*ENVS, f"{UNITS}/quantum-a.service"}


def test_the_folder_of_a_link_that_enables_counts() -> None:
    wants = f"{UNITS}/quantum.target.wants"
    found = ground()
    found.files[wants] = folder(owner="qt")
    found.files.update({"/etc/systemd": folder(), UNITS: folder()})
    assert refused(found) == {
        f"{wants}/quantum-{name}.service": f"{wants} can be changed by user qt (its owner)" for name in "ab"
    }


def test_no_content_is_read_in_a_folder_that_others_can_change() -> None:
    found = ground(etc__quantum=folder(owner="qt"))
    found.put(f"{UNITS}/quantum-a.service", unit_text("other"), ours=True)
    assert list_unread(WANTED, found.facts(WANTED)) == ()
    assert list_unread(WANTED, ground().facts(WANTED)) == ()


def test_a_link_is_left_to_the_script_that_can_follow_it() -> None:
    assert refused(ground(etc__quantum=folder("0777", "root", "root", "link", "/srv/env"))) == {}


def test_a_link_into_a_folder_that_was_seen_is_followed() -> None:
    found = ground(etc__quantum=folder("0777", "root", "root", "link", "systemd"), etc__systemd=folder(owner="qt"))
    assert refused(found)[ENVS[0]] == "/etc/systemd can be changed by user qt (its owner)"


@pytest.mark.parametrize(
    ("user", "mode", "good"), [("qt", "0755", False), ("root", "0775", False), ("root", "0750", True)]
)
def test_a_folder_that_the_registry_gives_away_is_refused_before_it_is_made(user: str, mode: str, good: bool) -> None:
    declared = DesiredFolder("/etc/quantum", mode, user, "root", "", Origin("folders.toml"))
    wanted = replace(WANTED, folders=(declared,))
    found = ground()
    found.files["/etc/quantum"] = folder(mode, user)
    if user != "root" or not good:
        del found.files["/etc/quantum"]
    reasons = refused(found, wanted)
    assert set(reasons) == (set() if good else set(ENVS))
    if not good:
        assert reasons[ENVS[0]] == f"/etc/quantum is declared as {user}'s with mode {mode} (folders.toml)"


def test_a_folder_that_could_not_be_looked_at_is_refused() -> None:
    found = ground()
    found.unknown[Need(File.FACT, "/etc/quantum")] = State.REFUSED
    assert refused(found) == {"/etc/quantum": "could not be read: permission denied"}
