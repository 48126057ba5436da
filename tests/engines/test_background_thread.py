"""Work in a thread."""

import pytest

from qtctl.engines.background_thread import BackgroundThread


def test_it_returns_or_raises_as_its_work_does() -> None:
    assert BackgroundThread(lambda: 7).result() == 7
    with pytest.raises(ZeroDivisionError):
        BackgroundThread(lambda: 1 // 0).result()
