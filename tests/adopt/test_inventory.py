"""Inventories become hosts.toml. The judge is ansible-inventory itself, and for an ssh config ssh."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qtctl.adopt.inventory import AdoptedHosts, adopt_inventory, read_inventory, share_values
from qtctl.cli.main import _run_guarded
from qtctl.dialects.inventory.patterns import MOST, WrongPattern, expand_pattern
from qtctl.errors import InputError
from qtctl.registry.load import load
from tests.builders.registry import write_fleet

JUDGE = Path(sys.executable).parent / "ansible-inventory"
INI = """\
# before any section
; another comment
lone ansible_host=192.0.2.9   # and one behind a host
other:2022 note="a # b"  # a comment

[web]
web[01:03].example.org:2222 http_port=80
db-1 ansible_user=ops ansible_password="canary one" ansible_port=2201
[jobs]
job-[a:c] ansible_port=2200 ansible_ssh_host=192.0.2.77
db-1 ansible_port='2202'
n[0:6:3]
[eu:children]
web
jobs
[north:children]
eu
[eu:vars]
ansible_user=deploy
dns = ["a", "b"]
[north:vars]
ansible_user = north
zone='n'
[jobs:vars]
ansible_user= worker
[all:vars]
ansible_user = root
ansible_become_pass='canary-two'
[aaa]
n3
[aaa:vars]
ansible_user=aaa
[zzz]
n3
[zzz:vars]
ansible_user=zzz
ansible_group_priority=-3
[below:vars]
ansible_user=below
[below]
n0
[first]
n6
[first:vars]
ansible_user=first
ansible_group_priority=10
"""
YAML = """\
all:
  vars: {ansible_user: root}
  hosts:
    lone: {ansible_host: 192.0.2.9}
    empty:
  children:
    web:
      hosts:
        web[1:3]: &same {ansible_port: 2222}
        db-1:
          <<: *same
          ansible_user: "ops"
          ansible_password: !vault |
            $ANSIBLE_VAULT;1.1;AES256
            36316336
      vars:
        nested: {a: [1, 2]}
    eu:
      children:
        web:
        jobs:
          hosts: {"job:2200": {}, octal: {ansible_port: 022}, bool: {ansible_user: yes}}
          children: lonely
        lonely:
          hosts: only
        again: {hosts: {lost: {}}}
        again: {hosts: {kept: {}}}
      vars: {ansible_user: deploy}
more:
  hosts: {lone: {}}
"""
SSH = """\
User early
Host bastion b2
  HostName 192.0.2.1
  Port 2222
Host web-*  !web-9
  User deploy
  IdentityFile ~/.ssh/web
Host web-1
  HostName=192.0.2.11  # a comment
Host web-9
  HostName "192.0.2.19"
host "web-10" # it's a comment
  hostname %h.example.org
  Include other
  Port=2210 # '
Host web-[19]*
  Port 1
Match host web-9
  Port 1
Match all
  Port 2200
"""


def adopt(text: str, file: str = "inventory.ini") -> AdoptedHosts:
    return adopt_inventory(read_inventory(text, file))


def find_hosts(adopted: AdoptedHosts) -> dict[str, Any]:
    """Each host with its defaults, as a registry reads them."""
    registry = load({"fleet.toml": write_fleet("small").encode(), "hosts.toml": adopted.text.encode()})
    return {name: host.model_dump(mode="json") for name, host in registry.hosts.items()}


def ask_judge(path: Path, folder: Path) -> tuple[dict[str, dict[str, Any]], dict[str, set[str]]]:
    """Host → variables, and host → groups, as Ansible has them. No plugin that runs anything is enabled."""
    (folder / "ansible.cfg").write_text("[defaults]\n")
    env = {
        "HOME": str(folder), "PATH": "/usr/bin:/bin", "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_INVENTORY_ENABLED": "ini,yaml", "LC_ALL": "C.UTF-8",
    }  # fmt: skip
    done = subprocess.run(
        [JUDGE, "-i", path, "--list"], env=env, capture_output=True, text=True, timeout=60, check=True
    )
    document = json.loads(done.stdout)
    groups = {name: each for name, each in document.items() if name != "_meta"}

    def list_members(name: str) -> set[str]:
        each = groups.get(name, {})
        return {*each.get("hosts", ())}.union(*(list_members(child) for child in each.get("children", ())))

    hosts = list_members("all")
    members = {name: list_members(name) for name in groups if name not in ("all", "ungrouped")}
    return (
        {host: document["_meta"]["hostvars"].get(host, {}) for host in hosts},
        {host: {name for name, those in members.items() if host in those} for host in hosts},
    )


@pytest.mark.skipif(not JUDGE.exists(), reason="ansible-core is not installed: `uv sync --group dev`")
@pytest.mark.parametrize(("name", "text"), [("inventory.ini", INI), ("hosts.yml", YAML)])
def test_hosts_groups_and_variables_are_those_of_ansible(name: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text)
    hosts = find_hosts(adopt(text, name))
    variables, groups = ask_judge(path, tmp_path)
    assert {host: {*each.get("tags", ())} for host, each in hosts.items()} == groups
    for host, said in variables.items():
        mine = hosts[host]
        assert mine["address"] == said.get("ansible_host", said.get("ansible_ssh_host", host))
        assert mine.get("ssh_port", 22) == int(said.get("ansible_port", 22))
        assert mine["deploy_user"] == str(said.get("ansible_user", "root")), host


def test_an_ssh_config_is_read_as_ssh_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(SSH)
    hosts = find_hosts(adopt(SSH, "config"))
    assert set(hosts) == {"bastion", "b2", "web-1", "web-9", "web-10"}
    for name, host in hosts.items():
        done = subprocess.run(["ssh", "-F", path, "-G", name], capture_output=True, text=True, check=True)
        said = dict(line.split(" ", 1) for line in done.stdout.splitlines())
        assert (host["address"], host.get("ssh_port", 22), host["deploy_user"]) == (
            said["hostname"], int(said["port"]), said["user"]
        )  # fmt: skip


def test_nothing_is_lost_without_a_word_and_no_secret_is_copied() -> None:
    for text, name in ((INI, "i.ini"), (YAML, "i.yml")):
        adopted = adopt(text, name)
        assert "canary" not in adopted.text
        assert "36316336" not in adopted.text
        left = {each.name: each for each in adopted.left}
        assert "canary" not in str(adopted.left)
        assert "never copied" in left["ansible_password"].why
    assert {"note", "http_port", "dns", "zone", "ansible_become_pass"} <= {each.name for each in adopt(INI).left}
    assert {each.name: each.hosts for each in adopt(INI).left}["http_port"] == 3
    (nested,) = (each for each in adopt(YAML, "i.yml").left if each.name == "nested")
    assert nested.why == "has no key in hosts.toml"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("{{ inner }}", "is a template"),
        ("a b;c", "is not what"),
        ("-oProxyCommand=x", "is not what"),
        ("", "is not what"),
    ],
)
def test_an_address_that_is_none_is_listed_and_guessed(value: str, why: str) -> None:
    adopted = adopt(f"web-1 ansible_host='{value}' ansible_port=0 ansible_user='a b'\n")
    host = find_hosts(adopted)["web-1"]
    assert host["address"] == "web-1"
    assert {"address", "deploy_user"} <= {*host["guessed"]}
    assert host["ssh_port"] == 22
    assert {each.name for each in adopted.left} == {"ansible_host", "ansible_port", "ansible_user"}
    assert why in next(each.why for each in adopted.left if each.name == "ansible_host")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("i.ini", "[web\nx\n", "i.ini:1: "),
        ("i.ini", "a\n[web:hots]\n", "i.ini:2: [web:hots] is not a section"),
        ("i.ini", "[eu:children]\nweb\n", "i.ini:2: the group web is not defined"),
        ("i.ini", "[eu:vars]\na=1\n", "i.ini:1: the group eu is not defined"),
        ("i.ini", "[2001:db8::1]:22\n", "i.ini:1: '2001:db8::1' is not a valid host name (2001:db8::1 can be its"),
        ("i.ini", "2001:db8::1\n", "i.ini:1: '2001:db8::1' is not a valid host name"),
        ("i.ini", "_web\n", "i.ini:1: '_web' is not a valid host name"),
        ("i.ini", "web-1 a=b\u2028web-2\n", "i.ini:1: the character U+2028"),
        ("i.json", '{"_meta": {"hostvars": {}}, "all": {}}', "i.json:1: this is an inventory for programs (adopt what"),
        ("hosts", "# x\nall:\n  host: {}\n", "hosts:3: host is not a key of a group"),
        ("i.ini", "web-1 alone\n", "i.ini:1: 'alone' is not a variable"),
        ("i.ini", "web-1 a='b\n", "i.ini:1: this line cannot be read: No closing quotation"),
        ("i.ini", "web[01:100]\n", "i.ini:1: this line cannot be read: the ends of [01:100]"),
        ("i.ini", "web[1:99999999999999999999999]\n", "names more than 10000 hosts"),
        ("i.ini", "web[1:999][1:999]\n", "names more than 10000 hosts"),
        ("i.ini", "web[1:9:0]\n", "a step of 0"),
        ("i.ini", "[a:children]\nb\n[b:children]\na\n[b]\nx\n", "contains itself"),
        ("i.ini", "-oProxyCommand=x a=1\n", "i.ini:1: '-oProxyCommand=x' is not a valid host name"),
        ("i.ini", "local\n", "i.ini:1: 'local' is not a valid host name"),
        ("i.ini", "# nothing\n", "i.ini:1: it has no hosts"),
        ("i.yml", "all: [a\n", "this is not YAML"),
        ("i.yml", "- a\n", "i.yml:1: a table is expected here"),
        ("i.yml", "all:\n  host: {}\n", "i.yml:2: host is not a key of a group"),
        ("i.yml", "plugin: aws_ec2\n", "i.yml:1: "),
        ("i.yml", "all: &a\n  children: {x: *a}\n", "groups lie deeper than 50"),
        ("config", "Host web-1\n  HostName 'x\n", "config:2: this line cannot be read"),
    ],
)
def test_what_cannot_be_read_is_one_line_with_its_place(name: str, text: str, said: str) -> None:
    with pytest.raises(InputError) as wrong:
        adopt(text, name)
    assert said in str(wrong.value)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["i.ini", "i.yml", "config"]), st.text(alphabet="ab[]:=#;\n\t '\"{}-&*!<0129\\", max_size=80))
def test_any_text_is_read_or_refused(name: str, text: str) -> None:
    try:
        find_hosts(adopt(text, name))
    except InputError:
        return


def test_a_range_has_a_bound() -> None:
    assert len(expand_pattern(f"h[1:{MOST}]")[0]) == MOST
    with pytest.raises(WrongPattern):
        expand_pattern("h[1:200][1:200]")


def test_the_command_prints_hosts_and_lists_the_rest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "inventory.ini"
    path.write_text(INI)
    (tmp_path / "group_vars").mkdir()
    assert _run_guarded(["adopt", "inventory", str(path)], debug=False) == 0
    said = capsys.readouterr()
    assert said.out == adopt(INI).text
    assert f"{path}:7: not adopted: http_port of 3 hosts: has no key in hosts.toml\n" in said.err
    assert f"{tmp_path / 'group_vars'}: not read: it holds variables of these hosts\n" in said.err
    assert "canary" not in said.out + said.err
    out = tmp_path / "hosts.toml"
    assert _run_guarded(["adopt", "inventory", str(path), "--out", str(out)], debug=False) == 0
    assert out.read_text() == said.out


def test_a_file_that_exists_is_replaced_only_by_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "inventory.ini", tmp_path / "hosts.toml"
    path.write_text(INI)
    out.write_text("# by hand\n")
    command = ["adopt", "inventory", str(path), "--out", str(out)]
    assert _run_guarded(command, debug=False) == 2
    assert (
        capsys.readouterr().err == f"error: {out}: exists already (name another file, or say --force to replace it)\n"
    )
    assert out.read_text() == "# by hand\n"
    assert _run_guarded([*command, "--force"], debug=False) == 0
    assert out.read_text() == adopt(INI).text


@pytest.mark.parametrize(
    ("text", "mode"), [("#!/bin/sh\ntouch ran\n", 0o644), ("#!/bin/sh\ntouch ran\n", 0o755), (INI, 0o755)]
)
def test_a_program_is_refused_and_never_run(
    text: str, mode: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "inventory"
    path.write_text(text)
    path.chmod(mode)
    assert _run_guarded(["adopt", "inventory", "inventory"], debug=False) == 2
    assert capsys.readouterr().err.startswith("error: inventory: is a program, not an inventory")
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_group_sets_is_written_once_as_a_default_of_its_tag() -> None:
    text = """\
[web]
web[1:3] ansible_port=2222
[db]
db[1:2]
[all:vars]
ansible_port=2200
[web:vars]
ansible_user=deploy
[db:vars]
ansible_user=dba
"""
    tables = tomllib.loads(adopt(text).text)
    assert list(tables)[:3] == ["*", "@db", "@web"]
    assert tables["*"] == {
        "ssh_port": 2200, "audit_user": "auditor", "memory": "4G", "cpus": 2,
        "guessed": ["audit_user", "memory", "cpus", "systemd", "timezone"],
    }  # fmt: skip
    assert (tables["@web"], tables["@db"]) == ({"ssh_port": 2222, "deploy_user": "deploy"}, {"deploy_user": "dba"})
    assert tables["web1"] == {"address": "web1", "tags": ["web"], "guessed": ["address"]}


HOSTS = tuple("abcdef")


@given(
    st.fixed_dictionaries({host: st.sampled_from([None, "x", "y", "z"]) for host in HOSTS}),
    st.dictionaries(st.sampled_from(["p", "q", "r"]), st.lists(st.sampled_from(HOSTS), min_size=1, unique=True)),
    st.sampled_from([None, "x", "y"]),
    st.sets(st.sampled_from(["p", "q", "r"])),
)
def test_shared_values_give_each_host_its_own(
    told: dict[str, str | None], members: dict[str, list[str]], of_all: str | None, written: set[str]
) -> None:
    shared = share_values(told, members, of_all, written)
    for host in HOSTS:
        tags = {shared[f"@{tag}"] for tag, hosts in members.items() if host in hosts and f"@{tag}" in shared}
        assert len(tags) <= 1
        assert shared.get(host, next(iter(tags), shared.get("*"))) == told[host]


def test_what_is_not_read_of_an_ssh_config_and_what_is_set_twice_is_listed_with_its_line() -> None:
    left = {(each.name, each.line, each.hosts): each.why for each in adopt(SSH, "config").left}
    assert left["Include", 14, 0] == "is not read: its hosts and settings are missing here"
    assert left["Match", 18, 0] == "is not evaluated: what it sets is missing here"
    assert left["IdentityFile", 7, 2] == "has no key in hosts.toml"
    twice = {each.name: each.why for each in adopt(YAML, "i.yml").left if "again" in each.why}
    assert twice == {"again": "is set again in line 27"}
    (odd,) = (each for each in adopt("Host web-1\n  Port 0\n", "config").left)
    assert (odd.name, odd.why) == ("Port", "is not what Port can be in a registry")


@pytest.mark.parametrize(
    "text", ["---\nall: {hosts: {web-1: }}\n", '{"all": {"hosts": {"web-1": {}}}}', "web:\n  hosts: web-1\n"]
)
def test_a_yaml_inventory_needs_no_ending(text: str) -> None:
    assert set(find_hosts(adopt(text, "hosts"))) == {"web-1"}


def test_a_host_called_host_is_not_an_ssh_config() -> None:
    assert find_hosts(adopt("host ansible_host=192.0.2.1\n", "hosts"))["host"]["address"] == "192.0.2.1"


def test_many_tags_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "inventory.ini"
    path.write_text("".join(f"[g{number}]\nweb-1\n" for number in range(30)))
    assert _run_guarded(["adopt", "inventory", str(path)], debug=False) == 0
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("1 host, tags: g0, g1, g2, ")
    assert "g19 and 10 more; check" in last
