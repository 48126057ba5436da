"""The caller of a deploy, in a process of its own: python -m tests.crash.caller HOST VERSION [POINT].

POINT: something happens at one rename or sync of the host's scripts: /run/crash/at on the host says at which.
"""

import signal
import sys
from pathlib import Path
from typing import NoReturn

from qtctl.adapters.clock import SystemClock
from qtctl.adapters.ssh import connect
from qtctl.apply import generation
from qtctl.cli.exits import choose_deploy_exit, choose_error_exit
from qtctl.errors import QtctlError
from qtctl.flows.deploy import deploy
from qtctl.lab import lab
from qtctl.model.plan import Choices
from qtctl.remote.scripts import read_script
from qtctl.reports.deploy_text import problems
from tests.crash.fleet import Code, fleet


def main(host: str, version: str, point: str = "") -> NoReturn:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    if point:
        inject()
    try:
        outcome = deploy(
            lambda: connect(host, user="ops", config=lab.ssh_config_path()),
            fleet(version),
            SystemClock(),
            choices=Choices(take_over=True),
            confirm=lambda _: True,
            progress=lambda event: say(f"{event.stage} {event.detail}"),
            deadline_s=40,
            steady_s=1,
            supplies=Code(),
        )
    except QtctlError as error:
        say(str(error))
        sys.exit(choose_error_exit(error))
    say("\n".join(problems(outcome)))
    sys.exit(choose_deploy_exit(outcome))


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def inject() -> None:
    """Every rename and sync of the host's scripts goes through points.sh."""
    read, points = read_script, (Path(__file__).parent / "points.sh").read_text()

    def with_points(name: str) -> str:
        return read(name) + (points if name == "transaction.sh" else "")

    setattr(generation, "read_script", with_points)  # noqa: B010 - the module's own name, for this process alone


if __name__ == "__main__":
    main(*sys.argv[1:])
