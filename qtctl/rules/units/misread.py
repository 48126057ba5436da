"""QT110: text that systemd reads differently from how it looks. Values are not shown: they may hold secrets."""

import re
from collections.abc import Iterable, Iterator

from qtctl.dialects.lines import split_file_lines
from qtctl.dialects.systemd.fatal import can_be_fatal, find_fatal
from qtctl.dialects.systemd.forms import find_form_trouble
from qtctl.dialects.systemd.splitting import Escapes, split
from qtctl.dialects.systemd.table.lookup import find_kind
from qtctl.dialects.systemd.unit_name import is_template
from qtctl.dialects.systemd.unitfile import Line
from qtctl.dialects.systemd.values import explain_value_trouble, has_inline_comment
from qtctl.errors import InputError, Unrendered
from qtctl.findings.finding import Finding, Severity
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.desired_file import DesiredFile
from qtctl.model.origin import Origin
from qtctl.rules.locate import Keys, find_key_path, find_spot
from qtctl.rules.view import Declared, Unit, View, ViewRule, find_declared

_LETTER = "AaBbCDdEefGgHhIijJLlMmNnoPpqSsTtUuVvWwYy"
"""Specifiers of 247 to 257; systemd keeps a % before anything else."""
_DATE = re.compile(
    "%(?:Y{0}%[mj]|[yY]{0}%m|m{0}%[dYy]|d{0}%[mBbHI]|[Bb]{0}%d|[HI]{0}%M|M{0}%S)".replace("{0}", "[-:/. _T]*")
)
"""Two parts of a date or a time that stand beside each other: `%S/%p` is a folder, and `%H-%I` a name."""
_AFTER_DIGIT = re.compile(rf"[0-9]%[{_LETTER}]")
_INSTANCE = re.compile("%[iIjJ]")
_URL_ESCAPE = re.compile(r"%[A-F][0-9A-F]")
_WHOLE_VARIABLE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_VARIABLE = re.compile(r"(?<!\$)(?:\$\$)*\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""systemd replaces `$NAME` only as a whole word, and `${NAME}` anywhere in a word."""
_SET_BY_SYSTEMD = re.compile(
    "PATH|LANG|USER|LOGNAME|HOME|SHELL|TERM|PIDFILE|MAINPID|MANAGERPID|INVOCATION_ID|XDG_RUNTIME_DIR|JOURNAL_STREAM|"
    "(RUNTIME|STATE|CACHE|LOGS|CONFIGURATION|CREDENTIALS)_DIRECTORY|NOTIFY_SOCKET|LISTEN_(FDS|PID|FDNAMES)|"
    "WATCHDOG_(PID|USEC)|SERVICE_RESULT|EXIT_(CODE|STATUS)|SYSTEMD_EXEC_PID|MONITOR_[A-Z_]+|LOG_NAMESPACE|"
    "MEMORY_PRESSURE_(WATCH|WRITE)|TRIGGER_[A-Z_]+"
)
_PREFIXES = "-@:+!|"
_CRLF = "has lines that end with a carriage return"
_ENVIRONMENT = "env."
_EXPORT = re.compile(r"^[ \t]*export[ \t]")

_Trouble = tuple[Severity, str, str]


def judge_misread(view: View) -> Iterator[Finding]:
    version = view.systemd
    judged: dict[tuple[str, ...], tuple[_Trouble, ...]] = {}
    for unit in view.units:
        if b"\r" in unit.file.content:
            yield _make_file_finding(unit.subject, unit.file, _CRLF, "save the template with LF")
        for line in unit.parsed.directives:
            fatal = can_be_fatal(line.section, line.key)
            at = (line.section, line.key, line.value, unit.name if fatal else "@" * is_template(unit.name))
            if at not in judged:
                judged[at] = tuple(_list_troubles(line, unit.name, version))
            for severity, what, remedy in (*judged[at], *(_list_variables(unit, line) if view.is_whole(unit) else ())):
                yield QT110.make_broken(unit.subject, what, remedy, find_spot(view, unit, line), severity=severity)
    for file in view.desired.files:
        if file.kind == "env":
            yield from _judge_env(file)


def _list_troubles(line: Line, unit: str, version: int) -> Iterator[_Trouble]:
    kind = find_kind(line.section, line.key, version)
    if kind is None or not line.value:
        return
    executed, refused = kind == "PATH [ARGUMENT [...]]", _is_refused(line, kind, unit, version)
    if has_inline_comment(kind, line.value):
        what = f"{line.key}= has a # after its value: systemd has no such comments"
        yield Severity.ERROR, what, "put it on a line of its own"
    elif not refused and (trouble := explain_value_trouble(line.key, kind, line.value, version)):
        yield Severity.ERROR, f"{line.key}= {trouble}: systemd ignores the line", "fix the value"
    elif not refused and (trouble := find_form_trouble(line.key, kind, line.value)):
        yield Severity.ERROR, f"{line.key}= {trouble}: systemd does not accept it", "fix the value"
    percent = executed or kind in ("ENVIRON", "STRING")
    if percent and not refused and _is_percent(line.value, of_template=is_template(unit)):
        yield Severity.WARNING, f"{line.key}= has a % that systemd replaces", "write %% for a percent sign"
    if kind == "ENVIRON":
        yield from _list_assignments(line)


def _is_refused(line: Line, kind: str, unit: str, version: int) -> bool:
    """Whether QT118 is about the value."""
    trouble = find_fatal(unit, line.section, line.key, line.value, version)
    return kind == "SERVICETYPE" or (trouble is not None and trouble.fatal)


def _is_percent(value: str, *, of_template: bool) -> bool:
    """In a template, the instance's name may follow a digit: `--port 810%i`."""
    bare = value.replace("%%", "")
    if of_template:
        bare = _INSTANCE.sub("", bare)
    return any(pattern.search(bare) for pattern in (_DATE, _AFTER_DIGIT, _URL_ESCAPE))


def _list_assignments(line: Line) -> Iterator[_Trouble]:
    try:
        words = split(line.value, Escapes.C)
    except InputError as error:
        yield Severity.ERROR, f"Environment= cannot be read: {error.what}", "quote it"
        return
    if any("=" not in word or word.startswith("=") for word in words):
        what = "Environment= has a word that is not NAME=value: it is dropped"
        yield Severity.ERROR, what, 'quote it: "NAME=two words"'


def _list_variables(unit: Unit, line: Line) -> Iterator[_Trouble]:
    """Variables that nothing sets, unless they may come from a place where a registry does not look."""
    service = unit.service
    if "$" not in line.value or not line.key.startswith("Exec") or service is None or _set_elsewhere(unit, service):
        return
    if ":" in line.value[: len(line.value) - len(line.value.lstrip(_PREFIXES))]:
        return
    given = {name for name, _ in service.env} | set(service.secrets_keys)
    for key in ("Environment", "PassEnvironment"):
        given |= {word.partition("=")[0] for word in unit.all("Service", key)}
    for name in dict.fromkeys(_list_replaced(line.value)):
        if name not in given and not _SET_BY_SYSTEMD.fullmatch(name):
            what = f"{line.key}= uses ${name}, which nothing sets: systemd replaces it with nothing"
            yield Severity.WARNING, what, "declare it in env, or write $$ for a dollar sign"


def _set_elsewhere(unit: Unit, service: DesiredService) -> bool:
    """Whether variables come from PAM, or from an env file that qtctl neither writes nor lists the names of."""
    own = {service.env_file, service.secrets_file}
    files = {path.lstrip("-") for path in unit.all("Service", "EnvironmentFile")}
    return bool(files - own) or bool(unit.last("Service", "PAMName"))


def _list_replaced(command: str) -> Iterator[str]:
    """The variables that systemd replaces in a command line, as it splits it: never in the program itself."""
    try:
        words = split(command, Escapes.C_RELAXED)
    except InputError:
        return
    for word in words[1:]:
        whole = _WHOLE_VARIABLE.fullmatch(word)
        if whole:
            yield whole[1]
        else:
            yield from _VARIABLE.findall(word)


def _judge_env(file: DesiredFile) -> Iterator[Finding]:
    text = file.content.decode("utf-8", "replace")
    if "\r\n" in text:
        yield _make_file_finding(file.subject, file, _CRLF, "save the template with LF")
    if any(_EXPORT.match(line) for line in split_file_lines(text)):
        what = "has lines that begin with export: systemd drops them"
        yield _make_file_finding(file.subject, file, what, "write NAME=value alone", Severity.ERROR)


def _make_file_finding(
    subject: str, file: DesiredFile, what: str, remedy: str, severity: Severity = Severity.WARNING
) -> Finding:
    return QT110.make_broken(subject, f"{file.path} {what}", remedy, file.origin, severity=severity)


def judge_unwritable(desired: Desired, errors: Iterable[Unrendered], keys: Keys) -> Iterator[Finding]:
    """Declared values that no unit or env file can hold."""
    declared: tuple[Declared, ...] = find_declared(desired)
    by_unit = {each.unit: each for each in declared}
    for error in errors:
        unit = error.units[0]
        found = by_unit.get(unit)
        origin = found.origin if found else Origin(error.place.file if error.place else "fleet.toml")
        remedy = error.hint or "declare a value that can be written there"
        yield QT110.make_broken(
            found.name if found else unit,
            f"cannot be written into a unit or env file: {error.why}",
            remedy,
            origin.at(*_find_path(error.field, keys)),
        )


def _find_path(field: str, keys: Keys) -> tuple[str, ...]:
    if field.startswith(_ENVIRONMENT):
        return ("env", field.removeprefix(_ENVIRONMENT))
    return find_key_path(keys, field)


QT110 = ViewRule(
    "QT110",
    "value that systemd would misread",
    Severity.ERROR,
    what="A value that cannot be written in a unit or env file; or, in the output of your own template: a # after a "
    "value, a value of the wrong kind for its directive, a word of Environment= without =, `export` in an env file, "
    "and as warnings a % that is a specifier, a variable that nothing sets, carriage returns.",
    why="systemd logs a line that nobody reads and goes on without the setting: `MemoryMax=16G # 50%` sets no cap.",
    fix="Put comments on lines of their own, double % and $, quote words with spaces.",
    look=judge_misread,
)
RULES = (QT110,)
