"""Parts of a declared host that hold nothing but what a test names. The small fleets of the tests are made of these."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from qtctl.model.desired import Desired, DesiredService, Login
from qtctl.model.origin import Origin
from qtctl.model.states import ServiceState
from qtctl.registry.load import load
from qtctl.resolve.resolve import resolve

LOGIN = Login("203.0.113.1", 22, "looker", "deployer")
_SERVICE = DesiredService(
    name="", unit="", summary="", category="", state=ServiceState.RUNNING, why="", type="exec", user="", group="",
    argv=(), working_directory="", venv="", entry_point="", env_file="", env=(), secrets_file="", secrets_keys=(),
    target="", limits=(), restart=(), start_limit=(), sandbox=(), publishes=(), writes=(), consumes=(), store="",
    origin=Origin("small.toml"),
)  # fmt: skip
_HOST = Desired(
    fleet="small", host="prod-1", login=LOGIN, unit_patterns=(), loop_restarts=3, loop_up_us=60_000_000,
    timezone="Etc/UTC", memory=0, services=(), targets=(), timers=(), venvs=(), keys=(), stores=(), externals=(),
    retired_units=(), severities=(), fail_on="warning",
)  # fmt: skip


def build_service(name: str, state: ServiceState = ServiceState.RUNNING, **changes: Any) -> DesiredService:
    """`changes` by field. Its unit is called as it is, and is enabled where it is declared running."""
    own = {"unit": f"{name}.service", "enabled": state is ServiceState.RUNNING}
    return replace(_SERVICE, name=name, state=state, **{**own, **changes})


def build_host(**changes: Any) -> Desired:
    """`changes` by field of `Desired`: all else is empty."""
    return replace(_HOST, **changes)


def resolve_files(files: Mapping[str, str], host: str) -> Desired:
    """What a registry of these texts declares for a host."""
    return resolve(load({path: text.encode() for path, text in files.items()}), host)
