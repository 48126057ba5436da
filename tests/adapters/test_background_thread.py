"""Work in a thread."""

from threading import Event

import pytest

from qtctl.adapters.background_thread import BackgroundThread


def test_it_returns_or_raises_as_its_work_does() -> None:
    assert BackgroundThread(lambda: 7).result() == 7
    with pytest.raises(ZeroDivisionError):
        BackgroundThread(lambda: 1 // 0).result()


def test_it_is_waited_for_no_longer_than_the_deadline() -> None:
    hold = Event()
    thread = BackgroundThread(hold.wait)
    with pytest.raises(TimeoutError, match=r"0\.01 s"):
        thread.result(0.01)
    hold.set()
    assert thread.result() is True
