"""What an operator changed on a host → the edit of the registry, proved by rendering it again."""

import tomllib
from collections.abc import Mapping
from dataclasses import replace

import pytest

from qtctl.model.adoption import UnitState
from qtctl.model.drift import DriftFate
from qtctl.reports.drift import build_file
from tests.adopt.drifted import API, OF_KIND, UNITS, as_deployed, ask, desired, dropin, hot_fixes, registry

FILES = registry()
HOST = desired(FILES)
PLAIN = as_deployed(HOST)
API_UNIT = "shop-api.service"
CANARY = "tr0ub4dor-canary-77"


def fates(host: Mapping[str, bytes | str], files: Mapping[str, bytes] = FILES) -> dict[str, DriftFate]:
    found = ask(files, {**PLAIN, **host}, deployed=HOST)
    return {each.what: each.fate for each in found.drifts}


def edited(old: str, new: str, unit: str = API_UNIT) -> dict[str, bytes]:
    text = PLAIN[f"{UNITS}/{unit}"].decode()
    assert old in text
    return {f"{UNITS}/{unit}": text.replace(old, new).encode()}


def test_a_host_as_deployed_has_no_drift() -> None:
    found = ask(FILES, PLAIN, deployed=HOST)
    assert (found.drifts, found.changed) == ((), ())


def test_comments_and_layout_of_the_registry_are_kept() -> None:
    text = "[Service]\nMemoryMax=1G\nNice=5\n[Unit]\nAfter=redis.service\n"
    found = ask(FILES, {**PLAIN, **dropin(API_UNIT, text)}, deployed=HOST)
    after = found.files["services/api.toml"].decode()
    kept = [line for line in API.splitlines() if line and "memory_max" not in line]
    assert [line for line in after.splitlines() if line in kept] == kept
    assert 'memory_max = "1G"  # measured in May' in after
    assert tomllib.loads(after)["order"] == {"after": ["worker", "redis.service"]}
    diff = build_file("services/api.toml", FILES, found.files).diff
    assert '-memory_max = "512M"  # measured in May' in diff


def test_after_a_restored_backup_it_is_seen_too() -> None:
    """Its generation names files by their paths alone."""
    restored = replace(HOST, files=tuple(replace(each, subject=each.path) for each in HOST.files))
    found = ask(FILES, {**PLAIN, **dropin(API_UNIT, "[Service]\nNice=5\n")}, deployed=restored)
    assert [(each.what, each.fate) for each in found.drifts] == [("[Service] Nice=", DriftFate.ADOPTED)]


@pytest.mark.parametrize("kind", OF_KIND)
def test_each_directive_that_a_registry_can_say_becomes_a_key(kind: str) -> None:
    """Some of each kind, all at once; `python -m tests.adopt.drifted` tries every one by itself."""
    some = list(hot_fixes([kind]))[3::23]
    text = "".join(f"[{section}]\n{key}={value}\n" for _, section, key, value in some)
    found = ask(FILES, {**PLAIN, **dropin(OF_KIND[kind], text)}, deployed=HOST)
    assert [each for each in found.drifts if each.fate is not DriftFate.ADOPTED] == []
    assert len(found.drifts) >= len(some) - 1 > 3
    assert "originals.toml" in found.changed
    again = ask(found.files, {**PLAIN, **dropin(OF_KIND[kind], text)}, deployed=HOST)
    assert (again.drifts, again.changed) == ((), ())


def test_what_another_folder_says_of_the_same_name_counts_as_systemd_reads_it() -> None:
    host = {
        **dropin(API_UNIT, "[Service]\nNice=1\n", "a.conf", "/run/systemd/system"),
        **dropin(API_UNIT, "[Service]\nNice=2\n", "a.conf"),
        **dropin(API_UNIT, "[Service]\nNice=3\n", "a.conf", "/run/systemd/system.control"),
        **dropin(API_UNIT, "[Service]\nNice=4\n", "a.conf", "/etc/systemd/system.control"),
    }
    found = ask(FILES, {**PLAIN, **host}, deployed=HOST)
    assert tomllib.loads(found.files["services/api.toml"].decode())["scheduling"] == {"nice": 4}


def test_a_drop_in_that_is_masked_says_nothing() -> None:
    host: dict[str, bytes | str] = {
        f"/etc/systemd/system.control/{API_UNIT}.d/a.conf": "/dev/null",
        **dropin(API_UNIT, "[Service]\nNice=2\n", "a.conf"),
    }
    assert fates(host) == {}


def test_a_drop_in_of_somebody_elses_unit_is_edited_where_the_registry_declares_it() -> None:
    path = next(path for path in PLAIN if "redis.service.d" in path)
    found = ask(FILES, {**PLAIN, path: PLAIN[path].replace(b"1G", b"2G")}, deployed=HOST)
    assert {each.what: each.fate for each in found.drifts} == {"[Service] MemoryMax=": DriftFate.ADOPTED}
    assert 'memory_max = "2G"  # Redis' in found.files["dropins.toml"].decode()


def test_a_size_that_set_property_wrote_in_bytes_is_written_as_people_do() -> None:
    path = f"/etc/systemd/system.control/{API_UNIT}.d/50-MemoryMax.conf"
    found = ask(FILES, {**PLAIN, path: f"[Service]\nMemoryMax={100 * 1024 * 1024}\n".encode()}, deployed=HOST)
    assert tomllib.loads(found.files["services/api.toml"].decode())["limits"]["memory_max"] == "100M"
    same = ask(FILES, {**PLAIN, path: f"[Service]\nMemoryMax={512 * 1024 * 1024}\n".encode()}, deployed=HOST)
    assert same.drifts == (), "the registry says 512M"


def test_what_was_taken_out_of_a_unit_is_taken_out_of_the_registry() -> None:
    found = ask(FILES, {**PLAIN, **edited("CPUQuota=50%\n", "")}, deployed=HOST)
    assert tomllib.loads(found.files["services/api.toml"].decode())["limits"] == {"memory_max": "512M"}


def test_what_comes_from_the_defaults_of_a_fleet_is_left_with_its_reason() -> None:
    assert fates(edited("After=network.target ", "After=")) == {"[Unit] After=": DriftFate.LEFT}


def test_what_the_registry_says_already_needs_no_edit() -> None:
    files = registry({"services/api.toml": API.replace('"512M"', '"1G"')})
    found = ask(files, {**PLAIN, **dropin(API_UNIT, "[Service]\nMemoryMax=1G\n")}, deployed=HOST)
    assert [each.fate for each in found.drifts] == [DriftFate.DECLARED]
    assert found.files["services/api.toml"] == files["services/api.toml"]


def test_what_the_registry_says_otherwise_since_the_deploy_is_for_a_person() -> None:
    files = registry({"services/api.toml": API.replace('"512M"', '"2G"')})
    assert fates(dropin(API_UNIT, "[Service]\nMemoryMax=1G\n"), files) == {"[Service] MemoryMax=": DriftFate.CONFLICT}


def test_a_pending_change_of_the_registry_is_no_drift_and_stays() -> None:
    files = registry({"services/api.toml": API.replace('"512M"', '"2G"')})
    found = ask(files, {**PLAIN, **dropin(API_UNIT, "[Service]\nNice=1\n")}, deployed=HOST)
    assert {each.what: each.fate for each in found.drifts} == {"[Service] Nice=": DriftFate.ADOPTED}
    assert "originals.toml" not in found.files, "the plan must still show the memory that is to come"
    assert 'memory_max = "2G"' in found.files["services/api.toml"].decode()


def test_without_a_generation_only_drop_ins_are_certain() -> None:
    host = {**PLAIN, **edited("512M", "1G"), **dropin(API_UNIT, "[Service]\nNice=1\n")}
    found = ask(FILES, host)
    assert {each.what: each.fate for each in found.drifts} == {
        "[Service] Nice=": DriftFate.ADOPTED,
        "the file": DriftFate.LEFT,
    }
    assert any("keeps no deploy" in each.why for each in found.drifts)
    assert ask(FILES, PLAIN).drifts == ()


SECRETS = {
    "a variable": f"Environment=API_PASSWORD={CANARY}",
    "a variable among others": f"Environment=A=1 'DB_TOKEN={CANARY}'",
    "an argument": f"ExecStartPre=/bin/login --password {CANARY}",
    "an address": f"Environment=URL=https://ann:{CANARY}@db.example/",
    "a credential": f"SetCredential=key:{CANARY}",
    "a header": f"ExecStartPre=/usr/bin/curl -H 'Authorization: Bearer {CANARY}' https://x.example",
}


@pytest.mark.parametrize("case", SECRETS)
def test_a_secret_is_named_and_stays_on_the_host(case: str) -> None:
    host = {**PLAIN, **dropin(API_UNIT, f"# {CANARY}\n[Service]\n{SECRETS[case]}\nNice=2\n")}
    found = ask(FILES, host, deployed=HOST)
    assert DriftFate.HIDDEN in {each.fate for each in found.drifts}
    assert ("[Service] Nice=", DriftFate.ADOPTED) in {(each.what, each.fate) for each in found.drifts}
    assert CANARY not in repr(found)
    assert "originals.toml" not in found.files, "the plan must show what is left"


STANDINGS = {
    "disabled and stopped": (UnitState("disabled", "inactive"), "disabled", {"state": "stopped"}),
    "disabled, and runs": (UnitState("disabled", "active"), "disabled", {"state": "running", "enabled": False}),
    "stopped alone": (UnitState("enabled", "inactive"), "stopped", {"state": "running"}),
    "until the next boot": (UnitState("enabled-runtime", "active"), "enabled-runtime", {"state": "running"}),
}


@pytest.mark.parametrize("case", STANDINGS)
def test_enablement(case: str) -> None:
    state, what, wanted = STANDINGS[case]
    found = ask(FILES, PLAIN, states={API_UNIT: state}, deployed=HOST)
    assert [each.what for each in found.drifts] == [what]
    table = tomllib.loads(found.files["services/api.toml"].decode())
    assert {key: table[key] for key in ("state", "enabled") if key in table} == wanted
    assert (found.drifts[0].fate is DriftFate.ADOPTED) is (what == "disabled")


def test_a_mask_is_a_unit_that_is_stopped() -> None:
    host: dict[str, bytes | str] = {**PLAIN, f"{UNITS}/{API_UNIT}": "/dev/null"}
    found = ask(FILES, host, states={API_UNIT: UnitState("masked", "inactive")}, deployed=HOST)
    assert [(each.what, each.fate) for each in found.drifts] == [("masked", DriftFate.ADOPTED)]
    assert tomllib.loads(found.files["services/api.toml"].decode())["state"] == "stopped"
    again = ask(found.files, host, states={API_UNIT: UnitState("masked", "inactive")}, deployed=HOST)
    assert (again.drifts, again.changed) == ((), ())


LEFT: Mapping[str, Mapping[str, bytes | str]] = {
    "for every unit of a name": dropin("shop-.service", "[Service]\nNice=1\n"),
    "for every service": dropin("service", "[Service]\nNice=1\n"),
    "in place of the file": {f"/run/systemd/transient/{API_UNIT}": b"[Service]\nExecStart=/bin/true\n"},
    "a link to a file of somebody's": {f"{UNITS}/{API_UNIT}": "/srv/mine.service"},
    "systemd does not load it": edited("ExecStart=", "ExecStar="),
}


@pytest.mark.parametrize("case", LEFT)
def test_what_no_registry_can_say_is_left_with_its_reason(case: str) -> None:
    found = ask(FILES, {**PLAIN, **LEFT[case]}, deployed=HOST)
    assert [each.fate for each in found.drifts] == [DriftFate.LEFT]
    assert found.drifts[0].why
    assert found.changed == ()


POOL = (
    'summary = "Pool"\nstate = "running"\ninstances = ["1", "2"]\nrun = { kind = "exec", lines = ["/bin/sleep 5"] }\n'
)
OF_INSTANCE: Mapping[str, tuple[Mapping[str, bytes | str], str, str]] = {
    "a drop-in": (dropin("shop-pool@2.service", "[Service]\nNice=1\n"), "drop-in", "declare it in dropins.toml"),
    "until the next boot": (
        dropin("shop-pool@2.service", "[Service]\nTasksMax=7\n", folder="/run/systemd/system.control"),
        "drop-in",
        "declare it in dropins.toml",
    ),
    "a file": (
        {f"{UNITS}/shop-pool@2.service": b"[Service]\nExecStart=/bin/sleep 6\n"},
        "the file",
        "systemd reads it in place of shop-pool@.service",
    ),
    "a link": ({f"{UNITS}/shop-pool@2.service": "/srv/mine.service"}, "the file", "systemd reads it in place of"),
}


@pytest.mark.parametrize("case", OF_INSTANCE)
def test_what_is_of_one_instance_is_named(case: str) -> None:
    host, what, why = OF_INSTANCE[case]
    files = registry({"services/pool.toml": POOL})
    deployed = desired(files)
    found = ask(files, {**as_deployed(deployed), **host}, deployed=deployed)
    assert [(each.unit, each.what, each.fate) for each in found.drifts] == [
        ("shop-pool@2.service", what, DriftFate.LEFT)
    ]
    assert why in found.drifts[0].why
    assert found.changed == ()


def test_a_file_that_was_removed_is_left() -> None:
    found = ask(FILES, {path: text for path, text in PLAIN.items() if API_UNIT not in path}, deployed=HOST)
    assert [(each.unit, each.what, each.fate) for each in found.drifts] == [(API_UNIT, "the file", DriftFate.LEFT)]


def test_what_lint_calls_an_error_is_not_adopted() -> None:
    host = dropin("shop-job.timer", "[Timer]\nOnCalendar=whenever\n")
    found = ask(FILES, {**PLAIN, **host}, deployed=HOST)
    assert DriftFate.ADOPTED not in {each.fate for each in found.drifts}
    assert found.changed == ()


def test_a_drop_in_of_another_fleets_unit_is_nobodys_business() -> None:
    assert fates(dropin("nginx.service", "[Service]\nNice=1\n")) == {}


def test_a_unit_that_was_never_deployed_has_no_drift() -> None:
    deployed = replace(HOST, files=tuple(file for file in HOST.files if API_UNIT not in file.path))
    found = ask(FILES, {**PLAIN, **dropin(API_UNIT, "[Service]\nNice=1\n")}, deployed=deployed)
    assert [each for each in found.drifts if each.unit == API_UNIT] == []
