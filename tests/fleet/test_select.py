"""Which hosts are meant: names and globs, and what is said where they mean none."""

import pytest

from qtctl.errors import InputError, InputErrors
from qtctl.fleet.select import select

DECLARED = ("web-1", "web-2", "db-1", "web-10")


@pytest.mark.parametrize(
    ("names", "hosts"),
    [
        (["web-1"], ["web-1"]),
        (["web-2", "web-1", "web-2"], ["web-2", "web-1"]),
        (["web-?"], ["web-1", "web-2"]),
        (["web-[!2]"], ["web-1"]),
        (["*"], ["db-1", "web-1", "web-10", "web-2"]),
        (["web-2", "*-1"], ["web-2", "db-1", "web-1"]),
    ],
)
def test_names_and_globs(names: list[str], hosts: list[str]) -> None:
    assert list(select(names, DECLARED)) == hosts


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("wbe-1", "wbe-1 is not a host of the registry (did you mean web-1?; a host that only ssh_config knows"),
        ("far", "far is not a host of the registry (hosts.toml has db-1, web-1, web-10, web-2; a host that only"),
        ("mail-*", "no host of the registry matches mail-* (hosts.toml has db-1, web-1, web-10, web-2)"),
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
