"""notify.toml: whoever else could change it, or what it leads to, keeps it from being used. Errors name the line."""

import os
from pathlib import Path

import pytest

from qtctl.errors import InputError
from qtctl.notify.channels import Command, Quiet, Webhook, read_channels

SECRET = "hunter2-canary-x9"


def read(folder: Path, text: str, **environ: str) -> object:
    path = folder / "notify.toml"
    path.write_text(text)
    return read_channels(path, environ)


def refuse(folder: Path, text: str, **environ: str) -> str:
    with pytest.raises(InputError) as caught:
        read(folder, text, **environ)
    said = "\n".join(caught.value.lines)
    assert SECRET not in said
    return said


WRONG = {
    "no TOML": ("[channels\n", "notify.toml:1: not TOML"),
    "no channel": ("", "channels: is missing"),
    "an unknown key": (
        '[channels.a]\nurl = "https://x.example"\ntokn = "T"\n',
        "notify.toml:3: channels.a.tokn: unknown key",
    ),
    "two ways": ('[channels.a]\nurl = "https://x.example"\ncommand = ["/bin/true"]\n', "and has command and url"),
    "no way": ('[channels.a]\nleast = "error"\n', "and has nothing"),
    "a relative command": ('[channels.a]\ncommand = ["true"]\n', "should be an absolute path"),
    "http to elsewhere": ('[channels.a]\nurl = "http://192.0.2.1/x"\n', "http is for this machine only"),
    "no address": (f'[channels.a]\nurl = "ftp://{SECRET}@x"\n', "its url is not the address of a webhook"),
    "a password in an address": (f'[channels.a]\nurl = "https://me:{SECRET}@x.example"\n', "not the address of a"),
    "a variable that is not set": ('[channels.a]\nurl_env = "NOT_THERE"\n', "NOT_THERE is not set"),
    "a severity": (
        '[channels.a]\nurl = "https://x.example"\nleast = "fatal"\n',
        "notify.toml:3: channels.a.least: should be info, warning, error",
    ),
    "a limit": ('limits.per_hour = 0\n[channels.a]\nurl = "https://x.example"\n', "notify.toml:1: limits.per_hour"),
    "a time": (
        '[channels.a]\nurl = "https://x.example"\n[quiet]\nfrom = "25:00"\nto = "07:00"\n',
        "notify.toml:4: quiet.from: should be a time of day, such as 22:00",
    ),
    "a zone": (
        '[channels.a]\nurl = "https://x.example"\n[quiet]\nfrom = "22:00"\nto = "07:00"\ntimezone = "../x"\n',
        "does not exist",
    ),
    "a secret in a token": (
        f'[channels.a]\nurl = "https://x.example"\ntoken_env = "{SECRET}!"\n',
        "channels.a.token_env: should be the name of an environment variable",
    ),
    "a space in an address": ('[channels.a]\nurl = "https://x.example/a b"\n', "channel a: its url has a space"),
    "quiet hours without an end": (
        '[channels.a]\nurl = "https://x.example"\n[quiet]\nfrom = "22:00"\n',
        "quiet.to: is missing",
    ),
    "a letter in an address": ('[channels.a]\nurl = "https://x.example/\u00fc"\n', "write other characters as %20"),
    "an argument that no program gets": (
        '[channels.a]\ncommand = ["/bin/true", "a\\u0000b"]\n',
        "notify.toml:2: channels.a.command.1: should be a list of 1 to 100 words",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said(name: str, tmp_path: Path) -> None:
    text, says = WRONG[name]
    assert says in refuse(tmp_path, text)


def test_secrets_come_from_files_and_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{SECRET}\n")
    file.chmod(0o600)
    found = read(tmp_path, f'[channels.a]\nurl_env = "URL"\ntoken_file = "{file}"\n', URL=f"https://x.example/{SECRET}")
    (channel,) = found.channels  # type: ignore[attr-defined]
    assert isinstance(channel.way, Webhook)
    assert SECRET not in repr(found)
    assert {each.reveal() for each in channel.secrets} >= {SECRET, f"https://x.example/{SECRET}"}
    file.chmod(0o640)
    assert "mode is 0640, should be 0600" in refuse(
        tmp_path, f'[channels.a]\nurl = "https://x.example"\ntoken_file = "{file}"\n'
    )


@pytest.mark.parametrize("secret", ["", "a b\nc", "caf\u00e9", "\x1b[2J"])
def test_a_secret_that_no_header_can_hold(tmp_path: Path, secret: str) -> None:
    file = tmp_path / "token"
    file.write_text(secret)
    file.chmod(0o600)
    text = f'[channels.a]\nurl = "https://x.example"\ntoken_file = "{file}"\n'
    assert "is not one line of printable ASCII" in refuse(tmp_path, text)


GOOD = '[channels.a]\ncommand = ["/usr/bin/true"]\n'


def test_a_file_that_others_could_change_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "notify.toml"
    assert isinstance(read(tmp_path, GOOD).channels[0].way, Command)  # type: ignore[attr-defined]
    path.chmod(0o666)
    assert "can be changed by every user (mode 0666)" in refuse(tmp_path, GOOD)
    path.chmod(0o660)
    assert "can be changed by group" in refuse(tmp_path, GOOD)
    path.chmod(0o600)
    tmp_path.chmod(0o777)
    try:
        assert "can be changed by every user (mode 0777)" in refuse(tmp_path, GOOD)
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_or_program_of_another_account_is_not_used(tmp_path: Path) -> None:
    path, program = tmp_path / "notify.toml", tmp_path / "tell"
    read(tmp_path, GOOD)
    os.chown(path, 65534, 65534)
    assert "can be changed by user 65534" in refuse(tmp_path, GOOD)
    os.chown(path, 0, 0)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    os.chown(program, 65534, 65534)
    assert "is not used: " in refuse(tmp_path, f'[channels.a]\ncommand = ["{program}"]\n')
    link = tmp_path / "link"
    link.symlink_to(program)
    assert "is not used: " in refuse(tmp_path, f'[channels.a]\ncommand = ["{link}"]\n')


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    assert "there is no /nowhere" in refuse(tmp_path, '[channels.a]\ncommand = ["/nowhere/tell"]\n')


HOUR = 3600.0


@pytest.mark.parametrize(
    ("begin", "end", "zone", "hour", "quiet"),
    [
        ("22:00", "07:00", "UTC", 23, True),
        ("22:00", "07:00", "UTC", 6, True),
        ("22:00", "07:00", "UTC", 7, False),
        ("22:00", "07:00", "UTC", 21, False),
        ("12:00", "13:00", "UTC", 12, True),
        ("12:00", "13:00", "UTC", 13, False),
        ("12:00", "13:00", "Asia/Tokyo", 3, True),
        ("00:00", "00:00", "UTC", 5, True),
    ],
)
def test_quiet_hours(begin: str, end: str, zone: str, hour: int, quiet: bool) -> None:
    table = Quiet.model_validate({"from": begin, "to": end, "timezone": zone})
    assert table.covers(hour * HOUR) is quiet
