"""A small fleet to render: one of each kind, and the shipped templates."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from qtctl.model.desired import Desired, DesiredService, DesiredTarget, DesiredTimer
from qtctl.model.origin import Origin
from qtctl.render.render import TEMPLATES
from tests.builders.desired import build_host, build_service

SHIPPED = Path(__file__).parents[2] / "unit_templates"

SERVICE = build_service(
    "web",
    unit="fleet-web.service",
    summary="A web server",
    user="qt",
    group="qt",
    argv=("/usr/bin/python3", "-m", "http.server"),
    working_directory="/srv/web",
    origin=Origin("services/web.toml"),
    syslog_identifier="fleet-web",
)
TIMER = DesiredTimer(
    "sweep", "fleet-sweep.timer", "Sweep", Origin("timers.toml"), (), True, starts="fleet-sweep.service"
)
TARGET = DesiredTarget("core", "fleet-core.target", "The core", Origin("targets.toml"))
DESIRED = build_host(fleet="fleet", host="one", loop_up_us=0)


def shipped() -> dict[str, str]:
    return {name: (SHIPPED / name).read_text(encoding="utf-8") for name in TEMPLATES}


def service(**changes: Any) -> DesiredService:
    return replace(SERVICE, **changes)


def desired(*services: DesiredService, **changes: Any) -> Desired:
    return replace(DESIRED, services=services, **changes)
