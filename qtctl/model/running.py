"""The lesser keys of a service: commands around its own, times, signals, folders, its log."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from qtctl.model.fields import Node, Span

AccountName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$", max_length=31)]
DocumentationUri = Annotated[str, StringConstraints(pattern=r"^(https?://|file:/|info:|man:)[!#-&(-\[\]-~]+$")]
Umask = Annotated[str, StringConstraints(pattern=r"^0?[0-7]{3}$")]
FolderMode = Annotated[str, StringConstraints(pattern=r"^[0-7]?[0-7]{3}$")]
_PART = r"\.{0,2}[A-Za-z0-9_@-][A-Za-z0-9_.@-]*"
FolderName = Annotated[str, StringConstraints(pattern=rf"^{_PART}(/{_PART})*$")]
"""Relative: systemd puts it below /var/lib, /var/log, /var/cache or /run."""
Signal = Annotated[
    str,
    StringConstraints(
        pattern=r"^SIG(HUP|INT|QUIT|ILL|TRAP|ABRT|BUS|FPE|KILL|USR1|SEGV|USR2|PIPE|ALRM|TERM|STKFLT|CHLD|CONT|STOP|TSTP"
        r"|TTIN|TTOU|URG|XCPU|XFSZ|VTALRM|PROF|WINCH|IO|PWR|SYS|RTMIN(\+([0-9]|[12][0-9]|30))?)$"
    ),
]
Output = Annotated[str, StringConstraints(pattern=r"^(journal|kmsg|null|inherit|(append|file|truncate):/.*)$")]
Identifier = Annotated[str, StringConstraints(pattern=r"^[!-~]+$", max_length=200)]
Namespace = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*$", max_length=200)]

_PREFIXES = "-+!"


def _program_first(argv: tuple[str, ...]) -> tuple[str, ...]:
    if not argv or not argv[0].lstrip(_PREFIXES).startswith("/"):
        raise ValueError("the first word is the program's absolute path, which - + or ! may stand before")
    return argv


Command = Annotated[tuple[str, ...], AfterValidator(_program_first), Field(min_length=1)]
"""Program and arguments. `-` before the program: it may fail; `+` or `!`: it runs with more rights than the service."""


class Commands(Node):
    """Commands around the service's own, each a list of arguments, in their order."""

    start_pre: tuple[Command, ...] = ()
    start_post: tuple[Command, ...] = ()
    reload: tuple[Command, ...] = ()
    stop: tuple[Command, ...] = ()
    stop_post: tuple[Command, ...] = ()


class Timeouts(Node):
    start: Span | None = None
    stop: Span | None = None
    runtime_max: Span | None = None
    watchdog: Span | None = None


class Kill(Node):
    mode: Literal["control-group", "mixed", "process", "none"] | None = None
    signal: Signal | None = None


class Directories(Node):
    """Folders that systemd makes for the service, owned by its user."""

    runtime: tuple[FolderName, ...] = ()
    runtime_mode: FolderMode | None = None
    state: tuple[FolderName, ...] = ()
    state_mode: FolderMode | None = None
    cache: tuple[FolderName, ...] = ()
    cache_mode: FolderMode | None = None
    logs: tuple[FolderName, ...] = ()
    logs_mode: FolderMode | None = None


class Log(Node):
    stdout: Output | None = None
    stderr: Output | None = None
    identifier: Identifier | None = None
    namespace: Namespace | None = None
    rate_interval: Span | None = None
    rate_burst: int | None = Field(default=None, ge=0)
