"""The live view in terminals of any size: whose line it is stays readable, and it is no higher than the terminal."""

import os
from io import StringIO

import pytest
from rich.console import Console
from rich.live import Live

from qtctl.cli.live import LiveView
from qtctl.cli.output import can_redraw, check_reader
from qtctl.model.watch import CONNECTED, Change, Kind

AT = 1_780_000_000.0
LONG = "quantum:stream:portfolio.exposure_updated/portfolio-intelligence"
HOSTS = ("web-1", "db-12.example.org")


def draw(width: int, height: int) -> list[str]:
    console = Console(file=StringIO(), width=width, height=height, force_terminal=True, color_system=None)
    live = Live(console=console, auto_refresh=False)
    view = LiveView(live, console)
    service = "\x1b[2J\u6f22\u5b57.service"
    lag = ("0 behind, 0 pending", "1234 behind, 5 pending")
    for host in HOSTS:
        view.take([Change(AT, host, Kind.HOST, "", "", CONNECTED)])
        view.take([Change(AT, host, Kind.LAG, f"{LONG}{number}", *lag) for number in range(20)])
        view.take([Change(AT, host, Kind.UNIT, service, "", "failed")])
        view.take([Change(AT, host, Kind.RESTARTS, service, "", "12")])
    out = StringIO()
    Console(file=out, width=width, height=height, color_system=None).print(live.renderable)
    return out.getvalue().splitlines()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (60, 24), (120, 40), (40, 8), (20, 5), (200, 60)])
def test_it_fits(width: int, height: int) -> None:
    lines = draw(width, height)
    assert len(lines) <= height
    assert all(len(line) <= width for line in lines)
    assert lines[0].split()[0].startswith("host"[:4])


@pytest.mark.parametrize("width", [80, 120])
def test_host_state_and_restarts_are_whole_and_the_name_gives_way(width: int) -> None:
    lines = draw(width, 60)
    assert lines[0].split() == ["host", "what", "state", "restarts"]
    first = next(line for line in lines if "1234 behind" in line)
    assert "1234 behind, 5 pending" in first
    assert first.split()[0] in ("web-1", "db-12.example.or\u2026", "db-12.example.org", "db-12.example.\u2026")
    assert any(line.rstrip().endswith(" 12") for line in lines)


def test_a_wide_terminal_cuts_nothing() -> None:
    assert not any("\u2026" in line for line in draw(200, 60))


@pytest.mark.parametrize(("name", "can"), [("xterm", True), ("", True), ("dumb", False), ("DUMB", False)])
def test_a_dumb_terminal_gets_lines(name: str, can: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", name)
    assert can_redraw() is can


def test_a_reader_that_goes_away_is_noticed_without_anything_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as out:
        monkeypatch.setattr("sys.stdout", out)
        assert check_reader() is False
        os.close(reader)
        with pytest.raises(BrokenPipeError):
            check_reader()
