"""Tags of hosts: what is placed by one is on every host that carries it, and a wrong one is an error with its line."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from qtctl.api.gate_ground import read_ground
from qtctl.errors import InputErrors
from qtctl.model.placement import Placement, includes_host
from qtctl.model.registry import Registry
from qtctl.model.unit_kinds import PLACED_TABLES
from qtctl.registry.load import TABLES, load
from qtctl.resolve.resolve import resolve
from tests.builders.registry import SMALL, write_host

NAMES = ("web-1", "web-2", "job-1")
TAGS = {"web-1": '["web", "eu"]', "web-2": '["web"]', "job-1": '["jobs", "eu"]'}
HOSTS = "\n".join(
    write_host(name, f"192.0.2.{number}", extra=f"tags = {TAGS[name]}\n") for number, name in enumerate(NAMES, 1)
)
HOME = "services/feed.toml"


def build(hosts: str, *, more: Mapping[str, str] = {}, fleet: str = "") -> dict[str, bytes]:
    """A small registry of three hosts, whose service `feed` is on `hosts`."""
    texts = {
        **SMALL,
        "hosts.toml": HOSTS,
        "fleet.toml": fleet + SMALL["fleet.toml"],
        HOME: f"hosts = {hosts}\n{SMALL[HOME]}",
        **more,
    }
    return {path: text.encode() for path, text in texts.items()}


def find_homes(files: Mapping[str, bytes], name: str = "feed") -> set[str]:
    registry = load(files)
    return {host for host in registry.hosts if name in {each.name for each in resolve(registry, host).services}}


@pytest.mark.parametrize(
    ("hosts", "homes"),
    [
        ('["@web"]', {"web-1", "web-2"}),
        ('["@eu", "web-2"]', {"web-1", "web-2", "job-1"}),
        ('["@jobs", "@web", "job-1"]', {"web-1", "web-2", "job-1"}),
        ('["job-1"]', {"job-1"}),
        ("[]", {*NAMES}),
    ],
)
def test_a_service_is_on_every_host_that_its_tags_name(hosts: str, homes: set[str]) -> None:
    files = build(hosts)
    assert find_homes(files) == homes
    registry = load(files)
    assert Placement(registry).expand(registry.services["feed"].hosts) == homes


@pytest.mark.parametrize(
    ("hosts", "said"),
    [
        ('["@wbe"]', "no host has the tag wbe (did you mean @web?)"),
        ('["@zzzzz"]', "no host has the tag zzzzz (the tags are @eu, @jobs, @web)"),
        ('["web"]', "host web is not declared (did you mean @web?)"),
        ('["@web-1"]', "no host has the tag web-1 (did you mean web-1?)"),
        ('["wbe-1"]', "host wbe-1 is not declared (did you mean web-1?)"),
    ],
)
def test_a_wrong_reference_is_one_error_with_its_line(hosts: str, said: str) -> None:
    with pytest.raises(InputErrors) as wrong:
        load(build(hosts))
    (error,) = wrong.value.errors
    assert said in str(error)
    assert str(error).startswith(f"{HOME}:1: ")
    assert error.id == "QT102"


@pytest.mark.parametrize("tag", ["@web", "a b", "", "-web", "web,eu", "ü", "x" * 65, "*", "a/b", "web\n"])
def test_names_of_tags_are_strict(tag: str) -> None:
    quoted = tag.replace("\n", "\\n")
    hosts = {"hosts.toml": write_host(extra=f'tags = ["{quoted}"]\n')}
    with pytest.raises(InputErrors) as wrong:
        load(build("[]", more=hosts))
    (error,) = wrong.value.errors
    assert error.place is not None
    assert error.place.file == "hosts.toml"


def test_declared_tags_are_the_only_ones() -> None:
    declared = 'tags = { web = "Pages", jobs = "Work", eu = "In Europe", asia = "In Asia" }\n'
    # A tag that is declared may be without hosts: what it places is on none of them, and never on all.
    assert find_homes(build('["@asia"]', fleet=declared)) == set()
    with pytest.raises(InputErrors) as wrong:
        load(build('["@web"]', fleet=declared.replace("jobs", "job")))
    (error,) = wrong.value.errors
    assert "tag jobs is not among the tags of fleet.toml (did you mean job?)" in str(error)
    assert str(error).startswith("hosts.toml:")


def test_a_host_that_was_not_read_may_carry_any_tag() -> None:
    """Its own error is the only one: others would follow from it."""
    broken = {"hosts.toml": HOSTS.replace('tags = ["jobs", "eu"]', 'tags = ["jobs", 7]')}
    with pytest.raises(InputErrors) as wrong:
        load(build('["@jobs"]', more=broken))
    (error,) = wrong.value.errors
    assert error.place is not None
    assert error.place.file == "hosts.toml"


def test_two_claim_one_port_only_where_both_are() -> None:
    def other(hosts: str) -> dict[str, bytes]:
        port = '[ports.http]\nlisten = "127.0.0.1:8765"\n'
        one = f'hosts = {hosts}\nsummary = "O"\nstate = "running"\nrun = {{ kind = "command", argv = ["/bin/o"] }}\n'
        return build(
            '["@jobs"]', more={"services/one.toml": one + port, HOME: f'hosts = ["@jobs"]\n{SMALL[HOME]}{port}'}
        )

    with pytest.raises(InputErrors, match="is claimed by feed too"):
        load(other('["@eu"]'))
    load(other('["web-2"]'))


def test_whatever_names_hosts_is_checked() -> None:
    """Every table whose entries have `hosts`: none is forgotten when a new one is added."""
    models: dict[str, Any] = {
        name: get_args(field.type)[1]
        for name, field in Registry.__dataclass_fields__.items()
        if str(field.type).startswith("dict[str, ")
    }
    placed = {name for name, model in models.items() if "hosts" in getattr(model, "model_fields", {})}
    assert placed == {*PLACED_TABLES}


PLACED_BY_TAG = {
    "timers.toml": '[t]\nsummary = "T"\nservice = "feed"\non_boot = "1min"\n',
    "targets.toml": SMALL["targets.toml"] + '[t]\nsummary = "T"\n',
    "sockets.toml": '[t]\nsummary = "T"\nlisten = ["stream 1"]\nservice = "feed"\n',
    "slices.toml": '[t]\nsummary = "T"\n',
    "dropins.toml": '[t]\nunit = "ssh.service"\nwhy = "w"\nlimits.nofile = 5\n',
    "venvs.toml": SMALL["venvs.toml"] + '[t]\npath = "/opt/t"\n',
    "users.toml": '[t]\nsummary = "T"\n',
    "folders.toml": '["/srv/t"]\nsummary = "T"\nuser = "root"\nmode = "0755"\n',
    "externals.toml": SMALL["externals.toml"] + '[t]\nsummary = "T"\n',
    "code.toml": '[t]\npath = "/srv/t"\nsummary = "T"\n',
}


@pytest.mark.parametrize("file", PLACED_BY_TAG)
def test_any_table_is_placed_by_tag(file: str) -> None:
    registry = load(build("[]", more={file: PLACED_BY_TAG[file] + 'hosts = ["@eu"]\n'}))
    table = TABLES[file][0]
    hosts = next(each.hosts for each in getattr(registry, table).values() if each.hosts)
    assert [host for host in NAMES if includes_host(registry, hosts, host)] == ["web-1", "job-1"]
    origins = {host: _list_names(registry, host, table) for host in NAMES}
    assert origins["web-1"] == origins["job-1"] != origins["web-2"]


def _list_names(registry: Registry, host: str, table: str) -> list[str]:
    desired = resolve(registry, host)
    rows: dict[str, Any] = {
        "users": desired.accounts, "slices": desired.other_units, "sockets": desired.other_units
    }  # fmt: skip
    found = rows[table] if table in rows else getattr(desired, table)
    return sorted(getattr(each, "name", "") or each.path for each in found)


def test_a_gate_names_hosts_by_tag(tmp_path: Path) -> None:
    for path, content in build("[]", more={"policy.toml": '[gate]\nlint = true\nhosts = ["@eu"]\n'}).items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(content)
    assert read_ground(tmp_path).hosts == ("job-1", "web-1")
