"""One row of the module registry. Names and nesting are those its users know; docstrings say what null means."""

from typing import Literal

from pydantic import Field

from qtctl.reports.categories import Category
from qtctl.reports.document import Part

Unknown = Literal["unknown"]


class Systemd(Part):
    """systemd's names; `not-found` if there is no unit, `unknown` if the host did not say."""

    loaded: str
    active: str
    sub: str
    enabled: bool | Unknown | None = Field(
        description="null if there is no unit file; false also for static and masked units"
    )
    unit_file_state: str
    description: str


class Execution(Part):
    """Null values: the unit does not exist, or does not set it."""

    user: str | None
    pid: int | Unknown | None = Field(description="null if there is no main process")
    working_dir: str | None
    exec_path: str | None = Field(description="the executable, without arguments")


class Code(Part):
    """As declared; null if nothing is declared."""

    module: str | None
    path: str | None
    entrypoint: str | None
    has_code: bool | None = Field(description="whether the entry point was found on the host; null if unknown")


class Runtime(Part):
    """The declared port, or null. For an undeclared unit, the port on which it listens."""

    venv: str | None
    venv_status: str | None = Field(description="works, broken, missing or unknown; null if it uses no venv")
    port: int | Unknown | None = Field(
        description="the port with a health URL, else the first one; the ports section has all of them"
    )
    redis_streams: list[str] | Unknown


class Module(Part):
    """`declared`: running, stopped, on-timer, retired, undeclared. `group`: the service's category in the registry."""

    name: str
    unit: str
    category: Category
    declared: str
    group: str
    summary: str
    systemd: Systemd
    execution: Execution
    code: Code
    runtime: Runtime
    proof_line: str
