"""A small fleet to render: one of each kind, and the shipped templates."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from qtctl.model.desired import Desired, DesiredService, DesiredTarget, DesiredTimer, Login
from qtctl.model.origin import Origin
from qtctl.model.states import ServiceState
from qtctl.render.render import TEMPLATES

SHIPPED = Path(__file__).parents[2] / "unit_templates"

SERVICE = DesiredService(
    name="web",
    unit="fleet-web.service",
    summary="A web server",
    category="",
    state=ServiceState.RUNNING,
    why="",
    type="exec",
    user="qt",
    group="qt",
    argv=("/usr/bin/python3", "-m", "http.server"),
    working_directory="/srv/web",
    venv="",
    entry_point="",
    env_file="",
    env=(),
    secrets_file="",
    secrets_keys=(),
    target="",
    after=(),
    before=(),
    wants=(),
    requires=(),
    binds_to=(),
    part_of=(),
    conflicts=(),
    on_failure=(),
    wanted_by=(),
    limits=(),
    restart=(),
    start_limit=(),
    sandbox=(),
    ports=(),
    publishes=(),
    writes=(),
    consumes=(),
    store="",
    enabled=True,
    origin=Origin("services/web.toml"),
    syslog_identifier="fleet-web",
)
TIMER = DesiredTimer(
    "sweep", "fleet-sweep.timer", "Sweep", Origin("timers.toml"), (), True, starts="fleet-sweep.service"
)
TARGET = DesiredTarget("core", "fleet-core.target", "The core", Origin("targets.toml"))
DESIRED = Desired(
    fleet="fleet",
    host="one",
    login=Login("203.0.113.1", 22, "looker", "deployer"),
    unit_patterns=(),
    loop_restarts=3,
    loop_up_us=0,
    timezone="Etc/UTC",
    memory=0,
    services=(),
    targets=(),
    timers=(),
    venvs=(),
    keys=(),
    stores=(),
    externals=(),
    retired_units=(),
    severities=(),
    fail_on="warning",
)


def shipped() -> dict[str, str]:
    return {name: (SHIPPED / name).read_text(encoding="utf-8") for name in TEMPLATES}


def service(**changes: Any) -> DesiredService:
    return replace(SERVICE, **changes)


def desired(*services: DesiredService, **changes: Any) -> Desired:
    return replace(DESIRED, services=services, **changes)
