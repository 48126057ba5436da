"""Values of directives with their own form or vocabulary: what systemd takes of them, and what it drops.

For lint only. systemd often drops a bad word of a list and takes the others, so this does not tell whether an
assignment counts: `values.explain_value_trouble` does.
"""

import errno
import re
from collections.abc import Callable, Iterable
from functools import partial

from qtctl.dialects.systemd import single_forms, size, timespan
from qtctl.dialects.systemd.assigned import is_listen_value
from qtctl.dialects.systemd.booleans import parse_boolean
from qtctl.dialects.systemd.choices import find_choice_check, parse_integer
from qtctl.dialects.systemd.directives import LISTENS
from qtctl.dialects.systemd.splitting import Escapes, split, split_plain_words
from qtctl.dialects.systemd.table.words import WordSet, find_nearest_word, list_words
from qtctl.errors import InputError

Check = Callable[[str], str | None]

_SPECIFIER = re.compile("%[A-Za-z%]")
_MOST_CPUS = 8192
_HIGHEST_STATUS, _HIGHEST_ERRNO, _HIGHEST_CAPABILITY = 255, 4095, 63
_HIGHEST_PORT = 65535
_MACHINES = frozenset(
    split_plain_words("""
    vm container private-users qemu kvm amazon zvm vmware microsoft oracle powervm xen bochs uml parallels bhyve qnx
    acrn apple sre google lxc lxc-libvirt systemd-nspawn openvz docker podman rkt wsl proot pouch
    vm-other container-other
""")
)
_MODULES = frozenset(
    split_plain_words("""
    selinux apparmor tomoyo smack ima audit uefi-secureboot tpm2 cvm measured-uki
""")
)
_CONTROLLERS = frozenset(
    split_plain_words("""
    cpu cpuacct cpuset io blkio memory devices pids bpf-firewall bpf-devices bpf-foreign bpf-socket-bind
    bpf-restrict-network-interfaces
""")
)
_NAMESPACES = frozenset(["cgroup", "ipc", "net", "mnt", "pid", "user", "uts", "time"])
_MOUNT_FLAGS = frozenset(["shared", "slave", "private"])
_PROTOCOLS = frozenset(["udplite", "sctp", "mptcp"])
_TOS = frozenset(["low-delay", "throughput", "reliability", "low-cost"])
_DUMPED = frozenset(
    split_plain_words("""
    private-anonymous shared-anonymous private-file-backed shared-file-backed elf-headers private-huge shared-huge
    private-dax shared-dax default all
""")
)
_ADDRESSES = frozenset(["any", "localhost", "link-local", "multicast"])
_BIND = re.compile(r"(?:ipv[46]:?)?(?:(?:tcp|udp):?)?(any|[0-9]{1,5}(?:-[0-9]{1,5})?)?")
_DEVICE = re.compile(r"(/dev/|/run/systemd/inaccessible/|(char|block)-)\S*( +[rwm]{1,3})?")
_INPUT = re.compile(r"null|tty|tty-force|tty-fail|socket|fd(:[^/:]+)?|data|file:[/%].*")
_FIELD = re.compile(r"[A-Z][A-Z0-9_]{0,63}=.*", re.DOTALL)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNSET = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(=.*)?", re.DOTALL)
_URI = re.compile(r"(https?|file|info|man):\S+")
_SHARE = re.compile(r"(100|[0-9]{1,2}(\.[0-9]{1,2})?)%|[0-9]{1,4}[\u2030\u2031]")
_LAST_RANGE = re.compile(r"([0-9]+)(?:-([0-9]+))?")
_SIGNAL = find_choice_check("", "SIGNAL", 0)


def find_form_trouble(key: str, kind: str, value: str) -> str | None:
    """What systemd would refuse in `value`, without showing it. None if it takes all of it, or the form is unknown."""
    check = _BY_KEY.get(key) or _BY_KIND.get(kind)
    if check is None or not value or _SPECIFIER.search(value):
        return None
    return check(value)


def find_zone_trouble(expression: str) -> str | None:
    """Why systemd would refuse the time zone at the end of a calendar expression; None if it has none, or a known one.

    A word of letters may be anything else: only what has the form of a time zone is judged.
    """
    last = expression.strip().rpartition(" ")[2]
    if "/" not in last or not last[:1].isalpha() or last in list_words(WordSet.ZONES):
        return None
    if not re.fullmatch(r"[A-Z][A-Za-z_]+(/[A-Za-z0-9_+-]+)+", last):
        return None
    return f"has an unknown time zone{_suggest_word(WordSet.ZONES, last)}"


def _suggest_word(of: WordSet, word: str) -> str:
    near = find_nearest_word(of, word)
    return f" (did you mean {near}?)" if near else ""


def _add_article(what: str) -> str:
    if what.startswith("one of "):
        return what
    return f"{'an' if what[0] in 'aeiou' else 'a'} {what}"


def _make_word_check(what: str, holds: Callable[[str], bool], *, inverts: bool = False) -> Check:
    """A list in which each word has a form."""

    def check(value: str) -> str | None:
        try:
            words = split(value.removeprefix("~") if inverts else value, Escapes.C)
        except InputError:
            return None  # QT110 reports its quotes
        return None if all(map(holds, words)) else f"has a word that is not {_add_article(what)}"

    return check


def _make_check(what: str, holds: Callable[[str], bool]) -> Check:
    return lambda value: None if holds(value) else f"is not {_add_article(what)}"


def _make_set_check(what: str, of: WordSet, words: Iterable[str] = (), *, fold: Callable[[str], str] = str) -> Check:
    """A list of words from a set, perhaps after a `~`."""
    more = frozenset(words)

    def check(value: str) -> str | None:
        for word in split_plain_words(value.removeprefix("~")):
            if fold(word) not in list_words(of) and word not in more:
                return f"names something that is not {_add_article(what)}{_suggest_word(of, fold(word))}"
        return None

    return check


def _check_capabilities(value: str) -> str | None:
    words = (
        word for word in split_plain_words(value.removeprefix("~")) if not _is_within(word, 0, _HIGHEST_CAPABILITY)
    )
    return _make_set_check("capability", WordSet.CAPABILITIES, fold=str.upper)(" ".join(words))


def _check_syscalls(value: str) -> str | None:
    """`name` or `@group`, each perhaps with `:` and the error to return."""
    calls = [word.partition(":") for word in split_plain_words(value.removeprefix("~"))]
    if not value.startswith("~") and any(colon for _, colon, _ in calls):
        return "names an error for what it allows, which only a list with ~ may"
    if any(colon and _is_error_number(error) for _, colon, error in calls):
        return "names something that is not an error"
    return _make_set_check("system call", WordSet.SYSCALLS)(" ".join(name for name, _, _ in calls))


def _is_error_number(value: str) -> str | None:
    known = value == "kill" or value in errno.errorcode.values() or _is_within(value, 0, _HIGHEST_ERRNO)
    return None if known else "is not an error number or name"


def _check_families(value: str) -> str | None:
    return None if value == "none" else _make_set_check("address family", WordSet.ADDRESS_FAMILIES)(value)


def _check_namespaces(value: str) -> str | None:
    return (
        None
        if parse_boolean(value) is not None
        else _make_word_check("namespace", _NAMESPACES.__contains__, inverts=True)(value)
    )


def _check_controllers(value: str) -> str | None:
    return (
        None if parse_boolean(value) is not None else _make_word_check("controller", _CONTROLLERS.__contains__)(value)
    )


def _check_statuses(value: str) -> str | None:
    for word in split_plain_words(value):
        signal = _SIGNAL is not None and _SIGNAL(word) is None
        if not (signal or _is_within(word, 0, _HIGHEST_STATUS) or word in list_words(WordSet.EXIT_STATUSES)):
            return f"names something that is not an exit status or signal{_suggest_word(WordSet.EXIT_STATUSES, word)}"
    return None


def _is_within(text: str, low: int, high: int) -> bool:
    number = parse_integer(text)
    return number is not None and low <= number <= high


def _make_cpu_check(words: Iterable[str] = ()) -> Check:
    more = frozenset(words)

    def check(value: str) -> str | None:
        ranges = (each for each in re.split(r"[\s,]+", value.strip()) if each)
        return None if value in more or all(map(_is_range, ranges)) else "is not a list of numbers and ranges"

    return check


def _is_range(text: str) -> bool:
    found = _LAST_RANGE.fullmatch(text)
    return found is not None and int(found[1]) <= int(found[2] or found[1]) < _MOST_CPUS


def _make_device_check(what: str, holds: Callable[[str], bool]) -> Check:
    """A path, and what may follow it."""

    def check(value: str) -> str | None:
        path, _, rest = value.partition(" ")
        return None if _is_path(path) and holds(rest.strip()) else f"is not a path with {what}"

    return check


def _is_read(read: Callable[[str], int], text: str) -> bool:
    try:
        read(text)
    except InputError:
        return False
    return True


def _is_path(text: str) -> bool:
    """Optionally with a prefix that lists allow, such as `-`."""
    return single_forms.is_absolute_path(text.lstrip("-+!|"))


def _is_bound(text: str) -> bool:
    """SOURCE:TARGET:OPTIONS, where the first may have a `-` before it."""
    source, _, rest = text.partition(":")
    target, _, options = rest.partition(":")
    return _is_path(source) and (not target or _is_path(target)) and options in ("", "rbind", "norbind")


def _is_address(text: str) -> bool:
    from ipaddress import ip_network  # noqa: PLC0415 - few units have one

    try:
        return text in _ADDRESSES or bool(ip_network(text, strict=False))
    except ValueError:
        return False


def _is_bind(text: str) -> bool:
    found = _BIND.fullmatch(text)
    if not text or found is None:
        return False
    first, _, last = (found[1] or "any").partition("-")
    return first == "any" or 0 < int(first) <= int(last or first) <= _HIGHEST_PORT


def _is_whole(text: str) -> bool:
    number = parse_integer(text)
    return number is not None and -(2**31) <= number < 2**31


def _make_condition_check(check: Check) -> Check:
    """What follows the `|` and `!` of a condition."""
    return lambda value: check(value.lstrip("|! "))


def _is_rate(text: str) -> bool:
    return text == "infinity" or _is_read(size.parse_bytes, text)


def _make_matcher(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.fullmatch(text) is not None


def _is_personality(text: str) -> bool:
    return text in list_words(WordSet.ARCHITECTURES)


_CPUS, _MEMORY_NODES = _make_cpu_check(), _make_cpu_check(("all",))
_STATUS = _make_check(f"exit status from 0 to {_HIGHEST_STATUS}", lambda text: _is_within(text, 0, _HIGHEST_STATUS))
_INTEGER = _make_check("whole number", _is_whole)
_RATE = _make_device_check("a rate", _is_rate)
_PATHS = _make_word_check("absolute path", _is_path)
_PATH = _make_check("absolute path", _is_path)
_SOURCE = _make_check("absolute path with a - before it or not", lambda text: _is_path(text.removeprefix("-")))
_CONDITION_PATHS = (
    "PathExists PathExistsGlob PathIsDirectory PathIsSymbolicLink PathIsMountPoint PathIsReadWrite PathIsEncrypted "
    "DirectoryNotEmpty FileNotEmpty FileIsExecutable NeedsUpdate"
)
_CONDITIONS: dict[str, Check] = {
    **dict.fromkeys(_CONDITION_PATHS.split(), _PATH),
    "Architecture": _make_set_check("architecture", WordSet.ARCHITECTURES, ("native",)),
    "Capability": _make_set_check("capability", WordSet.CAPABILITIES, fold=str.upper),
    "Security": _make_check("security technology", _MODULES.__contains__),
    "Virtualization": _make_check("machine", lambda text: parse_boolean(text) is not None or text in _MACHINES),
}
_BY_KEY: dict[str, Check] = {
    **{
        f"{kind}{name}": _make_condition_check(check)
        for kind in ("Condition", "Assert")
        for name, check in _CONDITIONS.items()
    },
    **{key: _make_check("address to listen on", partial(is_listen_value, key)) for key in LISTENS},
    "Priority": _INTEGER,
    **dict.fromkeys(("AllowedCPUs", "StartupAllowedCPUs", "AllowedMemoryNodes", "StartupAllowedMemoryNodes"), _CPUS),
    **dict.fromkeys(("FailureActionExitStatus", "SuccessActionExitStatus"), _STATUS),
    **dict.fromkeys(("Delegate", "DisableControllers"), _check_controllers),
    **dict.fromkeys(
        ("IPAddressAllow", "IPAddressDeny"),
        _make_word_check("address", _is_address),
    ),
    **dict.fromkeys(("SocketBindAllow", "SocketBindDeny"), _make_check("family, protocol and port", _is_bind)),
    **dict.fromkeys(("IOReadBandwidthMax", "IOWriteBandwidthMax", "IOReadIOPSMax", "IOWriteIOPSMax"), _RATE),
    **dict.fromkeys(("BlockIOReadBandwidth", "BlockIOWriteBandwidth"), _RATE),
    **dict.fromkeys(("EnvironmentFile", "IPEgressFilterPath", "IPIngressFilterPath"), _SOURCE),
    **dict.fromkeys(
        ("BlockIOWeight", "StartupBlockIOWeight"),
        _make_check("weight from 10 to 1000", lambda text: _is_within(text, 10, 1000)),
    ),
    "RequiresMountsFor": _make_word_check("absolute path", single_forms.is_absolute_path),
    "CPUAffinity": _make_cpu_check(("numa",)),
    "NUMAMask": _MEMORY_NODES,
    "CPUSchedulingPriority": _make_check("number from 0 to 99", lambda text: _is_within(text, 0, 99)),
    "CoredumpFilter": _make_check(
        "part of memory", lambda text: all(each in _DUMPED or _is_hex(each) for each in split_plain_words(text))
    ),
    "LogExtraFields": _make_word_check("FIELD=value", _make_matcher(_FIELD)),
    "ManagedOOMMemoryPressureLimit": _make_check("percentage", _make_matcher(_SHARE)),
    "PassEnvironment": _make_word_check("name of a variable", _make_matcher(_VARIABLE)),
    "UnsetEnvironment": _make_word_check("name of a variable", _make_matcher(_UNSET)),
    "RestrictFileSystems": _make_set_check("file system", WordSet.FILESYSTEMS),
    "SocketProtocol": _make_check(f"one of {', '.join(sorted(_PROTOCOLS))}", _PROTOCOLS.__contains__),
    "MountImages": _make_word_check("absolute path", lambda text: _is_path(text.partition(":")[0])),
    "ExtensionImages": _make_word_check("absolute path", lambda text: _is_path(text.partition(":")[0])),
    "TemporaryFileSystem": _make_word_check("absolute path", lambda text: _is_path(text.partition(":")[0])),
    "RootHash": _make_check("absolute path or hash", single_forms.is_root_hash),
    "RootHashSignature": _make_check("absolute path or signature in base64", single_forms.is_root_hash_signature),
    "BPFProgram": _make_check("TYPE:PATH of a BPF program", single_forms.is_bpf_program),
    "BusName": _make_check("name on the bus", single_forms.is_bus_name),
    "LimitNICE": _make_check("nice level or limit", single_forms.is_nice_limit),
    **dict.fromkeys(
        ("SetCredential", "SetCredentialEncrypted"),
        _make_check("name and value of a credential", single_forms.is_set_credential),
    ),
    **dict.fromkeys(
        ("LoadCredential", "LoadCredentialEncrypted"),
        _make_check("name and source of a credential", single_forms.is_loaded_credential),
    ),
    "Symlinks": _PATHS,
    "Sockets": _make_word_check("socket", lambda text: text.endswith(".socket")),
    "AmbientCapabilities": _check_capabilities,
    "CapabilityBoundingSet": _check_capabilities,
}
_BY_KIND: dict[str, Check] = {
    "SYSCALLS": _check_syscalls,
    "ARCHS": _make_set_check("architecture", WordSet.ARCHITECTURES, ("native", "x32", "mips64-n32", "mips64-le-n32")),
    "FAMILIES": _check_families,
    "NAMESPACES": _check_namespaces,
    "PERSONALITY": _make_check("architecture", _is_personality),
    "ERRNO": _is_error_number,
    "STATUS": _check_statuses,
    "INPUT": _make_check("place that input comes from", _make_matcher(_INPUT)),
    "DEVICE": _make_check("device with rights of r, w and m", _make_matcher(_DEVICE)),
    "DEVICEWEIGHT": _make_device_check("a weight", lambda text: _is_within(text, 1, 10000)),
    "DEVICELATENCY": _make_device_check("a time", lambda text: _is_read(timespan.parse_microseconds, text)),
    "MOUNTFLAG [...]": _make_check("propagation of mounts", _MOUNT_FLAGS.__contains__),
    "PATH [...]": _PATHS,
    "PATH[:PATH[:OPTIONS]] [...]": _make_word_check("absolute path", _is_bound),
    "TOS": _make_check("type of service", lambda text: text in _TOS or _is_within(text, 0, 255)),
    "SHARES": _make_check("share from 2 to 262144", lambda text: _is_within(text, 2, 262144)),
    "INTEGER": _INTEGER,
    "LONG": _INTEGER,
    "URL": _make_word_check("address of a page or manual", _make_matcher(_URI)),
}


def _is_hex(text: str) -> bool:
    return re.fullmatch(r"(0[xX])?[0-9A-Fa-f]{1,8}", text) is not None
