"""Further keys of a service: commands before and after its own, times, signals, folders, its log."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from qtctl.model.expect import Expect, Unfit
from qtctl.model.fields import PART, Choice, Node, Number, Plain, Setting, Span, Switch, check_plain, says

AccountName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$", max_length=31),
    Expect("the name of a group: letters, digits and _ . -, at most 31"),
]
DocumentationUri = Annotated[
    str,
    StringConstraints(pattern=r"^(https?://|file:/|info:|man:)[!#-&(-\[\]-~]+$"),
    Expect('an address that begins with https://, http://, file:/, info: or man:, such as "man:redis-server(1)"'),
]
Umask = Annotated[str, StringConstraints(pattern=r"^0?[0-7]{1,4}$"), Expect('a file mode mask, such as "0027"')]
FolderMode = Annotated[str, StringConstraints(pattern=r"^[0-7]?[0-7]{1,4}$"), Expect('a file mode, such as "0750"')]
_PART = r"\.{0,2}[A-Za-z0-9_@%-]([A-Za-z0-9_.@% -]*[A-Za-z0-9_.@%-])?"
FolderName = Annotated[
    str,
    StringConstraints(pattern=rf"^{_PART}(/{_PART})*(:[A-Za-z0-9_.@%:/-]*)?$"),
    Plain,
    Expect('the name of a folder, not an absolute path, such as "app" or "app/cache"'),
]
"""Relative: systemd puts it below /var/lib, /var/log, /var/cache, /run or /etc. From 250 on `NAME:LINK` adds a link."""
Signal = Annotated[
    str,
    StringConstraints(
        pattern=r"^([0-9]{1,2}|(SIG)?(HUP|INT|QUIT|ILL|TRAP|ABRT|BUS|FPE|KILL|USR1|SEGV|USR2|PIPE|ALRM|TERM|STKFLT|CHLD|CONT|STOP|TSTP"
        r"|TTIN|TTOU|URG|XCPU|XFSZ|VTALRM|PROF|WINCH|IO|PWR|SYS|RTMIN(\+([0-9]|[12][0-9]|30))?|RTMAX(-[0-9]+)?))$"
    ),
    Expect('the name of a signal, such as "SIGTERM"'),
]
Output = Annotated[
    str,
    StringConstraints(
        pattern=r"^((journal|kmsg|syslog)(\+console)?|null|inherit|tty|socket|fd(:.+)?|(append|file|truncate):[/%].*)$"
    ),
    Plain,
    Expect('what systemd may connect it to, such as "journal", "null", "inherit" or "append:/var/log/app.log"'),
]
Identifier = Annotated[
    str,
    StringConstraints(pattern=r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$", max_length=200),
    Expect("a name on one line, without spaces around it"),
]
Namespace = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*$", max_length=200),
    Expect("a name of letters, digits and _ . -"),
]

_PREFIXES = "-+!"


def _put_program_first(argv: tuple[str, ...]) -> tuple[str, ...]:
    if not argv or not argv[0].lstrip(_PREFIXES).startswith("/"):
        message = "the first word is the program's absolute path, optionally with - + or ! in front"
        raise Unfit(message, "does not begin with the absolute path of a program")
    check_plain(argv[0])
    return argv


Command = Annotated[
    tuple[str, ...],
    AfterValidator(_put_program_first),
    Field(min_length=1),
    Expect('the absolute path of a program and its arguments, such as ["/usr/bin/test", "-e", "/srv"]'),
]
"""Program and arguments. `-` before the program: it may fail; `+` or `!`: it runs with more rights than the service."""
AnyCommand = Annotated[
    Command | Setting,
    Expect('a list, such as ["/usr/bin/test", "-e", "/srv"], or one line of text, as systemd reads it'),
]
"""A list is the argv that the process gets, character by character; a text is a line as systemd reads it."""


class Commands(Node):
    """Commands that run before and after the service's own, in order."""

    model_config = PART

    condition: tuple[AnyCommand, ...] = says("ExecCondition", ())
    start_pre: tuple[AnyCommand, ...] = says("ExecStartPre", ())
    start_post: tuple[AnyCommand, ...] = says("ExecStartPost", ())
    reload: tuple[AnyCommand, ...] = says("ExecReload", ())
    stop: tuple[AnyCommand, ...] = says("ExecStop", ())
    stop_post: tuple[AnyCommand, ...] = says("ExecStopPost", ())


class Timeouts(Node):
    start: Span | None = says("TimeoutStartSec")
    stop: Span | None = says("TimeoutStopSec")
    abort: Span | None = says("TimeoutAbortSec")
    start_failure_mode: Setting | None = says("TimeoutStartFailureMode")
    stop_failure_mode: Setting | None = says("TimeoutStopFailureMode")
    runtime_max: Span | None = says("RuntimeMaxSec")
    runtime_randomized_extra: Span | None = says("RuntimeRandomizedExtraSec")
    watchdog: Span | None = says("WatchdogSec")
    clean: Span | None = says("TimeoutCleanSec")


class Kill(Node):
    model_config = PART
    mode: Literal["control-group", "mixed", "process", "none"] | None = says("KillMode")
    signal: Signal | None = says("KillSignal")
    restart_signal: Signal | None = says("RestartKillSignal")
    reload_signal: Signal | None = says("ReloadSignal")
    final_signal: Signal | None = says("FinalKillSignal")
    watchdog_signal: Signal | None = says("WatchdogSignal")
    send_sighup: Switch | None = says("SendSIGHUP")
    send_sigkill: Switch | None = says("SendSIGKILL")


class Directories(Node):
    """Folders that systemd makes for the service, owned by its user."""

    model_config = PART

    runtime: tuple[FolderName, ...] = says("RuntimeDirectory", ())
    runtime_mode: FolderMode | None = says("RuntimeDirectoryMode")
    runtime_preserve: Choice | None = says("RuntimeDirectoryPreserve")
    state: tuple[FolderName, ...] = says("StateDirectory", ())
    state_mode: FolderMode | None = says("StateDirectoryMode")
    cache: tuple[FolderName, ...] = says("CacheDirectory", ())
    cache_mode: FolderMode | None = says("CacheDirectoryMode")
    logs: tuple[FolderName, ...] = says("LogsDirectory", ())
    logs_mode: FolderMode | None = says("LogsDirectoryMode")
    configuration: tuple[FolderName, ...] = says("ConfigurationDirectory", ())
    configuration_mode: FolderMode | None = says("ConfigurationDirectoryMode")


class Log(Node):
    stdout: Output | None = says("StandardOutput")
    stderr: Output | None = says("StandardError")
    identifier: Identifier | Literal[""] | None = says("SyslogIdentifier")
    """None: the unit's name without its type. Empty: systemd's own, the name of the program."""
    namespace: Namespace | None = says("LogNamespace")
    rate_interval: Span | None = says("LogRateLimitIntervalSec")
    rate_burst: Annotated[Number, Field(ge=0)] | None = says("LogRateLimitBurst")
    level_max: Number | Setting | None = says("LogLevelMax")
    extra_fields: tuple[Setting, ...] = says("LogExtraFields", ())
    filter_patterns: tuple[Setting, ...] = says("LogFilterPatterns", ())
    facility: Setting | None = says("SyslogFacility")
    level: Setting | None = says("SyslogLevel")
    level_prefix: Switch | None = says("SyslogLevelPrefix")


class Terminal(Node):
    """Where the process reads its input from, and its terminal."""

    model_config = PART

    stdin: Setting | None = says("StandardInput")
    stdin_text: tuple[Setting, ...] = says("StandardInputText", ())
    path: Setting | None = says("TTYPath")
    reset: Switch | None = says("TTYReset")
    hang_up: Switch | None = says("TTYVHangup")
    deallocate: Switch | None = says("TTYVTDisallocate")
    rows: Number | None = says("TTYRows")
    columns: Number | None = says("TTYColumns")
    utmp_identifier: Setting | None = says("UtmpIdentifier")
    utmp_mode: Setting | None = says("UtmpMode")


class Process(Node):
    """How systemd follows the main process."""

    model_config = PART

    bus_name: Setting | None = says("BusName")
    notify_access: Setting | None = says("NotifyAccess")
    guess_main_pid: Switch | None = says("GuessMainPID")
    exit_type: Setting | None = says("ExitType")
    oom_policy: Setting | None = says("OOMPolicy")
    sockets: tuple[str, ...] = says("Sockets", ())
    file_descriptor_store_max: Number | None = says("FileDescriptorStoreMax")
    file_descriptor_store_preserve: Choice | None = says("FileDescriptorStorePreserve")
    open_files: tuple[Setting, ...] = says("OpenFile", ())
    non_blocking: Switch | None = says("NonBlocking")
    ignore_sigpipe: Switch | None = says("IgnoreSIGPIPE")
    pam_name: Setting | None = says("PAMName")
    set_login_environment: Choice | None = says("SetLoginEnvironment")
    exec_search_path: Setting | tuple[Setting, ...] | None = says("ExecSearchPath")
    coredump_filter: Setting | None = says("CoredumpFilter")
