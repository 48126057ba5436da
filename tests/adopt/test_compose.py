"""Compose files → a first registry."""

import tomllib
from collections.abc import Mapping
from textwrap import indent
from typing import Any

import pytest

from qtctl.adopt.adoption import Fate
from qtctl.adopt.compose_reading import list_attributes
from qtctl.adopt.compose_reasons import REASONS
from qtctl.dialects.compose.load import Project, Setting, load_project
from qtctl.dialects.compose.shape_check import list_service_keys
from qtctl.errors import InputError
from qtctl.findings.finding import Severity
from qtctl.flows.adopt import Adopted
from qtctl.flows.adopt_compose import adopt_compose
from qtctl.reports.adopt import build_report, to_json
from tests.adopt.small import into, rendered

COMPOSE = """\
services:
  redis:
    image: redis:7-alpine
    ports: ["127.0.0.1:6379:6379"]
  api:
    build: .
    command: uvicorn shop.api:app --port 8000
    ports: ["8000:8000", "8001-8002:9001-9002"]
    environment:
      LEVEL: info
      BANNER: "5 $$ off"
      MODE: ${MODE:-live}
      API_KEY: hunter2hunter
      TOKEN: ${TOKEN}
    depends_on:
      redis: {condition: service_healthy}
      migrate: {condition: service_completed_successfully}
      web: {condition: service_started}
    restart: unless-stopped
    mem_limit: 512m
    cpus: "1.5"
    volumes: ["./data:/data:ro"]
    healthcheck: {test: [CMD, "true"]}
  migrate:
    build: .
    entrypoint: [/app/migrate]
    command: [--now, "a b"]
    environment: [LEVEL=debug, PLAIN]
    restart: on-failure:3
  web:
    build: ./web
    ports: ["8000:80"]
"""
MORE = "services:\n  api:\n    image: x\n  jobs:\n    image: x\n    command: --all\n"


def adopted(*texts: str, **setting: Any) -> Adopted:
    """Each text is a project of its own."""
    return adopt_compose(
        [project(text, f"{at}/docker-compose.yml", **setting) for at, text in enumerate(texts)], into()
    )


def project(
    text: str, file: str = "docker-compose.yml", files: Mapping[str, str] | None = None, **setting: Any
) -> Project:
    return load_project({file: text}, Setting(lenient=True, **setting), (files or {}).get)


def service(body: str, **setting: Any) -> dict[str, Any]:
    """The table of a service `a` with these lines and a program."""
    text = f"services:\n  a:\n    image: x\n    entrypoint: [/bin/x]\n{indent(body, '    ')}\n"
    return documents(adopted(text, **setting))["services/a.toml"]


def documents(found: Adopted) -> dict[str, dict[str, Any]]:
    return {path: tomllib.loads(text.decode()) for path, text in found.files.items() if path.endswith(".toml")}


def test_what_a_service_says() -> None:
    found = documents(adopted(COMPOSE))
    api = found["services/api.toml"]
    assert api["run"] == {"kind": "exec", "lines": ["uvicorn shop.api:app --port 8000"]}
    assert api["env"] == {"LEVEL": "info", "BANNER": "5 $ off", "MODE": "live"}
    assert api["secrets"] == {"env_file": "/etc/shop/api.secret.env", "keys": ["API_KEY", "TOKEN"]}
    assert api["limits"] == {"memory_max": "512M", "cpu_quota": "150%"}
    assert api["restart"] == {"restart": "always"}
    assert api["order"] == {"after": ["redis", "migrate"], "wants": ["redis"], "requires": ["migrate"]}
    assert {port["listen"] for port in api["ports"].values()} == {"0.0.0.0:8000", "0.0.0.0:8001", "0.0.0.0:8002"}
    for line in ("Volume: /data at /data (read only). Move what it holds.", "Depends on web"):
        assert line in api["notes"].splitlines()
    migrate = found["services/migrate.toml"]
    assert migrate["run"] == {"kind": "command", "argv": ["/app/migrate", "--now", "a b"]}
    assert migrate["restart"] == {"restart": "on-failure", "start_limit_burst": 4, "start_limit_interval": "40s"}
    assert (migrate["type"], migrate["remain_after_exit"]) == ("oneshot", True)
    assert migrate["env"] == {"LEVEL": "debug"}
    assert migrate["secrets"]["keys"] == ["PLAIN"]


def test_what_has_no_command_here() -> None:
    found = documents(adopted(COMPOSE))
    assert found["externals.toml"]["redis"]["ports"]["p6379"]["listen"] == "127.0.0.1:6379"
    assert found["services/web.toml"]["state"] == "retired"
    assert "ports" not in found["services/web.toml"]
    judgments = adopted(COMPOSE).adoption.judgments
    assert {each.id for each in judgments if each.subject == "web"} == {"QT101", ""}
    assert any("web" in each for each in adopted(COMPOSE).adoption.to_do)


def test_each_service_has_its_disposition() -> None:
    found = documents(adopted(COMPOSE, MORE))
    first, second = sorted(path for path in found if path.startswith("legacy/"))
    services = {**found[first]["services"], **found[second]["services"]}
    assert set(services) == {"redis", "api", "migrate", "web", "jobs"}
    assert {each["is"] for each in services.values()} == {"mapped"}
    assert found["legacy/docker-compose.toml"]["services"]["api"]["ports"]["8000"] == "8000"
    assert found["externals.toml"].keys() == {"redis", "jobs"}


def test_no_secret_is_in_anything() -> None:
    done = adopted(COMPOSE)
    texts = [*(text.decode() for text in done.files.values()), to_json(build_report(done.adoption, "out"))]
    assert not any("hunter2hunter" in text for text in texts)
    assert "QT109" in {each.id for each in done.adoption.judgments}


def test_a_broken_file_is_an_error() -> None:
    with pytest.raises(InputError, match="docker-compose"):
        adopted("services: 5")


@pytest.mark.parametrize(
    ("program", "plain"),
    [("/opt/../srv/./run", "/srv/run"), ("/../../x", "/x"), ("../../bin/run", "bin/run"), ("./run", "./run")],
)
def test_a_program_is_named_by_its_plain_path(program: str, plain: str) -> None:
    found = documents(adopted(f'services:\n  x:\n    image: x\n    entrypoint: ["{program}"]\n'))
    (path,) = (path for path in found if path.startswith("services/"))
    run = found[path]["run"]
    assert [*run.get("argv", run.get("lines"))] == [plain]
    assert "/" not in path.removeprefix("services/")


KEYS = """
user: "1234:1000"
working_dir: /srv/a
stop_signal: SIGINT
stop_grace_period: 2m
ulimits: {nofile: {soft: 1024, hard: 65536}, core: 0, memlock: -1}
read_only: true
cap_drop: [ALL]
cap_add: [NET_BIND_SERVICE]
tmpfs: ["/run:size=64m", /tmp]
oom_score_adj: -500
deploy:
  replicas: 3
  restart_policy: {condition: on-failure, delay: 5s, max_attempts: 4}
  resources: {limits: {cpus: "0.5", memory: 1.5g, pids: 9}, reservations: {memory: 20m}}
extra_hosts: ["db:192.0.2.77"]
group_add: [adm]
security_opt: ["no-new-privileges:true", "apparmor:mine"]
devices: [/dev/ttyUSB0]
network_mode: none
cpu_shares: 1024
cpuset: "0-3"
post_start: [{command: [/bin/a, "b c"]}]
pre_stop: [{command: [/bin/b]}]
"""


def test_systemd_counterparts() -> None:
    found = service(KEYS)
    assert (found["user"], found["group"], found["instances"]) == ("1234", "1000", ["1", "2", "3"])
    assert found["unit"] == "shop-a@.service"
    assert (found["run"]["cwd"], found["kill"], found["timeouts"]) == ("/srv/a", {"signal": "SIGINT"}, {"stop": "2min"})
    assert found["limits"] == {
        "memory_max": "1536M", "memory_low": "20M", "cpu_quota": "50%", "tasks_max": 9, "cpu_weight": 39,
        "allowed_cpus": "0-3", "oom_score_adjust": -500, "nofile": "1024:65536", "core": 0, "memlock": "infinity",
        "device_allow": ["/dev/ttyUSB0 rwm"],
    }  # fmt: skip
    assert found["restart"] == {
        "restart": "on-failure", "restart_sec": "5s", "start_limit_burst": 5, "start_limit_interval": "75s"
    }  # fmt: skip
    assert found["sandbox"] == {
        "protect_system": "strict", "capability_bounding_set": ["CAP_NET_BIND_SERVICE"],
        "ambient_capabilities": ["CAP_NET_BIND_SERVICE"], "temporary_file_systems": ["/run:size=64m", "/tmp"],
        "no_new_privileges": True, "app_armor_profile": "mine", "private_devices": False, "private_network": True,
    }  # fmt: skip
    assert found["supplementary_groups"] == ["adm"]
    assert found["commands"] == {"start_post": [["/bin/a", "b c"]], "stop": [["/bin/b"]]}


def test_the_rendered_unit_is_what_compose_runs() -> None:
    text = (
        "services:\n  a:\n    image: x\n    command: [/bin/sh, -c, 'echo $$WHO 100%']\n    environment: {WHO: w$$x}\n"
    )
    assert 'ExecStart=/bin/sh -c "echo $$WHO 100%%"' in rendered(adopted(text))["shop-a.service"]


@pytest.mark.parametrize(
    "limit", ["mem_limit: 0", "cpus: 0", "pids_limit: 0", "deploy: {resources: {limits: {cpus: '0'}}}"]
)
def test_a_limit_of_0_is_none(limit: str) -> None:
    assert "limits" not in service(limit)


def test_both_addresses_of_a_port_are_declared() -> None:
    found = service('ports: ["127.0.0.1:53:53/udp", "[::1]:53:53/udp", "192.0.2.1:53:53"]')
    assert sorted(each["listen"] for each in found["ports"].values()) == ["127.0.0.1:53", "192.0.2.1:53", "[::1]:53"]


def test_what_is_not_to_run_is_stopped() -> None:
    assert service("scale: 0")["state"] == "stopped"
    assert service("profiles: [debug]")["state"] == "stopped"
    assert service("profiles: [debug]", profiles=("debug",))["state"] == "running"


@pytest.mark.parametrize(
    ("body", "state", "warned"),
    [
        ("command: server /data", "stopped", True),
        ("command: [/bin/server, /data]", "running", False),
        ("entrypoint: server\ncommand: /data", "running", False),
    ],
)
def test_the_entry_point_of_an_image_is_not_guessed(body: str, state: str, warned: bool) -> None:
    done = adopted(f"services:\n  a:\n    image: x\n{indent(body, '    ')}\n")
    assert documents(done)["services/a.toml"]["state"] == state
    assert any(each.severity is Severity.WARNING for each in done.adoption.judgments) == warned


def test_odd_names_of_variables_are_reported_and_not_counted() -> None:
    done = adopted("services: {a: {image: x, entrypoint: [/x], environment: {a.b: c, OK: d, E-F: g}}}")
    assert documents(done)["services/a.toml"]["env"] == {"OK": "d"}
    (told,) = (each for each in done.adoption.judgments if "env file" in each.what)
    assert told.what.startswith("environment.a.b, environment.E-F: ")
    assert done.adoption.share < 1


def test_an_env_file_is_read_and_one_that_is_not_there_is_told_of() -> None:
    text = "services: {a: {image: x, entrypoint: [/x], env_file: [/e/a.env, /e/b.env]}}"
    found = project(text, files={"/e/a.env": "A=fast\nTOKEN=hunter2hunter\n"})
    done = adopt_compose([found], into())
    table = documents(done)["services/a.toml"]
    assert (table["env"], table["secrets"]["keys"]) == ({"A": "fast"}, ["TOKEN"])
    assert any("env_file[1]: is a file that does not exist" in each.what for each in done.adoption.judgments)
    assert not any(b"hunter2hunter" in text for text in done.files.values())


def test_a_secret_of_outside_is_not_copied_by_another_name() -> None:
    outside = {"DB_PASSWORD": "kqzw81nfp0"}
    text = """
services:
  a:
    image: r.example/x:${DB_PASSWORD}
    command: /x --say ${DB_PASSWORD}
    environment: {SAY: $DB_PASSWORD}
"""
    done = adopted(text, environment=outside)
    shown = [*(text.decode() for text in done.files.values()), to_json(build_report(done.adoption, "out"))]
    assert not any("kqzw81nfp0" in text for text in shown)


EVERY = (
    "annotations: [a=b]", "attach: true", "blkio_config: {weight: 300}", "cgroup: host", "cgroup_parent: a.slice",
    "configs: [c]", "cpu_count: 1", "cpu_percent: 5", "cpu_rt_period: 1", "dns: 192.0.2.1", "domainname: d",
    "expose: [1]", "external_links: [x]", "gpus: all", "healthcheck: {test: x, interval: 5s}", "hostname: h",
    "init: true", "ipc: host", "isolation: x", "label_file: [l]", "labels: {a: b, c: d}", "links: [x]",
    "logging: {driver: x, options: {a: b}}", "mac_address: m", "mem_swappiness: 1", "memswap_limit: 5g",
    "networks: {default: {aliases: [q]}}", "oom_kill_disable: true", "pid: host", "platform: p", "privileged: true",
    "pull_policy: always", "runtime: r", "secrets: [s]", "shm_size: 1g", "stdin_open: true", "storage_opt: {size: 1g}",
    "sysctls: {a: 1}", "tty: true", "userns_mode: u", "uts: host", "volumes: [/v]", "volumes_from: [x]",
    "x-own: {a: 1}",
    "security_opt: [seccomp:unconfined]", "devices: [/dev/a:/dev/b]", "group_add: [5]", "ulimits: {other: 5}",
    "deploy: {update_config: {delay: 5s}, placement: {constraints: [a]}, labels: [l], mode: global, endpoint_mode: x}",
    "working_dir: relative", "tmpfs: relative", "user: 'odd name'", "stop_signal: SIGNOTHING", "cpuset: ' '",
    "extra_hosts: ['h:host-gateway']", "post_start: [{command: relative}]", "restart: sometimes", "cap_add: [ALL]",
    "credential_spec: {file: f}", "develop: {watch: [{path: p, action: rebuild}]}", "device_cgroup_rules: [a]",
    "ports: [80, '1-2:1-2', '5:5/sctp']", "depends_on: {b: {condition: service_healthy, restart: true}}",
)  # fmt: skip


def test_no_attribute_disappears() -> None:
    """Each one has a fate; what no key can say is in the notes, or in a line of the report that names it."""
    bodies = "".join(
        f"  a{number}:\n    image: x\n    entrypoint: [/bin/x]\n{indent(body, '    ')}\n"
        for number, body in enumerate((KEYS, *EVERY))
    )
    found = project(f"name: p\nservices:\n  b: {{image: y}}\n{bodies}\nx-top: 1\nvolumes: {{v: }}\n")
    done = adopt_compose([found], into())
    fates = {line.what: line.fate for file in done.adoption.files for line in file.lines}
    said = {
        (name, attribute)
        for name, table in found.list_services().items()
        for key in table.lines
        for attribute in list_attributes(key, table[key])
    }
    assert {f"services.{name}.{attribute}" for name, attribute in said} | {"name", "x-top", "volumes.v"} == set(fates)
    told: dict[str, str] = {}
    for each in done.adoption.judgments:
        told[each.subject] = f"{told.get(each.subject, '')}\n{each.what}"
    silent = [
        (name, attribute)
        for name, attribute in sorted(said)
        if fates[f"services.{name}.{attribute}"] is Fate.REPORTED and attribute not in told.get(name, "")
    ]
    assert silent == []
    typed = sum(fate in (Fate.TYPED, Fate.SECRET) for fate in fates.values())
    assert done.adoption.share == pytest.approx(typed / len(fates))
    assert build_report(done.adoption, "out").totals.share < 1


def test_all_of_it_in_keys_is_100_percent() -> None:
    assert adopted("services: {a: {entrypoint: [/bin/x], user: u, environment: {A: b}}}").adoption.share == 1


def test_each_reason_is_of_a_key_that_compose_has() -> None:
    assert list_service_keys() >= set(REASONS)


def test_a_service_that_must_end_well_is_a_oneshot_that_remains() -> None:
    text = """
services:
  migrate: {image: x, command: [/bin/migrate], restart: always}
  app:
    image: x
    command: [/bin/app]
    depends_on: {migrate: {condition: service_completed_successfully}}
"""
    done = adopted(text)
    units = rendered(done)
    migrate, app = (units[f"shop-{name}.service"].splitlines() for name in ("migrate", "app"))
    assert {"Type=oneshot", "RemainAfterExit=yes"} <= set(migrate)
    assert not any(line.startswith("Restart=always") for line in migrate)
    assert {"Requires=shop-migrate.service"} <= set(app)
    assert any(line.startswith("After=") and "shop-migrate.service" in line for line in app)
    assert any("would restart a service whose end others wait for" in each.what for each in done.adoption.judgments)
