"""An answer is kept for the last value, and no other value is given it."""

import threading

from qtctl.model.latest import keep_latest


def test_the_same_value_is_answered_once_and_an_equal_one_again() -> None:
    asked: list[list[int]] = []

    @keep_latest
    def answer(value: list[int]) -> int:
        asked.append(value)
        return len(asked)

    one, equal = [1], [1]
    assert (answer(one), answer(one), answer(equal), answer(one)) == (1, 1, 2, 3)


def test_threads_that_ask_of_different_values_get_their_own_answers() -> None:
    @keep_latest
    def answer(value: list[int]) -> int:
        return value[0]

    wrong: list[int] = []

    def ask(number: int) -> None:
        own = [number]
        wrong.extend(found for found in (answer(own) for _ in range(20_000)) if found != number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
