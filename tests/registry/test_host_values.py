"""Values per host and tag: which one counts, where it comes from, and what is refused."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qtctl.adapters.files import read_templates
from qtctl.errors import InputErrors
from qtctl.flows.declare import declare
from qtctl.flows.lint import lint
from qtctl.flows.views import show
from qtctl.registry.load import load
from tests.registry.test_tags import NAMES, build

BASE = """\
summary = "Own"
state = "running"
hosts = ["@web", "job-1"]
run = { kind = "command", argv = ["/usr/bin/own"] }
env = { LEVEL = "base", KEPT = "yes" }
limits = { memory_max = "1G", nofile = 100 }
"""
"""On web-1 (web, eu), web-2 (web) and job-1 (jobs, eu). The defaults of the fleet have memory_max 256M."""
OWN = "services/own.toml"


def make(text: str, base: str = BASE) -> dict[str, bytes]:
    return build("[]", more={OWN: base + text})


def find_files(files: Mapping[str, bytes], host: str) -> dict[str, str]:
    desired = declare(files, read_templates(None), host, None).desired
    return {each.path: each.content.decode() for each in desired.files}


def find_lines(files: Mapping[str, bytes], host: str) -> list[str]:
    """Of the unit and the env file together."""
    found = find_files(files, host)
    return (found["/etc/systemd/system/small-own.service"] + found["/etc/small/own.env"]).splitlines()


@pytest.mark.parametrize(
    ("host", "memory", "level"), [("web-1", "3G", '"own"'), ("web-2", "2G", '"web"'), ("job-1", "1G", '"base"')]
)
def test_a_host_goes_before_its_tags_and_these_before_the_service(host: str, memory: str, level: str) -> None:
    files = make("""
[on."@web"]
env = { LEVEL = "web" }
limits = { memory_max = "2G" }
[on."web-1".env]
LEVEL = "own"
[on."web-1".limits]
memory_max = "3G"
""")
    lines = find_lines(files, host)
    assert f"MemoryMax={memory}" in lines
    assert "LimitNOFILE=100" in lines
    assert f"LEVEL={level}" in lines or f"LEVEL={level.strip(chr(34))}" in lines
    assert any(line.startswith("KEPT=") for line in lines)


def test_what_is_not_said_for_a_host_comes_from_the_defaults() -> None:
    base = BASE.replace('limits = { memory_max = "1G", nofile = 100 }\n', "")
    files = make('[on."@jobs".limits]\nnofile = 7\n', base)
    assert "MemoryMax=256M" in find_lines(files, "job-1")
    assert "LimitNOFILE=7" in find_lines(files, "job-1")
    assert not any(line.startswith("LimitNOFILE") for line in find_lines(files, "web-1"))


def test_two_tags_that_disagree_on_a_host_are_an_error_with_both_places() -> None:
    text = '[on."@web".limits]\nmemory_max = "2G"\nnofile = 5\n[on."@eu".limits]\nmemory_max = "3G"\nnofile = 5\n'
    with pytest.raises(InputErrors) as wrong:
        load(make(text))
    (error,) = wrong.value.errors
    what = "limits.memory_max: web-1 carries @eu and @web, which disagree"
    assert str(error).startswith(f"{OWN}:8: {what} (see {OWN}:11)")
    # The host's own table decides, and there is nothing to disagree about any more.
    files = make(text + '[on."web-1".limits]\nmemory_max = "4G"\n')
    assert "MemoryMax=4G" in find_lines(files, "web-1")
    assert "MemoryMax=3G" in find_lines(files, "job-1")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[on."@wbe".env]\nA = "1"\n', "7: QT102 no host has the tag wbe (did you mean @web?)"),
        ('[on."wbe-1".env]\nA = "1"\n', "7: QT102 host wbe-1 is not declared (did you mean web-1?)"),
        ('[on.web.env]\nA = "1"\n', "7: QT102 host web is not declared (did you mean @web?)"),
        ('[on."@web"]\nhosts = ["web-1"]\n', "8: unknown key on.@web.hosts"),
        ('[on."@web"]\nrun = { kind = "command" }\n', "8: unknown key on.@web.run"),
        ('[on."@web"]\ninstances = 2\n', "8: 2 instances, and the service has 0"),
        ('[on."@web"]\ninstances = 0\n', "8: on.@web.instances"),
        ('[on."@web"]\nstate = "retired"\n', "8: on.@web.state"),
        ('[on."@web".limits]\nmemory_max = "much"\n', "8: on.@web.limits.memory_max"),
        ('[on."a b".env]\nA = "1"\n', "7: on has the key a b"),
        ("on = 5\n", "7: on"),
        ('[on]\n"@web" = 5\n', "8: on.@web"),
    ],
)
def test_what_is_refused(text: str, said: str) -> None:
    with pytest.raises(InputErrors) as wrong:
        load(make(text))
    (error,) = wrong.value.errors
    assert said.replace('"', "") in str(error).replace('"', "")
    assert str(error).startswith(f"{OWN}:")


def test_values_for_a_host_that_does_not_have_the_service_are_refused() -> None:
    with pytest.raises(InputErrors, match="job-1 has values, and the service is not there"):
        load(make('[on."job-1".env]\nA = "1"\n', BASE.replace(', "job-1"', "")))


def test_an_unknown_tag_is_one_error_whatever_follows_from_it() -> None:
    with pytest.raises(InputErrors) as wrong:
        load(make('[on."job-1".env]\nA = "1"\n', BASE.replace('["@web", "job-1"]', '["@wbe"]')))
    (error,) = wrong.value.errors
    assert "no host has the tag wbe (did you mean @web?)" in str(error)


def test_fewer_instances_on_some_hosts() -> None:
    base = BASE + 'instances = ["a", "b", "c"]\n'
    files = make('[on."@jobs"]\ninstances = 1\n[on."web-2"]\ninstances = 2\n', base)
    registry = load(files)
    found = {host: declare(files, read_templates(None), host, None).desired for host in NAMES}
    units = {host: [each.name for each in found[host].services if each.template] for host in NAMES}
    assert units == {"web-1": ["own@a", "own@b", "own@c"], "web-2": ["own@a", "own@b"], "job-1": ["own@a"]}
    assert registry.services["own"].instances == ("a", "b", "c")


def test_a_port_is_claimed_only_where_its_instance_is() -> None:
    base = BASE + 'instances = ["1", "2"]\n'
    other = 'summary = "O"\nstate = "running"\nhosts = ["job-1"]\nrun = { kind = "command", argv = ["/o"] }\n'
    ports = '[ports.http]\nlisten = "127.0.0.1:910%i"\n'
    more = {"services/other.toml": other + '[ports.http]\nlisten = "127.0.0.1:9102"\n'}
    with pytest.raises(InputErrors, match="is claimed by"):
        load(build("[]", more={OWN: base + ports, **more}))
    load(build("[]", more={OWN: base + ports + '[on."job-1"]\ninstances = 1\n', **more}))


def test_a_service_is_stopped_on_a_standby_host() -> None:
    files = make('[on."web-2"]\nstate = "stopped"\n')
    desired = {host: declare(files, read_templates(None), host, None).desired for host in NAMES}
    states = {host: next(each for each in desired[host].services if each.name == "own") for host in NAMES}
    assert {host: (str(each.state), each.enabled) for host, each in states.items()} == {
        "web-1": ("running", True), "web-2": ("stopped", False), "job-1": ("running", True)
    }  # fmt: skip


def test_show_says_where_each_value_comes_from() -> None:
    files = make('[on."@web".limits]\nmemory_max = "2G"\n[on."web-2".env]\nLEVEL = "own"\n')
    for host, memory, level in (
        ("web-2", ("2G", f"{OWN}:8 (on @web)"), ("own", f"{OWN}:10 (on web-2)")),
        ("job-1", ("1G", f"{OWN}:6"), ("base", f"{OWN}:5")),
    ):
        (thing,) = show(files, read_templates(None), "own", host).things
        values = {value.key: (value.value, value.origin) for value in thing.values}
        assert (values["limits.memory_max"], values["env.LEVEL"]) == (memory, level)


def test_lint_names_the_table_that_a_value_comes_from() -> None:
    files = make('[on."@web".env]\nAPI_TOKEN = "hunter2hunter2"\n')
    found = [each for each in lint(files, read_templates(None)).findings if "API_TOKEN" in each.finding.what]
    assert found
    assert {(each.place.file, each.place.line) for each in found} == {(OWN, 8)}


VALUES = st.dictionaries(
    st.sampled_from(["@web", "@eu", "@jobs", *NAMES]), st.sampled_from(["1G", "2G", "3G"]), max_size=4
)


@settings(max_examples=40, deadline=None)
@given(VALUES)
def test_precedence_by_law(said: dict[str, str]) -> None:
    """The host's own value; else the one value of its tags, which must agree; else the service's."""
    tags = {"web-1": ("@web", "@eu"), "web-2": ("@web",), "job-1": ("@jobs", "@eu")}
    expected: dict[str, str | None] = {}
    for host in NAMES:
        by_tag = {said[tag] for tag in tags[host] if tag in said}
        expected[host] = said.get(host) or (None if len(by_tag) > 1 else next(iter(by_tag), "1G"))
    files = make("".join(f'[on."{key}".limits]\nmemory_max = "{value}"\n' for key, value in said.items()))
    if None in expected.values():
        with pytest.raises(InputErrors, match="which disagree"):
            load(files)
        return
    for host, memory in expected.items():
        assert f"MemoryMax={memory}" in find_lines(files, host)
