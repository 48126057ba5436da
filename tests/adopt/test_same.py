"""The judge itself: the same units are the same, and one changed directive is exactly that difference.

tests/adopt/units holds units for adoption, byte for byte as they might be found (see .gitattributes), a folder a theme:
services/   each Type=, commands with prefixes, logs, credentials, conditions
sandbox/    walls, limits, lists that allow or deny
kinds/      targets, timers, sockets, paths, slices, mounts, automounts, swaps, templates
text/       CRLF, byte order mark, Latin-1 in comments, continuation lines, quoting, resets, old spellings, X- sections
dropins/    drop-ins (for units of the folder, of templates and instances, of a foreign unit), aliases, masks, links
wide/       drop-ins for all services, and for all whose name begins so
copies/     the same name in two folders: as a whole only for adopt, each folder alone for a host
kept/       good values before bad ones: systemd keeps the good
misread/    what systemd ignores or misreads: bad values, unknown directives, inline comments, other encodings
"""

from collections.abc import Mapping

import pytest

from tests.adopt import same
from tests.adopt.excluded import EXCLUDED
from tests.adopt.found import CORPUS, SHARED, SHARED_FOLDERS, TOGETHER, one_of_each, why_no_shared

pytestmark = pytest.mark.lab

Change = tuple[str, str, str]
CHANGES: Mapping[Change, tuple[str, ...]] = {
    ("fleet-web.service", "MemoryMax=512M", "MemoryMax=513M"): ("fleet-web.service Service.MemoryMax",),
    ("fleet-web.service", "--port 8001", '--port "8001 "'): (
        "fleet-web.service Service.ExecStart",
        "fleet-web.service Service.ExecStartEx",
    ),
    ("fleet-web.service", "50%%", "51%%"): ("fleet-web.service Unit.Description",),
    ("fleet-notify.service", "Slice=fleet-heavy.slice", "Slice=fleet.slice"): (
        "fleet-notify.service Service.Slice",
        "fleet-notify.service Unit.After",
        "fleet-notify.service Unit.Requires",
        "fleet-heavy.slice Unit.Before",
        "fleet-heavy.slice Unit.RequiredBy",
        "fleet-heavy.slice Unit.SliceOf",
        "fleet.slice Unit.Before",
        "fleet.slice Unit.RequiredBy",
        "fleet.slice Unit.SliceOf",
    ),
    ("fleet-secret.service", "/last one.env", "/last  one.env"): ("fleet-secret.service Service.EnvironmentFiles",),
    ("fleet-idle.service", "TEAM=the a team", "TEAM=the  a team"): ("fleet-idle.service Service.LogExtraFields",),
    ("fleet-strict.service", "@privileged @resources", "@resources @privileged"): (),
    ("fleet-strict.service", "AF_UNIX AF_INET ", "AF_UNIX "): ("fleet-strict.service Service.RestrictAddressFamilies",),
    ("fleet-strict.service", "-/srv/maybe", "/srv/maybe"): ("fleet-strict.service Service.ReadWritePaths",),
    ("fleet-once.service", "PathIsDirectory=|!/srv/other", "PathIsDirectory=|/srv/other"): (
        "fleet-once.service Unit.Conditions",
    ),
    ("fleet-once.service", "four", "five"): (
        "fleet-once.service Service.ExecStart",
        "fleet-once.service Service.ExecStartEx",
    ),
    ("fleet-forking.service", "Upholds=fleet-idle.service", "Upholds=fleet-bus.service"): (
        "fleet-bus.service Unit.UpheldBy",
        "fleet-forking.service Unit.Upholds",
        "fleet-idle.service Unit.UpheldBy",
    ),
    ("fleet-api.service", "api.service", "apis.service"): (
        "fleet-api.service Install.Links",
        "fleet-api.service Unit.Names",
    ),
    ("fleet-api.service", "fleet-once.timer", "fleet-sweep.timer"): ("fleet-api.service Install.Links",),
    ("fleet-once.timer", "daily", "hourly"): ("fleet-once.timer Timer.TimersCalendar",),
    ("fleet-once.timer", "OnBootSec=5min", "OnBootSec=5s"): ("fleet-once.timer Timer.TimersMonotonic",),
    ("fleet-door.socket", "=8088", "=8087"): ("fleet-door.socket Socket.Listen",),
    ("fleet-drop.path", "MakeDirectory=yes", "MakeDirectory=no"): ("fleet-drop.path Path.MakeDirectory",),
    ("fleet-heavy.slice", "TasksMax=4096", "TasksMax=4097"): ("fleet-heavy.slice Slice.TasksMax",),
    ("srv-data.mount", "noatime,nofail", "nofail,noatime"): ("srv-data.mount Mount.Options",),
    ("dev-sdz1.swap", "Priority=10", "Priority=11"): ("dev-sdz1.swap Swap.Priority",),
    ("fleet-worker@.service", "PERCENT=50%%", "PERCENT=%%50"): ("fleet-worker@qtctl.service Service.Environment",),
    ("fleet-core.target", "AllowIsolate=yes", "AllowIsolate=no"): (
        "fleet-core.target Unit.AllowIsolate",
        "fleet-core.target Unit.CanIsolate",
    ),
    ("fleet-main.service.d/05-early.conf", "Nice=4", "Nice=6"): (
        "fleet-main.service Service.Nice",
        "fleet-second-name.service Service.Nice",
    ),
    ("latin1.service", "/bin/true", "/bin/truth"): (
        "latin1.service Service.ExecStart",
        "latin1.service Service.ExecStartEx",
    ),
}  # fmt: skip
"""(file, text, other text) → unit and property of each difference that this makes."""
LATER: Mapping[int, tuple[str, ...]] = {
    256: (
        "fleet-web.service Service.EffectiveMemoryMax",
        "fleet-heavy.slice Slice.EffectiveTasksMax",
        "fleet-notify.service Service.EffectiveMemoryHigh",
        "fleet-notify.service Service.EffectiveTasksMax",
        "fleet-worker@qtctl.service Service.EffectiveTasksMax",
    ),
}
"""From a version of systemd on: what limits come to, with those of all slices above, is a property of its own."""


@pytest.fixture(scope="module")
def before(host: str) -> same.Loaded:
    return same.loaded(host, TOGETHER)


def test_the_same_units_are_the_same(host: str, before: same.Loaded) -> None:
    assert same.differences(before, same.loaded(host, TOGETHER)) == []


def test_changed_directives_are_exactly_those_differences(host: str, before: same.Loaded) -> None:
    texts = dict(TOGETHER.texts)
    for name, old, new in CHANGES:
        assert texts[name].count(old.encode()) == 1, (name, old)
        texts[name] = texts[name].replace(old.encode(), new.encode())
    found = same.differences(before, same.loaded(host, same.Files(texts, TOGETHER.links)))
    expected = {each for differences in CHANGES.values() for each in differences}
    version = same.version(host)
    expected |= {each for since, differences in LATER.items() if since <= version for each in differences}
    assert {f"{each.unit} {each.property}" for each in found} == expected


def test_a_missing_unit_is_a_difference(before: same.Loaded) -> None:
    after = {unit: properties for unit, properties in before.items() if unit != "simple.service"}
    assert same.differences(before, after) == [same.Difference("simple.service", "", "loaded", same.MISSING)]


def test_all_but_the_misread_load(before: same.Loaded) -> None:
    """A unit that its host did not take says nothing of its directives: such units stand in misread/ alone."""
    states = {unit: properties.get("Unit.LoadState") for unit, properties in before.items()}
    misread = same.read(CORPUS / "misread").units
    assert {unit for unit, state in states.items() if state not in ("loaded", None)} - {*misread} == {
        "empty.service",
        "masked.service",
    }
    assert {"bad-setting", "error"} <= {states.get(unit) for unit in misread}


def test_each_kind_of_unit_is_there(before: same.Loaded) -> None:
    kinds = ("service", "timer", "target", "socket", "path", "slice", "mount", "automount", "swap")
    assert {unit.rpartition(".")[2] for unit in before} == set(kinds)


def test_each_type_of_service_is_there(before: same.Loaded) -> None:
    types = {properties.get("Service.Type") for properties in before.values()} - {None, ""}
    assert types == {"simple", "exec", "forking", "oneshot", "dbus", "notify", "idle"}


def test_what_is_not_compared_is_there(before: same.Loaded) -> None:
    """On the machine's own suite: other versions have properties more and less."""
    seen = {name for properties in before.values() for name in properties}
    assert set(EXCLUDED) <= seen


def test_the_host_is_left_as_it_was(host: str, before: same.Loaded) -> None:
    empty = same.loaded(host, same.Files({}), units=("simple.service", "redis-server.service"))
    assert empty["simple.service"]["Unit.LoadState"] == "not-found"
    changed = {
        each.property for each in same.differences({"redis-server.service": before["redis-server.service"]}, empty)
    }
    assert {"Service.MemoryMax", "Service.LimitNOFILE", "Unit.PartOf"} <= changed


@pytest.mark.skipif(why_no_shared() is not None, reason=str(why_no_shared()))
@pytest.mark.parametrize("folder", SHARED_FOLDERS)
def test_a_real_fleets_units_are_the_same(host: str, folder: str) -> None:
    files = same.read(SHARED / folder)
    assert same.differences(same.loaded(host, files), same.loaded(host, files)) == []


@pytest.mark.skipif(why_no_shared() is not None, reason=str(why_no_shared()))
def test_all_of_a_real_fleets_units_are_read() -> None:
    assert sum(len(same.read(SHARED / folder).texts) for folder in SHARED_FOLDERS) == 90
    assert len(one_of_each([same.read(SHARED / folder) for folder in SHARED_FOLDERS]).texts) == 72
