"""Defaults of hosts: a host's own table decides, then its tags, then what all have; errors name their line, once."""

import tomllib
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from qtctl.adapters.files import locate_shipped, read_text
from qtctl.adapters.templates import load_unit_templates
from qtctl.errors import InputErrors
from qtctl.flows.lint import examine
from qtctl.flows.schemas import find_schema, read_meanings
from qtctl.meaning.alike_hosts import find_alike
from qtctl.model.host_defaults import EVERY, HostTables, list_host_tables, locate_desired_key, locate_host_key
from qtctl.model.registry import Registry
from qtctl.registry.load import DEFAULT_KEYS, load
from qtctl.registry.places import Places
from qtctl.resolve.alike import adapt
from qtctl.resolve.resolve import resolve
from tests.builders.registry import write_fleet, write_script

HOSTS = """\
["*"]
audit_user = "audit"
deploy_user = "ops"
memory = "8G"
cpus = 2
timezone = "Europe/Oslo"
guessed = ["memory", "systemd"]
hosts_file = { cloud_init = true, aliases = { "192.0.2.9" = ["store"] } }

["@web"]
memory = "16G"
os = "Debian 12"

[web-1]
address = "192.0.2.1"
tags = ["web"]

[web-2]
address = "192.0.2.2"
tags = ["web"]
memory = "32G"
hosts_file.aliases = { "192.0.2.8" = ["cache"] }

[db]
address = "192.0.2.3"
"""


def build(hosts: str = HOSTS, *, fleet: str = "") -> dict[str, bytes]:
    texts = {
        "fleet.toml": fleet + write_fleet("small"),
        "hosts.toml": hosts,
        "services/feed.toml": write_script("Feed", "running", "feed.py"),
    }
    return {path: text.encode() for path, text in texts.items()}


def list_errors(hosts: str, *, fleet: str = "") -> list[str]:
    with pytest.raises(InputErrors) as wrong:
        load(build(hosts, fleet=fleet))
    return [str(error) for error in wrong.value.errors]


def locate(registry: Registry, files: Mapping[str, bytes], host: str, *path: str) -> str:
    return str(Places(files).of(locate_host_key(registry, host, *path)))


def test_a_host_has_its_own_value_or_that_of_its_tags_or_that_of_all() -> None:
    hosts = load(build()).hosts
    assert [hosts[name].memory for name in ("web-1", "web-2", "db")] == ["16G", "32G", "8G"]
    assert [hosts[name].os for name in ("web-1", "web-2", "db")] == ["Debian 12", "Debian 12", ""]
    assert {host.timezone for host in hosts.values()} == {"Europe/Oslo"}
    assert {host.audit_user for host in hosts.values()} == {"audit"}


def test_tables_are_merged_key_by_key() -> None:
    found = load(build()).hosts["web-2"].hosts_file
    assert found is not None
    assert (found.cloud_init, found.aliases) == (True, {"192.0.2.9": ("store",), "192.0.2.8": ("cache",)})


def test_a_guess_is_one_only_where_its_value_counts() -> None:
    hosts = load(build()).hosts
    assert {name: set(host.guessed) for name, host in hosts.items()} == {
        "web-1": {"systemd"}, "web-2": {"systemd"}, "db": {"memory", "systemd"},
    }  # fmt: skip


def test_each_value_is_found_where_it_is_written() -> None:
    files = build()
    registry = load(files)
    assert locate(registry, files, "web-1", "memory") == "hosts.toml:11"
    assert locate(registry, files, "web-2", "memory") == "hosts.toml:21"
    assert locate(registry, files, "db", "memory") == "hosts.toml:4"
    assert locate(registry, files, "db", "guessed") == "hosts.toml:7"
    assert locate(registry, files, "web-1", "hosts_file") == "hosts.toml:8"
    assert locate(registry, files, "web-2", "hosts_file") == "hosts.toml:22"
    assert locate(registry, files, "web-1", "ssh_port") == "hosts.toml:14"
    desired = resolve(registry, "web-1")
    assert str(Places(files).of(locate_desired_key(desired, "os"))) == "hosts.toml:12"
    assert str(Places(files).of(locate_desired_key(desired, "systemd"))) == "hosts.toml:14"


def test_defaults_give_what_the_same_values_in_each_host_give() -> None:
    """The law, over the whole registry: written out, the hosts and what they must have are the same."""
    registry = load(build())
    written = "".join(
        f"[{name}]\n" + "".join(f"{key} = {_write(value)}\n" for key, value in _dump(registry, name).items())
        for name in registry.hosts
    )
    plain = load(build(written))
    assert {name: host.model_dump() for name, host in plain.hosts.items()} == {
        name: host.model_dump() for name, host in registry.hosts.items()
    }
    assert not any(list_host_tables(plain, name) for name in plain.hosts)


def test_hosts_that_are_alike_have_places_of_their_own() -> None:
    registry = load(build('"*" = { audit_user = "a", deploy_user = "b", memory = "4G", cpus = 2 }\n'
                          '[a]\naddress = "192.0.2.1"\n[b]\naddress = "192.0.2.2"\nmemory = "4G"\n'))  # fmt: skip
    assert find_alike(registry) == {"b": "a"}
    assert adapt(resolve(registry, "a"), registry, "b") == resolve(registry, "b")


TAGS = """\
["*"]
audit_user = "audit"
deploy_user = "ops"
memory = "8G"
cpus = 2
["@web"]
memory = "16G"
cpus = 4
["@eu"]
memory = "32G"
cpus = 4
[web-1]
address = "192.0.2.1"
tags = ["web", "eu"]
[web-2]
address = "192.0.2.2"
tags = ["eu", "web"]
"""


def test_two_tags_that_disagree_are_one_error_that_names_both() -> None:
    (error,) = list_errors(TAGS)
    assert error == (
        "hosts.toml:7: memory: web-1 carries @eu and @web, whose defaults disagree (see hosts.toml:10) "
        "(make them agree, or say it for web-1 itself)"
    )
    assert load(build(TAGS.replace("tags =", 'memory = "2G"\ntags ='))).hosts["web-2"].cpus == 4


@pytest.mark.parametrize(
    ("hosts", "said"),
    [
        (HOSTS.replace('memory = "8G"', 'memory = "lots"'), 'hosts.toml:4: "*".memory is "lots"'),
        (HOSTS.replace('memory = "16G"', "memory = 16"), "hosts.toml:11: "),
        (HOSTS.replace("cpus = 2", "cups = 2"), "hosts.toml:5: unknown key '*'.cups"),
        (f'{HOSTS}["@wbe"]\ncpus = 3\n', "hosts.toml:26: QT102 no host has the tag wbe (did you mean @web?)"),
        (HOSTS.replace('os = "Debian 12"', 'address = "192.0.2.7"'), "hosts.toml:12: unknown key '@web'.address"),
        (HOSTS.replace('os = "Debian 12"', 'tags = ["eu"]'), "hosts.toml:12: unknown key '@web'.tags"),
        (f'"@db" = 5\n{HOSTS}', "hosts.toml:1: "),
    ],
)
def test_a_wrong_default_is_an_error_in_its_own_line_and_in_no_host(hosts: str, said: str) -> None:
    errors = list_errors(hosts)
    mine = [error for error in errors if error.startswith(said.partition(": ")[0])]
    assert errors == mine
    assert said.replace("'", '"') in mine[0].replace("'", '"')


def test_a_name_that_can_be_neither_a_host_nor_a_tag_is_explained() -> None:
    assert list_errors(HOSTS.replace('"*"', '"@*"'))[0] == (
        "hosts.toml:1: '@*' is not a valid tag (defaults are for all hosts, [\"*\"], or for a tag of letters, digits "
        'and . _ -, such as ["@web"])'
    )


def test_a_key_that_nothing_gives_is_missing_in_the_host() -> None:
    errors = list_errors(HOSTS.replace('deploy_user = "ops"\n', ""))
    assert len(errors) == 3
    assert all("deploy_user" in error for error in errors)


def test_the_schema_lets_hosts_lack_what_a_default_gives() -> None:
    schema = find_schema("hosts", read_meanings(read_text(locate_shipped("keys.toml"))))
    Draft202012Validator(schema).validate(tomllib.loads(HOSTS))


def test_a_tag_that_is_declared_may_have_defaults_before_it_has_hosts() -> None:
    fleet = 'tags = { web = "w", later = "l" }\n'
    assert load(build(f'{HOSTS}["@later"]\ncpus = 3\n', fleet=fleet)).hosts["db"].cpus == 2


def test_lint_judges_the_rest_of_a_registry_with_a_wrong_default() -> None:
    linted = examine(build(HOSTS.replace('memory = "16G"', 'memory = "lots"')), load_unit_templates(None))
    assert [str(error.place) for error in linted.errors] == ["hosts.toml:11"]


VALUES = st.fixed_dictionaries(
    {},
    optional={
        "memory": st.sampled_from(["1G", "2G"]), "cpus": st.sampled_from([1, 2]),
        "guessed": st.lists(st.sampled_from(["memory", "cpus", "systemd"]), unique=True),
    },
)  # fmt: skip


@given(VALUES, VALUES, VALUES, VALUES)
def test_the_strongest_table_decides(
    every: dict[str, Any], one: dict[str, Any], two: dict[str, Any], own: dict[str, Any]
) -> None:
    tables = HostTables({EVERY: every, "@a": one, "@b": two}, DEFAULT_KEYS)
    found, sources = tables.complete({"tags": ["b", "a"], **own})
    for key in ("memory", "cpus", "systemd"):
        told = [("", own), ("@b", two), ("@a", one), (EVERY, every)]
        holder = next((name for name, table in told if key in table), None)
        assert (key in found) is (holder is not None)
        if holder is not None:
            assert found[key] == dict(told)[holder][key]
            assert sources.get((key,), "") == holder
        levels = [[own], [one, two], [every]]
        level = next((each for each in levels if any(key in t or key in t.get("guessed", ()) for t in each)), [])
        mentions = [table for table in level if key in table or key in table.get("guessed", ())]
        assert (key in found.get("guessed", ())) is (
            bool(mentions) and all(key in table.get("guessed", ()) for table in mentions)
        )


def _dump(registry: Registry, name: str) -> dict[str, Any]:
    return registry.hosts[name].model_dump(mode="json", exclude_unset=True)


def _write(value: object) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_quote(key)} = {_write(each)}' for key, each in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_write, value))}]"
    return str(value).lower() if isinstance(value, bool | int) else _quote(str(value))


def _quote(text: str) -> str:
    return f'"{text}"'
