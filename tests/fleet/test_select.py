"""Which hosts are meant: names and globs, and what is said where they mean none."""

import pytest

from qtctl.dialects.endpoints import sort_hosts
from qtctl.errors import InputError, InputErrors
from qtctl.fleet.select import select, select_hosts
from qtctl.model.selection import HostSelection
from qtctl.registry.load import load
from tests.registry.test_tags import build

DECLARED = ("web-1", "web-2", "db-1", "web-10")


@pytest.mark.parametrize(
    ("names", "hosts"),
    [
        (["web-1"], ["web-1"]),
        (["web-2", "web-1", "web-2"], ["web-2", "web-1"]),
        (["web-?"], ["web-1", "web-2"]),
        (["web-[!2]"], ["web-1"]),
        (["*"], ["db-1", "web-1", "web-2", "web-10"]),
        (["web-2", "*-1"], ["web-2", "db-1", "web-1"]),
    ],
)
def test_names_and_globs(names: list[str], hosts: list[str]) -> None:
    assert list(select(names, DECLARED)) == hosts


def test_numbers_in_names_count_by_their_value() -> None:
    hosts = ["b10.eu", "b9.eu", "b", "10", "b09.eu", "9", "a2b10", "a2b9", "b10.asia"]
    assert sort_hosts(hosts) == ["9", "10", "a2b9", "a2b10", "b", "b09.eu", "b9.eu", "b10.asia", "b10.eu"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("wbe-1", "wbe-1 is not a host of the registry (did you mean web-1?; a host that only ssh_config knows"),
        ("far", "far is not a host of the registry (hosts.toml has db-1, web-1, web-2, web-10; a host that only"),
        ("mail-*", "no host of the registry matches mail-* (hosts.toml has db-1, web-1, web-2, web-10)"),
        ("WEB-*", "no host of the registry matches WEB-*"),
        ("lab1", "lab1 is not a host of the registry (audit it by itself, and say with --as which host it stands in"),
        ("local", "local is not a host of the registry (audit it by itself, and say with --as which host it stands in"),
    ],
)
def test_a_name_that_means_no_host(name: str, said: str) -> None:
    with pytest.raises(InputError) as found:
        select(["web-1", name], DECLARED)
    assert str(found.value).startswith(said)


def test_every_wrong_name_is_told() -> None:
    with pytest.raises(InputErrors) as found:
        select(["far", "mail-*", "web-1"], DECLARED)
    assert len(found.value.errors) == 2


def test_lab_hosts_and_this_machine_stand_in_for_the_only_host() -> None:
    assert select(["lab1", "local", "lab12", "box"], ["box"]) == ("lab1", "local", "lab12", "box")


REGISTRY = load(build("[]", fleet='tags = { web = "", jobs = "", eu = "", asia = "" }\n'))
"""web-1 carries web and eu, web-2 web, job-1 jobs and eu; none carries asia."""


@pytest.mark.parametrize(
    ("wanted", "hosts"),
    [
        (HostSelection(("@web",)), ["web-1", "web-2"]),
        (HostSelection(("@eu", "@web")), ["job-1", "web-1", "web-2"]),
        (HostSelection(("web-2", "@eu")), ["web-2", "job-1", "web-1"]),
        (HostSelection(every=True, exclude=("@web",)), ["job-1"]),
        (HostSelection(every=True, exclude=("web-*", "job-1")), None),
        (HostSelection(("@web",), exclude=("web-2",)), ["web-1"]),
        (HostSelection(("@web",), exclude=("job-1",)), ["web-1", "web-2"]),
        (HostSelection(("web-1",), most=1), ["web-1"]),
        (HostSelection(("@web",), most=2), ["web-1", "web-2"]),
    ],
)
def test_tags_and_exclusions(wanted: HostSelection, hosts: list[str] | None) -> None:
    if hosts is None:
        with pytest.raises(InputError, match="no host is selected: all of them are excluded"):
            select_hosts(REGISTRY, wanted)
    else:
        assert list(select_hosts(REGISTRY, wanted)) == hosts


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (HostSelection(("@wbe",)), "no host of the registry carries the tag wbe (did you mean web?)"),
        (HostSelection(("@asia",)), "no host of the registry carries the tag asia (the tags are asia, eu, jobs, web)"),
        (HostSelection(every=True, exclude=("mail-*",)), "no host of the registry matches mail-*"),
        (HostSelection(every=True, exclude=("wbe-1",)), "wbe-1 is not a host of the registry (did you mean web-1?"),
        (HostSelection(every=True, exclude=("@asia",)), "no host of the registry carries the tag asia"),
        (
            HostSelection(every=True, most=2),
            "3 hosts are selected, and --max-hosts allows 2: job-1, web-1, web-2 (select fewer, or allow more)",
        ),
        (HostSelection(), "no host is selected"),
    ],
)
def test_a_selection_that_is_refused(wanted: HostSelection, said: str) -> None:
    with pytest.raises(InputError) as found:
        select_hosts(REGISTRY, wanted)
    assert str(found.value).startswith(said)
