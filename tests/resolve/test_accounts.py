"""What of accounts, folders and host names one host gets."""

from qtctl.model.desired import Desired
from qtctl.registry.load import load
from qtctl.resolve.resolve import resolve
from tests.builders.registry import changed

HOSTS = """\
[box]
address = "192.0.2.1"
audit_user = "audit"
deploy_user = "ops"
memory = "4G"
cpus = 2
[box.hosts_file]
aliases = { "::1" = ["b", "c"], "127.0.0.1" = ["b"] }
[other]
address = "192.0.2.2"
audit_user = "audit"
deploy_user = "ops"
memory = "4G"
cpus = 2
"""
USERS = """\
[svc]
summary = "s"
groups = ["svc", "adm"]
[rl]
summary = "r"
group = "svc"
hosts = ["other"]
[old]
summary = "o"
state = "retired"
"""
FOLDERS = """\
["/b"]
summary = "b"
mode = "750"
user = "rl"
["/a"]
summary = "a"
user = "redis"
age = "1d"
hosts = ["box"]
["/old"]
summary = "o"
state = "retired"
"""


def of(host: str) -> Desired:
    return resolve(load(changed(hosts=HOSTS, users=USERS, folders=FOLDERS)), host)


def test_accounts() -> None:
    assert [(each.name, each.group, each.groups) for each in of("box").accounts] == [("svc", "svc", ("adm",))]
    assert [(each.name, each.group) for each in of("other").accounts] == [("rl", "svc"), ("svc", "svc")]


def test_folders() -> None:
    box = [(each.path, each.mode, each.user, each.group, each.age) for each in of("box").folders]
    assert box == [("/a", "0755", "redis", "redis", "1d"), ("/b", "0750", "rl", "rl", "")]
    assert [(each.path, each.group) for each in of("other").folders] == [("/b", "svc")]


def test_host_names() -> None:
    declared = of("box").hosts_file
    assert declared is not None
    assert declared.aliases == (("127.0.0.1", ("b",)), ("::1", ("b", "c")))
    assert declared.names == ("b", "c")
    assert (declared.list_addresses("b"), declared.list_addresses("c")) == (("127.0.0.1", "::1"), ("::1",))
    assert str(declared.origin) == "hosts.toml#box.hosts_file"
    assert of("other").hosts_file is None
