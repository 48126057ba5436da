"""notify.toml: where notifications go, how many, and when none. Only the operator's own file is believed."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from qtctl.dialects.toml.positions import find_line
from qtctl.dialects.toml.read import read
from qtctl.errors import InputError, InputErrors, Place
from qtctl.findings.finding import Severity
from qtctl.model.secret import Secret
from qtctl.notify.guarded import check_guarded, read_guarded
from qtctl.reports.notices import Rules

_SAID = {
    "extra_forbidden": "unknown key",
    "missing": "is missing",
}
_FORMS = {
    "command": "should be a list of 1 to 100 words, none of them with a NUL",
    "from": "should be a time of day, such as 22:00",
    "to": "should be a time of day, such as 07:00",
    "unless": f"should be {', '.join(Severity)}",
    "least": f"should be {', '.join(Severity)}",
    **dict.fromkeys(("url_env", "token_env", "apprise_env"), "should be the name of an environment variable"),
    **dict.fromkeys(("url_file", "token_file", "apprise_file"), "should be an absolute path"),
}
"""Key → what it should be. Whatever is wrong with its form is told so."""
HINT = "docs/notify.md shows the file"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
MOST_CHANNELS = 20
Variable = Annotated[str, Field(pattern=r"\A[A-Za-z_][A-Za-z0-9_]{0,127}\z")]
Word = Annotated[str, Field(pattern=r"\A[^\x00]{0,4096}\z")]
FilePath = Annotated[str, Field(pattern=r"\A/[^\x00\n]{1,4000}\z")]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Limits(_Table):
    per_hour: Annotated[int, Field(ge=1, le=1000)] = 20


class Quiet(_Table):
    begin: Annotated[str, Field(alias="from", pattern=rf"\A{_CLOCK.pattern}\z")]
    to: Annotated[str, Field(pattern=rf"\A{_CLOCK.pattern}\z")]
    timezone: str = "UTC"
    unless: Severity | None = None

    @model_validator(mode="after")
    def is_a_zone(self) -> Self:
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"timezone {self.timezone!r} does not exist") from error
        return self

    def covers(self, now_s: float) -> bool:
        """Whether it is a quiet hour. From 22:00 to 07:00 spans midnight; equal times are the whole day."""
        local = datetime.fromtimestamp(now_s, UTC).astimezone(ZoneInfo(self.timezone)).time()
        begin, end = time.fromisoformat(self.begin), time.fromisoformat(self.to)
        return begin <= local < end if begin < end else local >= begin or local < end


class ChannelTable(_Table):
    """One of `command`, `url*` (a webhook) and `apprise*`. Secrets come from a file or the environment."""

    command: Annotated[tuple[Word, ...], Field(min_length=1, max_length=100)] | None = None
    url: str | None = None
    url_env: Variable | None = None
    url_file: FilePath | None = None
    token_env: Variable | None = None
    token_file: FilePath | None = None
    apprise_env: Variable | None = None
    apprise_file: FilePath | None = None
    least: Severity = Severity.WARNING

    @model_validator(mode="after")
    def is_one_kind(self) -> Self:
        ways = ("command", "url", "url_env", "url_file", "apprise_env", "apprise_file")
        given = [name for name in ways if getattr(self, name) is not None]
        if len(given) != 1:
            said = " and ".join(given) or "nothing"
            raise ValueError(f"needs one of {', '.join(ways)}, and has {said}")
        tokens = [name for name in ("token_env", "token_file") if getattr(self, name) is not None]
        if tokens and not given[0].startswith("url"):
            raise ValueError(f"{tokens[0]} is for a webhook")
        if len(tokens) > 1:
            raise ValueError("token_env and token_file are both given")
        if self.command is not None and not self.command[0].startswith("/"):
            raise ValueError(f"command begins with {self.command[0]!r}, should be an absolute path")
        return self


class ChannelsFile(_Table):
    channels: Annotated[dict[str, ChannelTable], Field(min_length=1, max_length=MOST_CHANNELS)]
    limits: Limits = Limits()
    quiet: Quiet | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    url: Secret
    token: Secret | None


@dataclass(frozen=True, slots=True)
class Command:
    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Apprise:
    url: Secret


@dataclass(frozen=True, slots=True)
class Channel:
    name: str
    way: Webhook | Command | Apprise
    least: Severity

    secrets: tuple[Secret, ...] = ()
    """What no output may show."""


def _list_secrets(url: Secret) -> tuple[Secret, ...]:
    """A secret address, and what is secret in it by itself: password, path and query."""
    parts = urlsplit(url.reveal())
    return (url, *(Secret(each) for each in (parts.password, parts.path.strip("/"), parts.query) if each))


@dataclass(frozen=True, slots=True)
class Channels:
    channels: tuple[Channel, ...]
    per_hour: int
    quiet: Quiet | None

    def make_rules(self, channel: Channel, now_s: float) -> Rules:
        quiet = self.quiet is not None and self.quiet.covers(now_s)
        return Rules(channel.least, self.per_hour, quiet, self.quiet.unless if self.quiet else None)


def read_channels(path: Path, environ: Mapping[str, str]) -> Channels:
    """InputErrors with everything that is wrong. Programs and files of secrets are checked as the file itself is."""
    if not os.path.lexists(path):
        hint = "write it as docs/notify.md shows, or name another file with --channels"
        raise InputError("no channels are declared: there is no such file", hint=hint, place=Place(str(path)))
    table = _parse(path, read_guarded(path))
    names = [name for name in table.channels if not _NAME.fullmatch(name)]
    if names:
        what = f"{names[0]!r} is not a name for a channel"
        raise InputError(what, hint="letters, digits, - and _", place=Place(str(path)))
    found = tuple(_make_channel(name, each, environ) for name, each in table.channels.items())
    return Channels(found, table.limits.per_hour, table.quiet)


def _parse(path: Path, content: bytes) -> ChannelsFile:
    document = read(content, str(path))
    try:
        return ChannelsFile.model_validate(document)
    except ValidationError as error:
        text = content.decode()
        errors = tuple(_make_error(path, text, dict(each)) for each in error.errors(include_url=False))
        raise errors[0] if len(errors) == 1 else InputErrors(errors) from None


def _make_error(path: Path, text: str, error: dict[str, Any]) -> InputError:
    """Without the value, which may be a secret at the wrong place."""
    at = tuple(str(each) for each in error["loc"])
    message = str(error["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    key = next((each for each in reversed(at) if not each.isdigit()), "")
    said = _SAID.get(str(error["type"])) or _FORMS.get(key, message)
    return InputError(f"{'.'.join(at)}: {said}", hint=HINT, place=Place(str(path), find_line(text, at)))


def _make_channel(name: str, table: ChannelTable, environ: Mapping[str, str]) -> Channel:
    if table.command is not None:
        check_guarded(Path(table.command[0]))
        return Channel(name, Command(table.command), table.least)
    apprise = _read_secret(name, table.apprise_env, table.apprise_file, environ)
    if apprise is not None:
        return Channel(name, Apprise(apprise), table.least, (apprise,))
    hidden = _read_secret(name, table.url_env, table.url_file, environ)
    url = hidden or Secret(table.url or "")
    token = _read_secret(name, table.token_env, table.token_file, environ)
    _check_url(name, url)
    secrets = (*(_list_secrets(hidden) if hidden else ()), *((token,) if token else ()))
    return Channel(name, Webhook(url, token), table.least, secrets)


def _read_secret(name: str, variable: str | None, file: str | None, environ: Mapping[str, str]) -> Secret | None:
    """InputError if it is named and not there, without its text."""
    if variable is not None:
        if not environ.get(variable):
            raise InputError(f"{variable} is not set", hint=f"it holds a secret of channel {name}")
        return _check_line(Secret(environ[variable].strip()), f"{variable} of channel {name}")
    if file is not None:
        text = read_guarded(Path(file), private=True).decode(errors="replace").strip()
        return _check_line(Secret(text), f"{file} of channel {name}")
    return None


def _check_line(secret: Secret, where: str) -> Secret:
    text = secret.reveal()
    if not text or not text.isascii() or not text.isprintable():
        raise InputError(f"{where} is not one line of printable ASCII", hint="write the secret in it, and nothing else")
    return secret


def _check_url(name: str, url: Secret) -> None:
    """InputError, without the address, which may hold a secret. Only loopback is spoken to without TLS."""
    text = url.reveal()
    if re.search(r"[^!-~]", text):
        hint = "write other characters as %20 or %C3%BC"
        raise InputError(f"channel {name}: its url has a space, or a character that is not ASCII", hint=hint)
    try:
        parts = urlsplit(text)
        port_ok = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_ok = urlsplit(""), False
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_ok or parts.username:
        hint = "such as https://hooks.example.org/qtctl, with its token in token_file"
        raise InputError(f"channel {name}: its url is not the address of a webhook", hint=hint)
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise InputError(f"channel {name}: http is for this machine only", hint="use https")
