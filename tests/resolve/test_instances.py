"""Instances with ports and values of their own: said once, rendered, checked, and what an audit looks for."""

import pytest

from qtctl.adapters.files import read_templates
from qtctl.errors import InputError
from qtctl.flows.lint import list_declared
from qtctl.flows.views import make_listing
from qtctl.meaning.listeners import list_declared_ports
from qtctl.model.desired import Desired
from qtctl.registry.load import load
from qtctl.render.planned import plan_files
from qtctl.render.render import render
from qtctl.resolve.resolve import resolve
from qtctl.rules.registry.addresses import check_collisions
from qtctl.views.choices import Kind
from qtctl.views.rows import PortRow
from tests.builders.registry import SMALL

POOL = """\
summary = "Pool %i"
state = "running"
instances = ["1", "2", "3", "4"]
[run]
kind = "uvicorn"
app = "small.api:app"
port = "http"
[ports.http]
listen = "127.0.0.1:810%i"
"""
OWN = """\
[instance.4.env]
LOG_LEVEL = "DEBUG"
SHARD = "a b"
"""
COMMAND = POOL.replace(
    'kind = "uvicorn"\napp = "small.api:app"\nport = "http"', 'kind = "command"\nargv = ["/bin/pool", "%i"]'
)


def files(pool: str, **more: str) -> dict[str, bytes]:
    texts = {
        **SMALL,
        "services/pool.toml": pool,
        **{f"{name.replace('__', '/')}.toml": text for name, text in more.items()},
    }
    return {name: text.encode() for name, text in texts.items()}


def rendered(pool: str) -> Desired:
    resolved = resolve(load(files(pool)), "box")
    made = render(resolved, read_templates(None))
    assert {(file.path, file.kind, file.subject) for file in made.files} == {
        (file.path, file.kind, file.subject) for file in plan_files(resolved).files
    }
    return made


def content(desired: Desired, name: str) -> str:
    return next(file.content.decode() for file in desired.files if file.path.endswith(name))


def test_a_pool_says_its_ports_once() -> None:
    desired = rendered(POOL)
    found = {each.unit.unit: each.port.port for each in list_declared_ports(desired) if "pool" in each.unit.unit}
    assert found == {f"small-pool@{each}.service": 8100 + each for each in (1, 2, 3, 4)}
    assert "--host 127.0.0.1 --port 810%i\n" in content(desired, "small-pool@.service")
    third = desired.find_service("pool@3")
    assert third is not None
    assert third.argv[-2:] == ("--port", "8103")
    assert third.loaded[0][-2:] == ("--port", "8103")
    assert third.env_file == "/etc/small/pool.env"


def test_an_instance_has_values_of_its_own() -> None:
    desired = rendered(POOL + OWN)
    assert "EnvironmentFile=/etc/small/pool@%i.env\n" in content(desired, "small-pool@.service")
    assert "/etc/small/pool.env" not in {file.path for file in desired.files}
    assert [content(desired, f"pool@{each}.env").splitlines()[1:] for each in "14"] == [
        ["LOG_LEVEL=INFO"], ["LOG_LEVEL=DEBUG", 'SHARD="a b"'],
    ]  # fmt: skip
    envs = {file.path: file.subject for file in desired.files if file.kind == "env" and "pool" in file.path}
    assert envs["/etc/small/pool@2.env"] == "small-pool@2.service"


def test_an_instance_listens_where_its_table_says() -> None:
    desired = rendered(COMMAND + '[instance.2.ports]\nhttp = "[::1]:9000"\n')
    fourth = {each.unit.name: each.port for each in list_declared_ports(desired) if each.unit.name.startswith("pool@")}
    assert (fourth["pool@2"].address, fourth["pool@2"].port) == ("[::1]", 9000)
    assert fourth["pool@2"].origin.path == ("instance", "2", "ports", "http")
    assert fourth["pool@1"].origin.path == ("ports", "http", "listen")


REFUSED = {
    "no port": (POOL.replace("810%i", "99%i9%i"), "pool.toml:9: ports.http of instance 1: 99191 is not a port"),
    "too high": (POOL.replace("810%i", "8810%i"), "ports.http of instance 1: 88101 is not a port"),
    "a name that is no number": (POOL.replace('"2"', '"b"'), "instance b: 127.0.0.1:810b is not an IP address"),
    "one port for all": (POOL.replace("810%i", "8100"), "instances 1 and 2 would both listen on 127.0.0.1:8100"),
    "an instance of nobody": (POOL + '[instance.5.env]\nA = "b"\n', "5 is not among the instances"),
    "a port of nobody": (COMMAND + '[instance.1.ports]\nhtpt = "*:1"\n', "no port htpt (did you mean http?)"),
    "uvicorn on another": (POOL + '[instance.1.ports]\nhttp = "*:1"\n', "uvicorn is given ports.http on"),
    "a file that systemd would not find": ("specifiers = false\n" + COMMAND + OWN, "specifiers = false"),
    "a name that systemd reads as a pattern": (
        COMMAND.replace('"3"', '"x\\\\x2dy"') + OWN,
        "the env file of x\\x2dy: its name has a backslash",
    ),
    "no template": (COMMAND.replace('instances = ["1", "2", "3", "4"]\n', ""), "only a template has instances"),
    "of no template": (COMMAND.replace("instances", 'unit = "a.service"\ninstances') + OWN, "is not a template"),
    "no instances": (COMMAND.replace('instances = ["1", "2", "3", "4"]', 'unit = "a@.service"'),
                     "ports of a template without instances"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str) -> None:
    pool, what = REFUSED[name]
    with pytest.raises(InputError) as caught:
        load(files(pool))
    assert what in str(caught.value)
    assert "services/pool.toml" in str(caught.value)


def test_an_external_has_no_instances() -> None:
    with pytest.raises(InputError, match="only a template has instances"):
        load(files(POOL, externals='[redis-server]\nsummary = "R"\nports.redis = { listen = "127.0.0.1:637%i" }\n'))


@pytest.mark.parametrize(
    ("pool", "other", "what"),
    [
        (POOL, "127.0.0.1:8103", "8103 of pool@3 is claimed by one too"),
        (POOL, "*:8101", "8101 of pool@1 is claimed by one too"),
        (COMMAND + '[instance.2.ports]\nhttp = "127.0.0.1:8101"\n', "*:1", "8101 of pool@2 is claimed by pool@1 too"),
    ],
)
def test_collisions_name_the_instance(pool: str, other: str, what: str) -> None:
    one = 'summary = "One"\nstate = "running"\nrun = { kind = "command", argv = ["/bin/a"] }\n'
    with pytest.raises(InputError) as caught:
        load(files(pool, services__one=f'{one}ports.x.listen = "{other}"\n'))
    assert what in str(caught.value)
    assert str(caught.value).count("QT101") == 1


def test_a_socket_for_an_instance_shares_its_port_and_no_other() -> None:
    socket = '[door]\nsummary = "Door"\nservice = "pool@2"\nlisten = ["stream 127.0.0.1:8102"]\n'
    assert list(check_collisions(load(files(POOL, sockets=socket)))) == []
    with pytest.raises(InputError, match="8103 is claimed by pool@3 too"):
        load(files(POOL, sockets=socket.replace("8102", "8103")))


def test_ports_of_instances_are_listed_and_counted() -> None:
    rows = [row for row in make_listing(files(POOL), Kind.PORTS, None).rows if isinstance(row, PortRow)]
    assert {row.name: row.listen for row in rows if row.name.startswith("pool")} == {
        f"pool@{each}.http": f"127.0.0.1:810{each}" for each in "1234"
    }
    registry = load(files(POOL))
    assert (
        len(list_declared(registry)["ports"])
        == len(list_declared(load({k: v.encode() for k, v in SMALL.items()}))["ports"]) + 4
    )


COMMAND_ALONE = 'summary = "x"\nstate = "running"\nrun = { kind = "command", argv = ["/bin/x"] }\n'


@pytest.mark.parametrize(("said", "numbers"), [("pool", "1234"), ("pool@", "1234"), ("pool@2", "2")])
def test_an_order_names_a_template_as_a_disposition_does(said: str, numbers: str) -> None:
    """Without an instance it means all of them, `pool@2` one."""
    after = f'{COMMAND_ALONE}order.after = ["{said}"]\n'
    files = {**{name: text.encode() for name, text in SMALL.items()}, "services/pool.toml": POOL.encode()}
    registry = load({**files, "services/later.toml": after.encode()})
    (later,) = [each for each in resolve(registry, "box").services if each.name == "later"]
    assert {f"small-pool@{number}.service" for number in numbers} == {each for each in later.after if "pool" in each}


def test_a_template_without_instances_is_no_name_in_an_order() -> None:
    text = POOL.replace('instances = ["1", "2", "3", "4"]', "").replace("810%i", "8101")
    after = (
        'summary = "After"\nstate = "running"\nrun = { kind = "command", argv = ["/bin/x"] }\norder.after = ["pool"]\n'
    )
    files = {**{name: text.encode() for name, text in SMALL.items()}, "services/pool@.toml": text.encode()}
    with pytest.raises(InputError, match="pool is not declared"):
        load({**files, "services/later.toml": after.encode()})
