"""Commands that an ordinary user can paste on the host, with the exact line each printed. Subjects are shell-quoted."""

import json
from collections.abc import Sequence

from qtctl.dialects.hosts import PATH as HOSTS
from qtctl.dialects.shell import quote
from qtctl.dialects.systemd.properties import Property, Shape
from qtctl.dialects.systemd.unit_name import make_object_path
from qtctl.model.account_facts import Account, Group
from qtctl.model.desired_store import DesiredStore
from qtctl.model.desired_unit import Listener
from qtctl.model.evidence import Need
from qtctl.model.facts import File
from qtctl.model.json import Json
from qtctl.rules.rule import ProofSource

EACH_FIELD_OF_GROUP = 'NR%2{f=$0;next} f=="name"{n=$0} n""==g""&&f==k{print f, $0}'

MEMORY_FULL = (
    '$1=="used_memory"{u=$2} $1=="mem_not_counted_for_evict"{n=$2} $1=="maxmemory"{m=$2} '
    'END{print (m > 0 && u - n >= m) ? "full" : "not full"}'
)
COUNT_OF_GROUP = 'NR%2{f=$0;next} f=="name"&&$0""==g""{n++} END{print n+0}'


def _format_unit(name: str) -> str:
    return f"-- {quote(name)}" if name.startswith("-") else quote(name)


def prove_unit_property(need: Need, unit: str, name: str, value: object) -> ProofSource:
    """`name` is the property as systemctl prints it: ActiveState, UnitFileState."""
    return ProofSource(need, f"systemctl show -p {name} {_format_unit(unit)}", f"{name}={value}")


def prove_loaded_property(need: Need, unit: str, shown: Property, value: Json) -> ProofSource:
    """As on the bus: `systemctl show` has its own spelling for times and lists."""
    if shown.shape is Shape.COMMANDS:
        programs = [each[0] for each in value if isinstance(each, list)] if isinstance(value, list) else []
        show = f"systemctl show -p {shown.name} --value {_format_unit(unit)}"
        return ProofSource(
            need, f"{show} | grep -o 'path=[^ ;]*' | tail -n 1", f"path={programs[-1]}" if programs else ""
        )
    interface = f"org.freedesktop.systemd1.{shown.interface}"
    get = f"busctl --json=short get-property org.freedesktop.systemd1 {make_object_path(unit)} {interface} {shown.name}"
    line = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return ProofSource(need, f"{get} | grep -o '\"data\":.*'", f'"data":{line}}}')


def prove_enablement(need: Need, unit: str, state: str) -> ProofSource:
    """For any unit file, including templates, which `systemctl show` refuses."""
    return ProofSource(need, f"systemctl is-enabled {_format_unit(unit)}", state)


def prove_reference(need: Need, unit: str, directive: str, missing: str) -> ProofSource:
    show = f"systemctl show --value -p {directive} {_format_unit(unit)}"
    return ProofSource(need, f"{show} | tr ' ' '\\n' | grep -Fx -- {quote(missing)}", missing)


def prove_presence(need: Need, path: str, *, present: bool) -> ProofSource:
    """A dangling link is present."""
    name = quote(path)
    again = f"{{ test -e {name} || test -L {name}; }} && echo present || echo absent"
    return ProofSource(need, again, "present" if present else "absent")


def prove_permissions(need: Need, path: str, file: File) -> ProofSource:
    return ProofSource(need, f"stat -c '%a %U:%G' {quote(path)}", f"{int(file.mode, 8):o} {file.owner}:{file.group}")


def prove_kind(need: Need, path: str, file: File) -> ProofSource:
    """A link by where it leads, a directory by its slash: what `ls -F` users expect, from tools that print one line."""
    if file.kind == "link":
        return ProofSource(need, f"readlink {quote(path)}", file.target)
    if file.kind == "socket":
        return is_socket(need, path, yes=True)
    tests = f"test -f {quote(path)} && echo file || {{ test -d {quote(path)} && echo dir || echo other; }}"
    return ProofSource(need, tests, file.kind)


def is_socket(need: Need, path: str, *, yes: bool) -> ProofSource:
    return ProofSource(
        need, f"test -S {quote(path)} && echo socket || echo no socket", "socket" if yes else "no socket"
    )


def digest(need: Need, path: str, sha256: str) -> ProofSource:
    return ProofSource(need, f"sha256sum {quote(path)}", f"{sha256}  {path}")


def prove_account(need: Need, found: Account) -> ProofSource:
    """Without the comment field, which is private."""
    line = f"{found.name}:{found.uid}:{found.gid}:{found.home}:{found.shell}"
    return ProofSource(need, f"getent passwd {quote(found.name)} | cut -d: -f1,3,4,6,7", line)


def prove_no_account(need: Need, name: str) -> ProofSource:
    return ProofSource(need, f"getent passwd {quote(name)} || echo absent", "absent")


def group(need: Need, found: Group) -> ProofSource:
    return ProofSource(need, f"getent group {quote(found.name)} | cut -d: -f1,3", f"{found.name}:{found.gid}")


def prove_no_group(need: Need, name: str) -> ProofSource:
    return ProofSource(need, f"getent group {quote(name)} || echo absent", "absent")


def prove_not_in_group(need: Need, user: str, name: str) -> ProofSource:
    return ProofSource(need, f"id -nG {quote(user)} | tr ' ' '\\n' | grep -cFx -- {quote(name)}", "0")


def prove_alias(need: Need, name: str, addresses: Sequence[str]) -> ProofSource:
    """The addresses of a name in the hosts file, one per line."""
    wanted = name.lower().replace("\\", "\\\\").replace('"', '\\"')
    program = f'{{sub(/#.*/, "")}} {{for (i = 2; i <= NF; i++) if (tolower($i) == "{wanted}") print $1}}'
    again = f"awk {quote(program)} {HOSTS}"
    return ProofSource(need, f"{again} | grep . || echo absent", addresses[0] if addresses else "absent")


def _format_sockets_command(port: Listener, options: str = "") -> str:
    return _format_ss_command(port.protocol, port.port, options)


def _format_ss_command(protocol: str, number: int, options: str = "") -> str:
    family = "u" if protocol == "udp" else "t"
    return f"ss -H -ln{family}{options} 'sport = :{number}'"


def prove_no_listener(need: Need, port: Listener) -> ProofSource:
    return ProofSource(need, f"{_format_sockets_command(port)} | wc -l", "0")


def prove_other_address(need: Need, port: Listener) -> ProofSource:
    """Someone listens on the port, but not at the declared address."""
    address = quote(f"{port.address}:{port.port}")
    return ProofSource(need, f"{_format_sockets_command(port)} | awk '{{print $4}}' | grep -cFx -- {address}", "0")


def prove_listener(need: Need, port: Listener, row: list[str]) -> ProofSource:
    return ProofSource(need, f"{_format_sockets_command(port)} | awk '{{print $4}}'", _find_local(row))


def prove_full_queue(need: Need, port: Listener, row: list[str]) -> ProofSource:
    again = f"{_format_sockets_command(port)} | awk '$2 > $3 {{print $4}}'"
    return ProofSource(need, again, _find_local(row))


def prove_owner(need: Need, port: Listener, row: list[str]) -> ProofSource:
    """The listening address with the control group of its socket, which names the unit without root."""
    return prove_socket_owner(need, port.protocol, row)


def prove_socket_owner(need: Need, protocol: str, row: list[str]) -> ProofSource:
    group = next((word for word in reversed(row[3].split()) if word.startswith("cgroup:")), "")
    number = int(row[1])
    if not group:
        return ProofSource(need, f"{_format_ss_command(protocol, number)} | awk '{{print $4}}'", _find_local(row))
    return ProofSource(
        need,
        f"{_format_ss_command(protocol, number, ' --cgroup')} | awk '{{print $4, $NF}}'",
        f"{_find_local(row)} {group}",
    )


def _find_local(row: list[str]) -> str:
    """Local address and port as ss printed them."""
    address, port, _, line = row
    return next((word for word in line.split() if word.endswith(f":{port}")), f"{address}:{port}")


def prove_link_end(need: Need, path: str, resolved: str) -> ProofSource:
    """Where its links end, even if nothing is there."""
    return ProofSource(need, f"readlink -m {quote(path)}", resolved)


def prove_interpreter(need: Need, interpreter: str, status: int) -> ProofSource:
    """Only for an interpreter that nobody but root can change: a proof never asks anyone to run another."""
    return ProofSource(need, f"timeout 10 {quote(interpreter)} -I -S -E -B -c pass; echo $?", str(status))


def prove_executable(need: Need, path: str, *, yes: bool) -> ProofSource:
    test = f"test -f {quote(path)} && test -x {quote(path)}"
    return ProofSource(
        need, f"{test} && echo executable || echo not executable", "executable" if yes else "not executable"
    )


def _format_redis_command(store: DesiredStore, *words: str) -> str:
    """The password of a store comes from the reader's environment, under the registry's name for it."""
    password = f'REDISCLI_AUTH="${store.password_env}" ' if store.password_env else ""
    arguments = " ".join(quote(word) for word in words)
    return f"{password}timeout 10 redis-cli {_format_place(store)}{_format_login(store)} {arguments}"


def _format_place(store: DesiredStore) -> str:
    """Its address for redis-cli, with the files for TLS at the same paths as where qtctl runs."""
    if store.socket:
        return f"-s {quote(store.socket)}"
    files = (
        (("--cacert", store.tls.ca), ("--cert", store.tls.certificate), ("--key", store.tls.key)) if store.tls else ()
    )
    tls = "".join(f" {option} {quote(file)}" for option, file in files if file)
    return f"-h {quote(store.address)} -p {store.port}{' --tls' if store.tls else ''}{tls}"


def _format_login(store: DesiredStore) -> str:
    """User and database for redis-cli."""
    user = f" --user {quote(store.user)}" if store.user else ""
    return f"{user} -n {store.db}" if store.db else user


def prove_no_answer(need: Need, store: DesiredStore) -> ProofSource:
    if store.socket:
        return prove_no_unix_listener(need, store.socket)
    line = f"Could not connect to Redis at {store.address}:{store.port}: Connection refused"
    return ProofSource(need, f"{_format_redis_command(store, 'PING')} 2>&1", line)


def prove_no_unix_listener(need: Need, path: str) -> ProofSource:
    """Nobody listens on a unix socket at that path."""
    return ProofSource(need, f"ss -H -lnx | awk '{{print $5}}' | grep -cFx -- {quote(path)}", "0")


def prove_info(need: Need, store: DesiredStore, field: str, value: object) -> ProofSource:
    """A line of INFO, without its carriage return."""
    return ProofSource(
        need, f"{_format_redis_command(store, 'INFO')} | tr -d '\\r' | grep -x {quote(field)}:.*", f"{field}:{value}"
    )


def prove_held_client(need: Need, store: DesiredStore, command: str) -> ProofSource:
    """A client that Redis keeps waiting in a command."""
    shown = _format_redis_command(store, "CLIENT", "LIST")
    return ProofSource(
        need, f"{shown} | grep -E ' flags=[^ ]*b' | grep -o 'cmd={command}' | head -n 1", f"cmd={command}"
    )


def prove_refused_right(need: Need, store: DesiredStore, argv: Sequence[str], refused: str) -> ProofSource:
    """What ACL DRYRUN says against a command; it runs nothing."""
    return ProofSource(need, _format_redis_command(store, *argv), refused)


def prove_memory_full(need: Need, store: DesiredStore) -> ProofSource:
    again = f"{_format_redis_command(store, 'INFO', 'memory')} | tr -d '\\r' | awk -F: '{MEMORY_FULL}'"
    return ProofSource(need, again, "full")


def prove_key_type(need: Need, store: DesiredStore, key: str, kind_of_key: str) -> ProofSource:
    """`none` for a key that does not exist."""
    return ProofSource(need, _format_redis_command(store, "TYPE", key), kind_of_key)


def prove_expiry(need: Need, store: DesiredStore, key: str, *, yes: bool) -> ProofSource:
    """Whether it expires, not when: that changes every second."""
    again = f"{_format_redis_command(store, 'TTL', key)} | grep -qx -- -1 && echo stays || echo expires"
    return ProofSource(need, again, "expires" if yes else "stays")


def prove_newest_entry(need: Need, store: DesiredStore, key: str, last_id: str) -> ProofSource:
    """Filtered: the rest of the reply has the content of entries."""
    return ProofSource(
        need, f"{_format_redis_command(store, 'XINFO', 'STREAM', key)} | grep -A1 -x last-generated-id", last_id
    )


def prove_stream_field(need: Need, store: DesiredStore, key: str, field: str, value: object) -> ProofSource:
    """A field of XINFO STREAM and its value on one line; the content of entries is left out."""
    again = (
        f"{_format_redis_command(store, 'XINFO', 'STREAM', key)} | grep -A1 -x -m1 {quote(field)} | paste -d ' ' - -"
    )
    return ProofSource(need, again, f"{field} {value}")


def prove_clock(need: Need, store: DesiredStore, now_us: int) -> ProofSource:
    """Redis's time in seconds since the epoch: a minute later it prints a minute more."""
    return ProofSource(need, f"{_format_redis_command(store, 'TIME')} | head -n 1", str(now_us // 1_000_000))


def prove_group_count(need: Need, store: DesiredStore, key: str, group: str, count: int) -> ProofSource:
    """How many groups have the name: other values may look like it."""
    again = (
        f"{_format_redis_command(store, 'XINFO', 'GROUPS', key)} | awk -v g={_escape_for_awk(group)} '{COUNT_OF_GROUP}'"
    )
    return ProofSource(need, again, str(count))


def _escape_for_awk(text: str) -> str:
    """awk interprets escapes in -v values."""
    return quote(text.replace("\\", "\\\\"))


def group_field(
    need: Need, store: DesiredStore, group: tuple[str, str], field: str, value: int | str | None
) -> ProofSource:
    """`group` is stream and group name. Redis prints a NULL as an empty line."""
    key, name = group
    program = f"awk -v g={_escape_for_awk(name)} -v k={field} '{EACH_FIELD_OF_GROUP}'"
    line = f"{field} {'' if value is None else value}"
    return ProofSource(need, f"{_format_redis_command(store, 'XINFO', 'GROUPS', key)} | {program}", line)


def prove_pending_entry(
    need: Need, store: DesiredStore, group: tuple[str, str], id_: str, consumer: str
) -> ProofSource:
    """An entry that was delivered to a consumer and not acknowledged."""
    again = f"{_format_redis_command(store, 'XPENDING', *group, id_, id_, '1')} | head -n 2 | paste -d ' ' - -"
    return ProofSource(need, again, f"{id_} {consumer}")


def prove_key_found(need: Need, store: DesiredStore, pattern: str, key: str) -> ProofSource:
    """A key among those that SCAN finds for a pattern."""
    return ProofSource(
        need, f"{_format_redis_command(store, '--scan', '--pattern', pattern)} | grep -Fx -- {quote(key)}", key
    )


def prove_no_line(need: Need, path: str, line: str) -> ProofSource:
    """How many lines of a file are exactly this text."""
    return ProofSource(need, f"grep -Fxc -e {quote(line)} -- {quote(path)}", "0")
