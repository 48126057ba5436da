"""A small fleet as Desired, and the evidence of a host that is as declared; cases change single items of it."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any, cast

from qtctl.audit import compared
from qtctl.audit.judge import list_needs
from qtctl.dialects.systemd.boot_order import BOOTED
from qtctl.meaning.open_paths import DEVICES, WANTED
from qtctl.meaning.permissions import Permission
from qtctl.meaning.registry_digest import digest_registry
from qtctl.model.account_facts import Account, Auditor, Group, Hosts
from qtctl.model.check_facts import Health
from qtctl.model.code_facts import Checkout, EntryPoint, Folders, VenvCheck, VenvPackages
from qtctl.model.container_facts import Containers
from qtctl.model.deploy_facts import HostDeploys, KeptGenerations
from qtctl.model.desired import (
    Desired,
    DesiredExternal,
    DesiredKey,
    DesiredService,
    DesiredTarget,
    DesiredTimer,
    DesiredVenv,
    Membership,
    RetiredUnit,
)
from qtctl.model.desired_accounts import DesiredAccount, DesiredFolder, DesiredHosts
from qtctl.model.desired_code import DesiredCode
from qtctl.model.desired_container import LeftContainer
from qtctl.model.desired_file import DesiredFile
from qtctl.model.desired_install import DesiredInstall, InstallKind
from qtctl.model.desired_lock import DesiredPackage
from qtctl.model.desired_store import DesiredStore
from qtctl.model.desired_unit import Listener, UnixListener
from qtctl.model.evidence import Ask, Evidence, Item, Need, State
from qtctl.model.fact import Fact, make_value
from qtctl.model.facts import File, HostBaseline, Listeners, Reach, Unit, UnitListing, UnixSocket
from qtctl.model.host_facts import FileSystem, FrozenGroups, HostState, OomKills, Resolved, SharedIds
from qtctl.model.json import JsonObject
from qtctl.model.library_facts import LibraryWriters
from qtctl.model.mount_facts import BootMounts, LateMounts
from qtctl.model.origin import Origin
from qtctl.model.process_facts import EnvText, Processes, ProcessPlaces, ProgramCopies
from qtctl.model.setting_facts import ManagerSettings, UnitCallers, UnitFiles, UnitOverrides
from qtctl.model.states import KeyType, ServiceState
from qtctl.model.store_facts import (
    KeyExpiry,
    KeyFact,
    StoreClients,
    StoreClock,
    StoreHealth,
    StoreKeys,
    StoreRight,
    StoreServer,
    Stream,
    StreamConsumers,
    StreamGroup,
    StreamGroups,
    StreamPending,
)
from qtctl.model.user_unit_facts import UserUnits
from qtctl.model.way_facts import OpenPaths, PathWay, UnitWriters, UserIds
from qtctl.rules.host.env_contents import digest_of
from qtctl.rules.loaded_units import list_loaded_units
from tests.builders.desired import build_host, build_service
from tests.builders.evidence import listen, miss

TAKEN_AT = "2026-01-17T07:25:00.000Z"
NOW_US = 1_768_634_700_000_000
SECOND = 1_000_000
HOUR = 3_600 * SECOND
OLDEST_MS = NOW_US // 1000 - 60_000
TICKS, SIZES, PRICES = "quantum:stream:market.tick", "quantum:stream:sizing.final", "quantum:prices"
ENV, SECRETS = (("MODE", "fast"), ("LIMIT", "5")), ("API_KEY",)
NONCE = "5f" * 16
VENV = "/opt/venvs/ai-engine"
UNITS = "/etc/systemd/system"
USERS, MODELS = "/etc/sysusers.d/quantum.conf", "/data/models"
SOCKET = "/run/quantum/api.sock"
ENGINE, MONITOR, NIGHTLY = "quantum-ai-engine.service", "quantum-monitor.service", "quantum-nightly.service"
STATE = "/data/state"
LOCKED = (
    DesiredPackage("colorama", ("0.4.6",), required=False),
    DesiredPackage("numpy", ("1.26.4",), required=True),
    DesiredPackage("typing-extensions", ("4.12.2",), required=True),
)
CHECKOUT, COMMIT = "/srv/checkout", "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"
INSTALL = DesiredInstall(
    InstallKind.CODE, "shop", "/srv/installed", "7" * 64, Origin("code.toml", ("shop",)), commit=COMMIT
)
FEED, CODE = "quantum-feed.service", "/srv/quantum"
TIMER, TARGET, GHOST, REDIS = (
    "quantum-nightly.timer",
    "quantum-ai.target",
    "quantum-old.service",
    "redis-server.service",
)


def listener(address: str = "127.0.0.1", port: int = 8001, **changes: Any) -> Listener:
    origin = Origin("services/ai-engine.toml", ("ports", "http", "listen"))
    plain = Listener("http", "tcp", address, port, "/health", 200, 2 * SECOND, origin)
    return replace(plain, **changes)


def membership(stream: str = TICKS, group: str = "ai-engine", **changes: Any) -> Membership:
    origin = Origin("services/ai-engine.toml", ("streams", "consumes", stream))
    return replace(Membership("redis", stream, group, 1000, 50, "ai-engine", origin, HOUR), **changes)


def service(name: str = "ai-engine", state: ServiceState = ServiceState.RUNNING, **changes: Any) -> DesiredService:
    on_timer = state is ServiceState.ON_TIMER
    plain = build_service(
        name, state, unit=f"quantum-{name}.service", summary=name, user="qt", group="qt", argv=("/bin/true",),
        working_directory="/home/qt", entry_point="/bin/true", wanted_by=() if on_timer else (TARGET,),
        restart=(("Restart", "always"),), start_limit=(("StartLimitBurst", "4"),), store="redis",
        origin=Origin(f"services/{name}.toml"),
    )  # fmt: skip
    return replace(plain, **changes)


def unit_file(unit: str) -> DesiredFile:
    says = "[Service]\nRestart=always\nMemoryMax=2G\n" if unit == ENGINE else ""
    text = f"# Generated by qtctl from {unit}; edits are overwritten.\n{says}".encode()
    path = f"{UNITS}/{unit}"
    return DesiredFile(path, text, "0644", "root", "root", digest(unit), "unit", unit, Origin("services/x.toml"))


def env_file(path: str, unit: str) -> DesiredFile:
    text = "".join(f"{key}={value}\n" for key, value in ENV).encode()
    return DesiredFile(path, text, "0600", "root", "root", "e" * 64, "env", unit, Origin("services/x.toml", ("env",)))


def digest(unit: str) -> str:
    return unit.encode().hex().ljust(64, "0")[:64]


def store(**changes: Any) -> DesiredStore:
    patterns = {"key_patterns": ("quantum:*",), "group_patterns": ("*",), "retired_keys": ("quantum:old",)}
    origin = Origin("stores.toml", ("redis",))
    return replace(DesiredStore("redis", REDIS, "127.0.0.1", 6379, "", origin), **{**patterns, **changes})


def key(name: str = TICKS, kind: KeyType = KeyType.STREAM, **changes: Any) -> DesiredKey:
    age = 60 * SECOND if kind is KeyType.STREAM else None
    origin = Origin("streams.toml", (name,))
    cap = 6000 if kind is KeyType.STREAM else None
    return replace(DesiredKey("redis", name, kind, name, age, cap, ("ai-engine",), (), origin), **changes)


def desired(**changes: Any) -> Desired:
    """One of everything: running, stopped and on-timer services, a target, a timer, Redis, streams, a retired unit."""
    engine = service(
        venv=VENV, env_file="/etc/quantum/ai-engine.env", secrets_file="/etc/quantum/ai-engine.secret.env",
        env=ENV, secrets_keys=SECRETS,
        sandbox=(("ReadWritePaths", f"{STATE} -/data/maybe /var/log"),),
        part_of=(TARGET,), ports=(listener(),), publishes=(SIZES,), consumes=(membership(),), silent_us=600 * SECOND,
        unix_sockets=(UnixListener("api", SOCKET, "qt", "qt", "0660", Origin("services/ai-engine.toml")),),
    )  # fmt: skip
    monitor = service("monitor", ServiceState.STOPPED, ports=(listener(port=8005),), consumes=(membership(SIZES),))
    nightly = service("nightly", ServiceState.ON_TIMER)
    feed = service(
        "feed", ServiceState.STOPPED, user="root", group="root", argv=("/usr/bin/python3", f"{CODE}/feed/main.py"),
        working_directory="", entry_point=f"{CODE}/feed/main.py", code=CODE,
    )  # fmt: skip
    ports = (listener(port=6379, health_path="", origin=Origin("externals.toml", ("redis-server", "ports", "redis"))),)
    external = Origin("externals.toml", ("redis-server",))
    schedule = (("OnCalendar", "daily"),)
    plain = build_host(
        fleet="quantum", unit_patterns=("quantum-*", "rl-shadow-*"), memory=1, os="Ubuntu 24.04",
        services=(engine, feed, monitor, nightly),
        targets=(DesiredTarget("ai", TARGET, "", Origin("targets.toml", ("ai",)), wanted_by=("multi-user.target",)),),
        timers=(
            DesiredTimer(
                "nightly", TIMER, "", Origin("timers.toml", ("nightly",)), schedule, True, starts=NIGHTLY,
                wanted_by=("timers.target",),
            ),
        ),
        venvs=(DesiredVenv("ai-engine", VENV, f"{VENV}/bin/python", ("ai-engine",), Origin("venvs.toml"), LOCKED),),
        keys=(key(), key(SIZES), key(PRICES, KeyType.HASH)), stores=(store(),),
        externals=(DesiredExternal("redis-server", REDIS, "", external, ("redis",), True, ports=ports),),
        retired_units=(RetiredUnit("old", GHOST, "replaced", Origin("services/old.toml")),),
        files=(
            *(unit_file(unit) for unit in (ENGINE, FEED, MONITOR, NIGHTLY, TIMER, TARGET)),
            env_file("/etc/quantum/ai-engine.env", ENGINE),
            replace(unit_file(USERS), path=USERS, kind="sysusers"),
        ),
        accounts=(DesiredAccount("qt", "", 1001, "qt", None, ("adm",), "/home/qt", "", Origin("users.toml", ("qt",))),),
        folders=(DesiredFolder(MODELS, "0750", "qt", "qt", "", Origin("folders.toml", (MODELS,))),),
        left_containers=(
            LeftContainer("feed", "mapped", ("feed",), ("8010/tcp",), Origin("legacy/x.toml", ("services", "feed"))),
        ),
        installs=(INSTALL,),
        code=(DesiredCode("fleet", CHECKOUT, "", COMMIT, Origin("code.toml", ("fleet",))),),
        hosts_file=DesiredHosts((("127.0.0.1", ("redis",)), ("::1", ("redis",))), False, Origin("hosts.toml")),
    )  # fmt: skip
    return replace(plain, **changes)


GROUPS = {"qt": Group("qt", 1001, []), "adm": Group("adm", 4, ["qt"])}


KEEPS = {
    "rdb_last_bgsave_status": "ok", "aof_enabled": "0", "aof_last_write_status": "ok",
    "aof_last_bgrewrite_status": "ok", "rdb_last_save_time": "1768634600", "rdb_changes_since_last_save": "7",
}  # fmt: skip


ROWS = [listen("127.0.0.1", 6379, REDIS), listen("127.0.0.1", 8001, ENGINE)]


def running_unit(**changes: Any) -> Unit:
    started = NOW_US - 5 * HOUR
    plain = Unit(
        "loaded", "active", "running", "enabled", wants=[], requires=[], binds_to=[], after=["basic.target"],
        wanted_by=[], required_by=[], conflicted_by=[], stop_propagated_from=[], triggered_by=[], upheld_by=[],
        active_enter_timestamp=started, state_change_timestamp=started, freezer_state="running",
        exec_main_start_timestamp=started, result="success", main_pid=77,
    )  # fmt: skip
    return replace(plain, **changes)


def _units(want: Desired) -> dict[str, Unit]:
    """Every declared unit as it should be."""
    idle = running_unit(active_state="inactive", sub_state="dead", main_pid=0)
    found = {external.unit: running_unit() for external in want.externals}
    found |= {target.unit: running_unit(sub_state="active", result="") for target in want.targets}
    due = running_unit(sub_state="waiting", next_elapse_usec_realtime=NOW_US + HOUR)
    found |= {timer.unit: due for timer in want.timers}
    states = {
        ServiceState.RUNNING: running_unit(),
        ServiceState.STOPPED: replace(idle, unit_file_state="disabled"),
        ServiceState.ON_TIMER: replace(idle, unit_file_state="static"),
    }
    found |= {service.unit: states[service.state] for service in want.services}
    booted = [unit.unit for unit in want.units() if unit.must_be_active]
    found |= {name: running_unit(sub_state="active", result="") for name in BOOTED}
    found["default.target"] = replace(found["default.target"], wants=["multi-user.target", *booted])
    files = {file.subject: file.path for file in want.files if file.kind == "unit"}
    loaded = {each.unit: {value.property: value.value for value in each.values} for each in list_loaded_units(want)}
    return {
        name: replace(unit, fragment_path=files.get(name, ""), loaded=loaded.get(name)) for name, unit in found.items()
    }


def _slice() -> Unit:
    return running_unit(sub_state="active", result="", loaded={"MemoryMax": 2**64 - 1, "AllowedCPUs": []})


def _status(want: Desired) -> HostDeploys:
    about = {"by": "ops@desk", "fleet": want.fleet, "host": want.host, "registry": digest_registry(want)}
    return HostDeploys("idle", 5, 5, NOW_US // SECOND - 3600, "", True, 0, False, about, {})


def values(want: Desired) -> dict[Need, Fact]:
    """What a host that is as declared answers to every need."""
    units = _units(want)
    files = {unit: unit_state.unit_file_state for unit, unit_state in units.items()}
    files |= {alias: "alias" for unit in want.externals for alias in unit.names[1:]}
    loaded = {unit: ["loaded", each.active_state, each.sub_state] for unit, each in units.items()}
    fixed: dict[str, Any] = {
        "user": UserIds(1001, 1001, [4, 1001], [], {"4": "adm", "1001": "qt"}),
        "unit.writers": UnitWriters({}, []),
        "open.paths": OpenPaths({path: _open_part(path) for path in WANTED}, None, {}, []),
        "unit.listing": UnitListing({**loaded, **OTHERS}, files),
        "health": Health(200),
        "reach": Reach("audit"),
        "account": Account("qt", 1001, 1001, "/home/qt", "/bin/sh"),
        "auditor": Auditor(
            "audit",
            990,
            "/home/audit",
            "/bin/sh",
            {
                "/": ["folder", "0", "0", "0755", ""],
                "/home": ["folder", "0", "0", "0755", ""],
                "/home/audit": ["folder", "990", "990", "0755", ""],
            },
            {"0": "root"},
            {"0": "root"},
        ),
        "host": HOST,
        "host.state": HostState(
            NOW_US, NOW_US - 1000, NOW_US + 1000, GIB, GIB, {"memory": [0.0, 0.0], "io": [1.5, 0.5]}
        ),
        "accounts.shared": SharedIds({}),
        "oom.kills": OomKills({}),
        "venv.packages": VenvPackages(["NumPy-1.26.4", "pip-24.0", "typing_extensions-4.12.2"]),
        "user.units": UserUnits([], [], {"ops": False}),
        "libraries": LibraryWriters({}, []),
        "manager.settings": ManagerSettings([], []),
        "unit.overrides": UnitOverrides([]),
        "unit.files": UnitFiles({"cron.service": "enabled", "ssh.service": "enabled", ENGINE: "enabled"}),
        "boot.mounts": BootMounts([]),
        "mounts.late": LateMounts({}),
        "frozen.groups": FrozenGroups([]),
        "unit.callers": UnitCallers([], [], []),
        "processes.copies": ProgramCopies([]),
        "key.expiry": KeyExpiry(expires=False),
        "containers": Containers({}, {}, {}),
        "unix.socket": UnixSocket(["stream"]),
        "filesystem": FileSystem("/", "ab12", 20 * GIB, 80 * GIB, 1000, 900),
        "processes": Processes({"77": PROCESS}, 0, 0, "0-3"),
        "deploy.status": _status(want),
        "deploy.generations": KeptGenerations([4, 5], {}),
        "processes.places": ProcessPlaces({"77": ["/home/qt", "/usr/bin/true"]}),
        "name": Resolved(["127.0.0.1", "::1"]),
        "hosts": Hosts([["127.0.0.1", "Redis"]], ["::1 redis"]),
        "store": StoreServer("7.0.15", 100, 1000),
        "store.health": StoreHealth("master", False, 1000, 0, "noeviction", 0, 0, dict(KEEPS), {}),
        "store.clock": StoreClock(NOW_US),
        "store.clients": StoreClients({}),
        "store.right": StoreRight(),
        "stream": Stream(5000, f"{NOW_US // 1000 - 2000}-0", NOW_US // 1000 - 2000, 1, f"{OLDEST_MS}-0", 6000, "0-0"),
        "stream.group": StreamGroup(3, 1, 1, f"{OLDEST_MS + 1}-0", 5997),
        "stream.consumers": StreamConsumers({"ai-engine": 500}, 1),
        "stream.groups": StreamGroups(["ai-engine"], 1),
        "stream.pending": StreamPending([[f"{OLDEST_MS}-0", "ai-engine", 500, 1]]),
        "store.keys": StoreKeys([PRICES, TICKS, SIZES], 3),
    }
    listening: dict[str, Fact] = {"tcp": Listeners(ROWS), "udp": Listeners([])}
    by_path = {file.path: file for file in want.files}
    types = {each.name: str(each.type) for each in want.keys}
    made: dict[str, Callable[[str], Fact]] = {
        "unit": lambda name: units.get(name, _slice() if name.endswith(".slice") else running_unit()),
        "group": lambda name: GROUPS[name],
        "way": lambda path: _way(path, by_path.get(path)),
        "file": lambda path: _file(path, by_path.get(path)),
        "env": _env_text,
        "venv": lambda path: VenvCheck(f"{path}/bin/python", "/usr/bin/python3.11", 0, "3.11.2", made_for="3.11.2"),
        "checkout": lambda _: Checkout(True, "qt", COMMIT, "refs/heads/main", 9, {}, 0, staged=False),
        "entry": lambda _: EntryPoint([f"{CODE}/feed/main.py"]),
        "folders": lambda path: FOLDERS[path],
        "key": lambda name: KeyFact(types[name]),
        "listeners": lambda protocol: listening[protocol],
    }
    return {
        need: made[need.fact](need.subject) if need.fact in made else cast(Fact, fixed[need.fact])
        for need in {*list_needs(want), *compared.list_needs(want)}
    }


FOLDERS = {"/opt/venvs": Folders({"ai-engine": ["pyvenv.cfg"]}), CODE: Folders({"feed": ["main.py"]})}


def _file(path: str, file: DesiredFile | None) -> File:
    """All of them were there an hour before the services started."""
    changed = NOW_US - 6 * HOUR
    if path == SOCKET:
        return File("socket", "0660", "qt", "qt", 0, changed)
    if path in ("/dev/shm", "/tmp", "/var/tmp"):
        return File("dir", "1777", "root", "root", 10, changed)
    if path == MODELS:
        return File("dir", "0750", "qt", "qt", 10, changed)
    if path == INSTALL.path:
        return File("link", "0777", "root", "root", 82, changed, target=INSTALL.target)
    if file is None or file.kind == "env":
        return File("file", "0600", "root", "root", len(file.content) if file else 10, changed)
    return File("file", "0644", "root", "root", 10, changed, sha256=file.sha256, ours=True)


def _env_text(path: str) -> EnvText:
    if ".secret." in path:
        return EnvText(NONCE, {}, [], dict.fromkeys(SECRETS, True), [], [])
    digests = {key: digest_of(NONCE, value) for key, value in ENV}
    return EnvText(NONCE, digests, [key for key, _ in ENV], {}, [], [])


def _open_part(path: str) -> list[str]:
    kind = "other" if path in DEVICES else "file" if Permission.EXECUTE not in WANTED[path] else "folder"
    return [kind, "0", "0", {"other": "0666", "file": "0644"}.get(kind, "0755"), ""]


def _way(path: str, file: DesiredFile | None) -> PathWay:
    """All of it root's, and for everybody to read and execute; env files for root alone."""
    above = [path[:at] or "/" for at, letter in enumerate(path) if letter == "/"]
    mode = "0600" if path.endswith(".env") else "0755"
    owner = "1001" if path.startswith("/data/") else "0"
    end = ["folder" if path in ("/home/qt", STATE, "/var/log") else "file", owner, owner, mode, ""]
    size = len(file.content) if file else 10
    times = NOW_US - 6 * HOUR
    return PathWay({**{each: ["folder", "0", "0", "0755", ""] for each in above}, path: end}, "", size, times, times)


PROCESS: JsonObject = {
    "uids": [1001] * 4, "gids": [1001] * 4, "groups": [4, 1001], "umask": "0022", "nice": 0, "oom_score_adj": 0,
    "limits": {}, "program": "/bin/true", "state": "S", "no_new_privs": 0, "cpus": "0-3", "policy": 0,
}  # fmt: skip
RUNS = ["loaded", "active", "running"]
ALIASES = {"redis.service": "alias"}
OTHERS = dict.fromkeys(("ssh.service", "systemd-journald.service", "systemd-timesyncd.service"), RUNS)
USUALLY_ABSENT = ("file /run/reboot-required", f"unit {GHOST}")
GIB = 1 << 30
HOST = HostBaseline(
    "prod", "Ubuntu 24.04.1 LTS", "6.8.0", 100, [0.1, 0.1, 0.1], 4, 16 * GIB, 8 * GIB, 100 * GIB, 80 * GIB,
    "255 (255.4-1ubuntu8.4)", "Etc/UTC", "43f8f5e6",
)  # fmt: skip


def name_of(need: Need) -> str:
    """How cases name a need: `unit quantum-ai-engine.service`."""
    return f"{need.fact} {need.subject}"


def evidence(
    want: Desired,
    changed: Mapping[str, Mapping[str, Any]] | None = None,
    absent: Iterable[str] = (),
    refused: Mapping[str, str] | None = None,
    dropped: Iterable[str] = (),
    *,
    needs_root: Iterable[str] = (),
    **fields: Any,
) -> Evidence:
    """The host as declared, but for: fields of single facts, absent facts, refused ones, ones that nobody asked for.

    `refused` and `needs_root` take `stream *` for all of a kind. A fact that nothing needs is added by naming it in
    `changed`.
    """
    answers = {name_of(need): (need, make_value(fact)) for need, fact in values(want).items()}
    for name, patch in (changed or {}).items():
        fact, _, subject = name.partition(" ")
        need, value = answers.get(name) or (Need(fact, subject), _new(fact))
        if "units" in patch:
            patch = {**patch, "units": {**OTHERS, **patch["units"]}}  # noqa: PLW2901 - every host has those
        if patch.get("files") and fact == UnitListing.FACT:
            patch = {**patch, "files": {**ALIASES, **patch["files"]}}  # noqa: PLW2901 - as above
        answers[name] = need, {**value, **cast(Any, patch)}
    absent = {*absent, *(name for name in USUALLY_ABSENT if name not in (changed or {}))}
    items = tuple(
        _item(number, need, value, absent, refused=refused or {}, needs_root=needs_root)
        for number, (name, (need, value)) in enumerate(sorted(answers.items()), start=1)
        if name not in set(dropped)
    )
    asks = tuple(Ask(item.ask, "test", (), f"ask {item.subject}", TAKEN_AT, 1, 0) for item in items)
    plain = Evidence(1, "0.1.0", want.host, "192.0.2.1", "ssh", "audit", TAKEN_AT, asks, items)
    return replace(plain, **fields)


def _new(fact: str) -> dict[str, Any]:
    return asdict(running_unit()) if fact == "unit" else {}


def _item(
    number: int,
    need: Need,
    value: Any,
    absent: Collection[str],
    *,
    refused: Mapping[str, str],
    needs_root: Iterable[str],
) -> Item:
    name = name_of(need)
    if {name, f"{need.fact} *"} & set(needs_root):
        lost = miss(need.fact, need.subject, State.REFUSED, "Permission denied", ask=number, store=need.store)
        return replace(lost, needs_root=True)
    reason = refused.get(name) or refused.get(f"{need.fact} *")
    if reason:
        return miss(need.fact, need.subject, State.REFUSED, reason, ask=number, store=need.store)
    if name in absent:
        return miss(need.fact, need.subject, State.ABSENT, "not there", ask=number, store=need.store)
    return Item(need.fact, need.subject, State.OBSERVED, value, None, number, store=need.store)
