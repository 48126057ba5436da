"""Deploys of code, virtual environments and cut-overs by an account that may run the helper, and nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from qtctl.adapters.clock import SystemClock
from qtctl.adapters.templates import load_unit_templates
from qtctl.flows.declare import declare
from qtctl.flows.preparation import prepare_host
from qtctl.model.desired import Desired
from qtctl.plan.outcome import DeployStatus
from tests.flows.ground import THREE, Ground, fleet, said
from tests.flows.standin_docker import REMOVE
from tests.flows.test_cut_over import HOLDER, cut_over, put, wanted
from tests.flows.test_installs import (
    CODE,
    SCRIPT,
    VENVS,
    Shop,
    clear,
    install,
    leads_to,
    make_shop,
    on_demand,
    registry,
    venv_registry,
    wheel,
)

pytestmark = pytest.mark.lab


@contextmanager
def helped(ground: Ground, desired: Desired) -> Iterator[None]:
    """ops may run the helper, prepared for `desired`, and nothing else."""
    login = replace(desired.login, audit_user="plain", deploy_user="ops")
    meant = replace(desired, login=login)
    prepare_host(lambda: ground.connect("root"), meant, SystemClock(), apply=True, remove=False)
    ground.run("mv /etc/sudoers.d/ops /root/ops.sudoers")
    try:
        assert "password is required" in ground.run("runuser -u ops -- sudo -n true 2>&1 || :")
        yield
    finally:
        ground.run("mv /root/ops.sudoers /etc/sudoers.d/ops")
        prepare_host(lambda: ground.connect("root"), meant, SystemClock(), apply=True, remove=True)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return make_shop(tmp_path)


def _declare(files: dict[str, bytes]) -> Desired:
    return declare(files, load_unit_templates(None), "h1", None).desired


def test_code_is_installed(booted: Ground, shop: Shop) -> None:
    clear(booted)
    files = registry(shop.commits["two"], {"api": SCRIPT})
    try:
        with helped(booted, _declare(files)):
            done = install(booted, shop, files)
            assert done.status is DeployStatus.DEPLOYED, said(done)
            assert leads_to(booted).startswith("/opt/qtctl/store/")
            assert booted.run(f"cat {CODE}/lib/more.py") == "x = 1\n"
    finally:
        clear(booted)


@on_demand
def test_a_venv_is_built_and_imported_from(booted: Ground, shop: Shop) -> None:
    clear(booted)
    files = venv_registry(wheel(shop, "1.0"))
    assert VENVS.encode() == files["venvs.toml"]
    try:
        with helped(booted, _declare(files)):
            done = install(booted, shop, files)
            assert done.status is DeployStatus.DEPLOYED, said(done)
            broken = install(booted, shop, venv_registry(wheel(shop, "2.0", "import nothing_there\n")))
            assert broken.status is DeployStatus.REFUSED
            assert "nothing_there" in said(broken)
    finally:
        clear(booted)


def test_a_container_hands_over(ground: Ground) -> None:
    put(ground)
    try:
        with helped(ground, replace(wanted(), left_containers=())):
            refused = cut_over(ground, wanted())
            assert refused.status is DeployStatus.REFUSED, said(refused)
            assert "was not prepared for" in said(refused)
        assert "docker.service" in ground.run(HOLDER)
        with helped(ground, wanted()):
            outcome = cut_over(ground, wanted())
            assert outcome.status is DeployStatus.DEPLOYED, said(outcome)
            assert "quantum-d.service" in ground.run(HOLDER)
    finally:
        ground.run(REMOVE)
        cut_over(ground, fleet(THREE), prune=True)
