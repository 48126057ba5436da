"""One declared thing whole: where each value comes from, held against goldens and against what is resolved."""

import json
from functools import cache

import pytest
from jsonschema import Draft202012Validator

from qtctl.adapters.files import read_registry, read_templates
from qtctl.errors import InputError
from qtctl.flows.declare import declare
from qtctl.flows.views import show
from qtctl.formats.markdown import write_markdown
from qtctl.registry.load import load
from qtctl.reports.document import dump
from qtctl.views.schemas import make_schemas
from qtctl.views.show import Shown
from qtctl.views.show_page import make_page
from tests.builders.registry import SMALL, changed, edited
from tests.docs.pages import ROOT
from tests.views.golden import same
from tests.views.test_listing import FILES

NAMES = ("api", "report", "gone", "nightly", "core", "redis-server", "s:tick", "main")
SHIPPED = read_registry(ROOT / "registry")


def shown(name: str, files: dict[str, bytes] = FILES) -> Shown:
    return show(files, read_templates(None), name, None)


@cache
def shown_of_shipped(name: str) -> Shown:
    return shown(name, SHIPPED)


@pytest.mark.parametrize("name", NAMES)
def test_goldens(name: str) -> None:
    same(f"show-{name.replace(':', '-')}.md", write_markdown(make_page(shown(name))))


@pytest.mark.parametrize("name", NAMES)
def test_json_follows_its_schema(name: str) -> None:
    Draft202012Validator(make_schemas()["show"]).validate(json.loads(dump(shown(name))))


@pytest.mark.parametrize(
    ("given", "kind", "name"),
    [
        ("small-api.service", "service", "api"),
        ("small-core.target", "target", "core"),
        ("redis.service", "external", "redis-server"),
        ("tick", "stream", "s:tick"),
        ("small-nightly.timer", "timer", "nightly"),
    ],
)
def test_units_aliases_and_ends_of_streams_are_names(given: str, kind: str, name: str) -> None:
    assert [(thing.kind, thing.name) for thing in shown(given).things] == [(kind, name)]


@pytest.mark.parametrize(("given", "near"), [("apii", "api"), ("small-api.servce", "small-api.service")])
def test_near_names_are_suggested(given: str, near: str) -> None:
    with pytest.raises(InputError) as error:
        shown(given)
    assert near in error.value.hint


def test_a_value_of_its_own_hides_the_default_and_a_list_adds_to_it() -> None:
    files = edited("services/api.toml", "[order]", '[env]\nLOG_LEVEL = "DEBUG"\n\n[order]')
    values = [(each.key, each.value, each.origin) for each in shown("api", files).things[0].values]
    line = SMALL["services/api.toml"].splitlines().index("[order]") + 2
    assert [each for each in values if each[0] == "env.LOG_LEVEL"] == [
        ("env.LOG_LEVEL", "DEBUG", f"services/api.toml:{line}")
    ]
    after = [each for each in values if each[0] == "order.after"]
    assert [value for _, value, _ in after] == [["feed"], ["redis-server"]]
    assert after[1][2] == "fleet.toml:11 (default)"


def test_a_user_of_its_own_brings_its_group() -> None:
    files = edited("services/api.toml", 'target = "core"', 'target = "core"\nuser = "web"')
    groups = [each for each in shown("api", files).things[0].values if each.key == "group"]
    assert [(each.value, each.origin) for each in groups] == [("web", "services/api.toml:4 (the group of its user)")]


def test_every_line_of_the_shipped_registry_says_what_is_shown_of_it() -> None:
    """A place that is shown is a line that begins with the last part of its key, or its table."""
    for name in load(SHIPPED).services:
        for thing in shown_of_shipped(name).things:
            for value in thing.values:
                if value.origin == "built in":
                    continue
                file, _, line = value.origin.split(" ")[0].partition(":")
                text = SHIPPED[file].decode().splitlines()[int(line) - 1]
                assert any(part in text for part in value.key.split(".")), (name, value)


def test_values_are_those_that_the_units_are_made_of() -> None:
    """Of every service: its environment, and each limit and restart rule, with nothing missing or too much."""
    declared = declare(SHIPPED, read_templates(None), "", None)
    for service in declared.desired.services:
        thing = next(each for each in shown_of_shipped(service.name).things if each.kind == "service")
        env = {each.key.removeprefix("env."): each.value for each in thing.values if each.key.startswith("env.")}
        assert env == dict(service.env)
        for part, pairs in (("limits.", service.limits), ("restart.", (*service.restart, *service.start_limit))):
            told = sorted(str(each.value) for each in thing.values if each.key.startswith(part))
            assert told == sorted(value for _, value in pairs), service.name
        text = next(each.content.decode() for each in declared.desired.files if each.path.endswith(f"/{service.unit}"))
        assert text in [each.text for each in thing.files]


def test_env_files_and_secrets_are_shown_by_name_only() -> None:
    secret = '[secrets]\nenv_file = "/etc/small/api.secret.env"\nkeys = ["TOKEN"]\n\n[order]'
    found = shown("api", edited("services/api.toml", "[order]", secret))
    values = {each.key: each.value for each in found.things[0].values}
    assert values["secrets.keys"] == ["TOKEN"]
    assert [each.text for each in found.things[0].files if each.path.endswith(".env")] == [None]


def test_what_is_on_no_host_yet_of_one_host_only_is_told() -> None:
    hosts = SMALL["hosts.toml"] + SMALL["hosts.toml"].replace("[box]", "[other]")
    files = changed(
        hosts=hosts, services__api=SMALL["services/api.toml"].replace("[run]", 'hosts = ["other"]\n\n[run]', 1)
    )
    assert shown("api", files).things[0].host == "other"
    asked = show(files, read_templates(None), "api", "box").things[0]
    assert (asked.host, asked.argv, asked.files) == ("", (), ())
