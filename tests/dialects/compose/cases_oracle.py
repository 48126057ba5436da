"""Small compose projects, one for each class of what Compose does: name → files, and how they are named."""

from dataclasses import dataclass, field

from tests.dialects.compose import cases_newer as newer


@dataclass(frozen=True, slots=True)
class Case:
    files: dict[str, str]
    named: tuple[str, ...] = ("compose.yml",)
    environment: dict[str, str] = field(default_factory=dict)
    env_files: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()


def one(body: str, /, **options: object) -> Case:
    """One service `a` with these lines."""
    lines = "".join(f"    {line}\n" for line in body.strip("\n").splitlines())
    return Case({"compose.yml": f"services:\n  a:\n    image: x\n{lines}"}, **options)  # type: ignore[arg-type]


FORMS = """
environment:
  A: ${SET:-default}
  B: ${EMPTY:-default}
  C: ${EMPTY-default}
  D: ${UNSET-default}
  E: ${SET:+other}
  F: ${EMPTY:+other}
  G: ${EMPTY+other}
  H: ${UNSET:-${SET:-x}-${UNSET:-y}}
  I: ${SET:?wanted}
  J: ${EMPTY?wanted}
  K: $$SET $${SET} $$$SET
  L: $SET-${SET}${SET} $ $1 a$
  M: ${UNSET}
  N: "${UNSET:-{a}} ${SET:-b} }"
  O: "${UNSET:-a:b?c-d+e}"
  P: "${UNSET:-line\\n${SET}}"
"""
NUMBERS = """
environment:
  A: 010
  B: 0o10
  C: 0x1F
  D: 0b101
  E: 1_000
  F: 1e3
  G: 1.50
  H: .5
  I: -0.0
  J: 1e21
  K: 123456789012345678901234
  L: 08
  M: +12
  N: 22:22
  O: yes
  P: true
  Q: 1e-7
  R: "010"
  S: .inf
  T: 3.
  U: 1000000.0
  V: 1234567.5
  W: 999999.5
  X: 0.0001
  Y: 0.00001234
  Z: -0.1e8
labels: {n: 1.10, t: true, z: }
cpus: 0.1
mem_limit: 1073741824
"""
DOTENV = """\
# a comment
PLAIN=one two  # comment
export EXPORTED=yes
QUOTED="a\\tb \\"c\\" ${PLAIN} \\$HOME \\0101"
SINGLE='a ${PLAIN} \\n'
YAML: value
EMPTY=
HASH=a#b
MULTI="first
second"
AFTER=${QUOTED}${FROM_SHELL:-none}
 SPACED = x
INHERITED
LAST=end"""
ALL_OF_DOTENV = """
environment:
  - PLAIN=${PLAIN}
  - ALL=${EXPORTED}|${QUOTED}|${SINGLE}|${YAML}|${EMPTY}|${HASH}|${MULTI}|${AFTER}|${SPACED}|${INHERITED}|${LAST}
  - HASH
  - UNKNOWN
"""
BASE = """\
name: Merged-Project
services:
  a:
    build: .
    command: one
    entrypoint: [first]
    environment: {A: 1, B: 2}
    env_file: a.env
    ports: ["8000:80", "127.0.0.1:9000:90"]
    volumes: ["./d:/d", data:/data]
    depends_on: [b]
    networks: [front]
    labels: [x=1]
    cap_add: [KILL]
    logging: {driver: syslog, options: {a: "1"}}
    healthcheck: {test: [CMD, x], interval: 90s}
    ulimits: {nofile: 10}
    extra_hosts: ["h:192.0.2.1"]
    deploy: {resources: {limits: {memory: 50m}}}
  b: {image: y, profiles: [debug]}
  c: {image: z}
networks: {front: {driver: bridge}, unused: }
volumes: {data: , other: }
x-top: {a: 1}
"""
OVER = """\
services:
  a:
    build: {context: ./other, args: [V=1]}
    command: [two]
    environment: [B=3, C]
    ports: !override ["8001:80"]
    volumes: ["./e:/d"]
    depends_on: !reset null
    labels: {y: "2"}
    cap_add: [KILL, CHOWN]
    logging: {options: {b: "2"}}
    healthcheck: {retries: 3}
    ulimits: {nofile: {soft: 1, hard: 2}}
    extra_hosts: ["h:192.0.2.1", "i=192.0.2.2"]
    deploy: {resources: {limits: {cpus: "0.50"}}}
  b: !reset {}
"""
EXTENDS = """\
services:
  base:
    image: x
    environment: {A: base, B: base}
    volumes: ["./here:/here"]
    ports: ["1:1"]
  middle:
    extends: base
    environment: {B: middle}
    command: !override ["m"]
  a:
    extends: {service: middle}
    ports: ["2:2"]
  b:
    extends: {file: sub/common.yml, service: far}
    working_dir: /b
"""
COMMON = """\
services:
  far:
    extends: near
    volumes: ["./far:/far"]
  near:
    build: ./near
    env_file: near.env
"""
INCLUDE = """\
include:
  - sub/other.yml
  - {path: [sub/third.yml, sub/third.over.yml], env_file: sub/third.env, project_directory: sub/dir}
services:
  a: {image: "${WHO:-main}", depends_on: [o, t]}
"""
EVERYTHING = """
annotations: [a=b]
attach: false
blkio_config:
  weight: 300
  weight_device: [{path: /dev/sda, weight: 400}]
  device_read_bps: [{path: /dev/sda, rate: 12mb}]
cap_drop: [ALL]
cgroup_parent: x.slice
cpu_count: 2
cpu_percent: 50
cpu_shares: "73"
cpu_quota: 50000
cpu_period: 20000
cpuset: 0-3
device_cgroup_rules: [c 1:3 mr]
devices: ["/dev/a:/dev/b:r", /dev/c]
dns: 192.0.2.53
dns_search: [example.org]
domainname: d
expose: ["3000", 8000]
group_add: [mail, 8]
healthcheck: {test: curl x, interval: 1m30s, timeout: 1.5s, start_period: 2h, disable: false}
hostname: h
init: true
ipc: host
labels: {a: b, n: 1}
mac_address: 02:42:ac:11:65:43
mem_reservation: 20m
mem_swappiness: 0
memswap_limit: -1
oom_kill_disable: true
oom_score_adj: -500
pid: host
pids_limit: 0
platform: linux/amd64
post_start: [{command: a b, user: root}]
pre_stop: [{command: [c]}]
privileged: yes
pull_policy: if_not_present
read_only: "true"
restart: on-failure:3
runtime: runc
scale: 0
security_opt: [no-new-privileges:true]
shm_size: 64M
stdin_open: true
stop_grace_period: 90s
stop_signal: SIGUSR1
storage_opt: {size: 1G}
sysctls: {net.core.somaxconn: 1024}
tmpfs: /run
tty: true
ulimits: {nproc: 65535, nofile: {soft: 20000, hard: 40000}, core: 0}
user: "0:0"
userns_mode: host
working_dir: /w/
"""
DEPLOY = """
deploy:
  mode: replicated
  replicas: 2
  labels: {a: b}
  update_config: {parallelism: 2, delay: 10s, max_failure_ratio: 0.3, order: stop-first}
  resources:
    limits: {cpus: "0.001", memory: 1.5g, pids: 9}
    reservations: {cpus: 1, memory: 20M, devices: [{capabilities: [gpu], count: all}]}
  restart_policy: {condition: on-failure, delay: 5s, max_attempts: 3, window: 2m}
  placement: {constraints: [a==b], preferences: [{spread: x}]}
"""
VOLUMES = """
volumes:
  - /anonymous/
  - ./relative:/r:ro,z
  - ~/home:/h
  - data:/data:nocopy
  - ../up:/up/../down
  - {type: bind, source: ./b, target: /b, read_only: true, bind: {create_host_path: false}}
  - {type: tmpfs, target: /t, tmpfs: {size: 10m, mode: 755}}
  - {type: volume, source: data, target: /sub, volume: {subpath: x}}
"""
PORTS = """
ports:
  - 80
  - "81"
  - "8082:82"
  - ":8083:83"
  - "127.0.0.1::84"
  - "127.0.0.1:8085:85/udp"
  - "[::1]:8086:86"
  - "8090-8092:90-92"
  - "9-11:9-11"
  - "8100-8110:100"
  - {target: 101, published: 8101, host_ip: 127.0.0.1, mode: host}
  - {target: "${P:-102}", published: "8102-8103"}
  - 8082:82
  - "${UNSET}:105"
"""
RESOURCES = """\
services:
  a:
    image: x
    secrets: [plain, {source: long, target: t, mode: 0440, uid: "1"}]
    configs: [conf, {source: inline, target: /etc/x}]
    networks: {front: {aliases: [z], ipv4_address: 192.0.2.7}, back: }
  b: {image: y, network_mode: "service:a", volumes_from: ["a:ro"]}
  c: {image: y, links: ["a:alias"], network_mode: none}
  d: {image: y, networks: []}
secrets: {plain: {file: ./p}, long: {environment: LONG}, gone: {external: true, name: n}}
configs: {conf: {file: ./c}, inline: {content: "a ${B:-b} $$c"}}
networks: {front: {ipam: {config: [{subnet: 192.0.2.0/24}]}, driver_opts: {a: 1}}, back: {external: {name: old}}}
"""

CASES: dict[str, Case] = {
    "interpolation": one(FORMS, environment={"SET": "s$x", "EMPTY": ""}),
    "interpolation-required": one("command: ${WANTED:?say it}"),
    "interpolation-required-nested": one("command: ${A:-${WANTED:?say it}}", environment={"A": "a"}),
    "interpolation-malformed": one("command: ${A"),
    "interpolation-no-name": one("command: ${1}"),
    "numbers": one(NUMBERS),
    "dotenv": Case({**one(ALL_OF_DOTENV).files, ".env": DOTENV}, environment={"FROM_SHELL": "shell"}),
    "dotenv-shell-goes-first": Case({**one("command: $HASH").files, ".env": DOTENV}, environment={"HASH": "shell"}),
    "env-file-option": Case(
        {**one("command: $A $B").files, ".env": "A=dot\nB=dot\n", "x.env": "A=x\n", "y.env": "A=y$A\n"},
        env_files=("x.env", "y.env")),
    "env-file-malformed": Case({**one("command: $A").files, ".env": "A B=1\n"}),
    "env-file-quote": Case({**one("command: $A").files, ".env": 'A="x\n'}),
    "env_file": Case(
        {"compose.yml": "services:\n  a:\n    image: x\n    environment: {B: own, C: }\n"
         "    env_file: [a.env, {path: no.env, required: false}, {path: r.env, format: raw}]\n",
         "a.env": "A=1\nB=2\nC=3\nD=$B$HOST\n", "r.env": "R='$A'\n"},
        environment={"HOST": "h"}),
    "env_file-missing": one("env_file: nowhere.env"),
    "merge": Case({"compose.yml": BASE, "over.yml": OVER, "a.env": "Z=1\n"}, ("compose.yml", "over.yml")),
    "merge-other-kinds": Case(
        {"compose.yml": BASE, "over.yml": "services: {a: {ports: {a: b}}}\n"}, ("compose.yml", "over.yml")),
    "merge-in-a-folder": Case(
        {"d/compose.yml": "services: {a: {build: .}}\n", "over.yml": "services: {a: {volumes: ['./x:/x']}}\n"},
        ("d/compose.yml", "over.yml")),
    "two-documents": Case({"compose.yml": "services: {a: {image: x}}\n---\nservices: {a: {command: c}}\n"}),
    "yaml-merge": Case({"compose.yml": "x-a: &a {image: x, labels: [l]}\nservices:\n  a: {<<: *a, labels: [m]}\n"
                        "  b: {<<: [*a, {image: z, tty: true}]}\n"}),
    "extends": Case({"compose.yml": EXTENDS, "sub/common.yml": COMMON, "sub/near.env": "N=1\n"}),
    "extends-itself": Case({"compose.yml": "services: {a: {image: x, extends: b}, b: {image: x, extends: a}}\n"}),
    "extends-nothing": Case({"compose.yml": "services: {a: {image: x, extends: b}}\n"}),
    "include": Case({
        "compose.yml": INCLUDE, "sub/.env": "WHO=sub\n", "sub/third.env": "WHO=third\n",
        "sub/other.yml": "services: {o: {image: '${WHO}', volumes: ['./v:/v']}}\n",
        "sub/third.yml": "services: {t: {image: '${WHO}', volumes: ['./v:/v']}}\n",
        "sub/dir/there": "", "sub/third.over.yml": "services: {t: {command: over}}\n"}),
    "include-itself": Case({"compose.yml": "include: [compose.yml]\nservices: {a: {image: x}}\n"}),
    "include-twice": Case({
        "compose.yml": "include: [o.yml]\nservices: {a: {image: x}}\n", "o.yml": "services: {a: {image: y}}\n"}),
    "profiles": Case({"compose.yml": "services: {a: {image: x}, b: {image: y, profiles: [p]}, c: {image: z, "
                      "profiles: [q]}}\n"}, profiles=("p",)),
    "profiles-of-a-dependency": Case({"compose.yml": "services: {a: {image: x, depends_on: [b]}, b: {image: y, "
                                      "profiles: [p]}}\n"}),
    "profiles-of-the-environment": Case(
        {"compose.yml": "services: {a: {image: x}, b: {image: y, profiles: [p]}}\n"},
        environment={"COMPOSE_PROFILES": "q, p"}),
    "ports": one(PORTS),
    "ports-address": one('ports: ["::1:80:80"]'),
    "ports-ranges": one('ports: ["80-82:80-81"]'),
    "volumes": Case({"compose.yml": one(VOLUMES).files["compose.yml"] + "volumes: {data: {driver: local}}\n"}),
    "volumes-undeclared": one("volumes: [data:/d]"),
    "working-folder": one("environment: {A: '${PWD}/a', B: $PWD}"),
    "working-folder-of-the-shell": one("environment: {A: $PWD}", environment={"PWD": "/of/the/shell"}),
    "working-folder-in-dotenv": Case(
        {"compose.yml": "services: {a: {image: 'x$PWD'}}\n", ".env": "PWD=/of/the/file\nA=$PWD\n"}
    ),
    "everything": one(EVERYTHING),
    "deploy": one(DEPLOY),
    "resources": Case({"compose.yml": RESOURCES}),
    "command-as-text": one("command: python -m \"my app\" --x='a b' c\\ d `e` $$(f g) \"\" h;i > j\nentrypoint: ''"),
    "command-quote": one("command: sh -c 'a"),
    "depends_on": Case({"compose.yml": "services:\n  a: {image: x, depends_on: {b: {condition: service_healthy, "
                        "restart: true}, c: {condition: service_completed_successfully, required: false}}}\n"
                        "  b: {image: y}\n  c: {image: z}\n"}),
    "depends_on-circle": Case({"compose.yml": "services: {a: {image: x, depends_on: [b]}, b: {image: y, depends_on: "
                               "[a]}}\n"}),
    "build": one("build: {context: ./c, args: {A: 1, B: }, additional_contexts: [x=./x], dockerfile_inline: FROM x, "
                 "secrets: [s], ssh: [default], target: t, extra_hosts: [a=::1], shm_size: 1g}",
                 environment={"B": "b"}),
    "unknown-key": one("portz: []"),
    "wrong-kind": one("ports: 80"),
    "entry-twice": one("cap_add: [A, A]\nexpose: ['1', '1']\nprofiles: []"),
    "key-that-is-a-number": one("labels: {1: a}"),
    "no-image": Case({"compose.yml": "services: {a: {command: x}}\n"}),
    "limits-beside-each-other": one("cpus: 1.5\ndeploy: {resources: {limits: {cpus: '2'}}}"),
    "a-limit-that-is-no-number-of-32-bits": one("cpus: 1e-313\ndeploy: {resources: {limits: {cpus: '1'}}}"),
    "scale-and-replicas": one("scale: 2\ndeploy: {replicas: 3}"),
    "name-of-the-project": Case({
        "compose.yml": "name: ${N:-My.App}\nservices: {a: {image: '$COMPOSE_PROJECT_NAME'}}\n"}),
    "date": one("environment: {A: 2024-01-01}"),
    "date-in-a-list": one("command: [2024-1-1]"),
    "date-and-time": one("labels: {a: 2024-01-01 10:00:00}"),
    "date-and-time-with-zone": one("labels: {a: 2024-01-01T10:00:00.5+02:00}"),
    "date-of-the-image": Case({"compose.yml": "services: {a: {image: 2024-01-01}}\n"}),
    "no-dates": one("labels: [2024-13-01, 2023-02-30, 2024-01-01x, 2024-01-01T10:00:00, '2024-01-01', "
                    "2024-01, 24-01-01, 2024-01-01T10:00:00 Z]"),
    "reset-of-what-is-extended": Case({
        "compose.yml": "services:\n  a: {image: x, command: [/b], env_file: a.env, links: [b], depends_on: [b], "
                       "healthcheck: {test: c}, volumes: [/a:/a], profiles: [p]}\n  b: {image: x}\n"
                       "  c: {extends: a, command: !reset null, env_file: !reset [], links: !reset [], "
                       "depends_on: !reset [], healthcheck: !reset null, volumes: !reset [], profiles: !reset []}\n",
        "a.env": "A=1\n"}),
    "old-version": Case({"compose.yml": "version: '2'\nservices: {a: {image: x, x-a: 1}}\n"}),
    "label-files": Case(newer.LABEL_FILES, environment={"SET": "s"}),
    "label-files-merged": Case(newer.LABEL_FILES, ("compose.yml", "over.yml")),
    "label-that-is-a-path": Case(newer.LABEL_OF_A_PATH),
    "newer-keys": Case(newer.EVERY_KEY, environment={"V": "v"}),
    "newer-keys-merged": Case(newer.OVER, ("compose.yml", "over.yml")),
    "env-files-of-each-format": Case(newer.ENV_FILES, environment={"B": "b"}),
    "extends-across-folders": Case(newer.CHAIN),
    "include-with-env-files": Case(newer.INCLUDES),
    "anchors": Case(newer.ANCHORS),
    **{name: one(line) for name, line in newer.REFUSED_LINES.items()},
}  # fmt: skip
