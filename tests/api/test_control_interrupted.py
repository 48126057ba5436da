"""Ctrl-C while several hosts are at it: what is under way is reported as unknown, and nothing else is begun."""

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any, cast

import pytest

from qtctl.api.control import ControlTask, control_hosts
from qtctl.cli.controlling import _telling_what_goes_on
from qtctl.engines.changing import Changing
from qtctl.model.control import ControlOutcome, ControlPlan, ControlRequest, ControlStatus, ControlVerb
from tests.builders.planned import desired, service

UNIT = "quantum-api.service"


@pytest.fixture(autouse=True)
def heeded() -> Iterator[None]:
    """A shell that starts the tests in the background has them ignore SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Engine:
    """Begins the first task alone. An interrupt ends it, if it `heeds` one."""

    def __init__(self, *, heeds: bool) -> None:
        self.futures: list[Future[Any]] = []
        self._heeds = heeds

    def submit(self, _work: object, _task: object) -> Future[Any]:
        found: Future[Any] = Future()
        if not self.futures:
            found.set_running_or_notify_cancel()
        self.futures.append(found)
        return found

    def interrupt(self) -> None:
        for each in self.futures[1:]:
            each.set_running_or_notify_cancel()
        if self._heeds:
            self.futures[0].set_result(ControlOutcome("h", ControlStatus.UNKNOWN, why="interrupted"))
        else:
            press_ctrl_c()


def press_ctrl_c() -> None:
    main = threading.main_thread().ident
    assert main is not None
    threading.Timer(0.2, signal.pthread_kill, (main, signal.SIGINT)).start()


def make_tasks() -> list[ControlTask]:
    request = ControlRequest(ControlVerb.RESTART, (UNIT,))
    plan = ControlPlan("h", request, ((UNIT,),))
    return [ControlTask(f"web-{number}", desired(service("api")), request, agreed=plan) for number in (1, 2, 3)]


def test_the_first_interrupt_reports_every_host() -> None:
    press_ctrl_c()
    found = control_hosts(cast("Changing", Engine(heeds=True)), make_tasks())
    assert [(each.status, each.why) for each in found] == [
        (ControlStatus.UNKNOWN, "interrupted"),
        (ControlStatus.INTERRUPTED, "nothing was done"),
        (ControlStatus.INTERRUPTED, "nothing was done"),
    ]


def test_a_second_one_does_not_wait() -> None:
    press_ctrl_c()
    with pytest.raises(KeyboardInterrupt):
        control_hosts(cast("Changing", Engine(heeds=False)), make_tasks())


def test_what_goes_on_is_named() -> None:
    with pytest.raises(KeyboardInterrupt) as ended, _telling_what_goes_on(["web-1", "web-2"]):
        raise KeyboardInterrupt
    assert str(ended.value).startswith("interrupted: jobs that were queued on web-1, web-2 go on there")
    with pytest.raises(KeyboardInterrupt) as ended, _telling_what_goes_on([]):
        raise KeyboardInterrupt
    assert str(ended.value) == ""
