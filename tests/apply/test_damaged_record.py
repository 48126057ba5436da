"""What is said to a caller whose own deploy has a damaged record on the host, and to a person who recovers it."""

from contextlib import ExitStack
from typing import cast

import pytest

from qtctl.adapters.clock import SystemClock
from qtctl.apply.contact import Contact
from qtctl.apply.generation import Generation
from qtctl.apply.shared import SharedHost
from qtctl.apply.transaction import Ticket, find, recover, stage
from qtctl.cli.exits import Exit, choose_error_exit
from qtctl.errors import DeployRefused, HostError
from qtctl.interfaces.host import Completed, Host
from qtctl.model.plan import Plan
from qtctl.model.transaction import TransactionEnd, TransactionState
from tests.builders.planned import desired, service

DAMAGE = "/var/lib/qtctl/tx/gating does not name its generation"
OWN, OTHER = Ticket("ann@desk", "0123"), Ticket("bob@desk", "4567")
FOUND = f"qtctl state damaged\nqtctl number \nqtctl damage {DAMAGE}\nqtctl holder {OWN.text}\n"


class Answering:
    """A host that gives these answers in turn, and the last one from then on."""

    address = "web-1"

    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    def start(self, request: object, **_: object) -> "Answering":
        self.asked.append(str(request))
        return self

    def finish(self, *_: object, **__: object) -> Completed:
        said = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return Completed(0, said.encode(), b"", 1e9, 0.1)


def host(*answers: str) -> Host:
    return cast("Host", Answering(*answers))


def contact(said: str) -> Contact:
    return Contact(cast("SharedHost", host(said)), lambda: host(said), SystemClock(), ExitStack())


def test_whose_deploy_it_is_is_told_to_recover_it() -> None:
    """It cannot be known how far the deploy came, so the host is not called as it was."""
    with pytest.raises(HostError) as caught:
        find(contact(FOUND), OWN)
    assert (caught.value.what, caught.value.hint) == (DAMAGE, "`qtctl recover --host web-1`")


def test_somebody_elses_is_no_deploy_of_ours() -> None:
    assert find(contact(FOUND), OTHER) is None


def test_one_of_ours_that_had_ended_is_found_beside_it() -> None:
    assert find(contact(f"{FOUND}qtctl ended 7\n"), OWN) == 7


def test_a_deploy_is_refused_with_the_damage() -> None:
    said = f"qtctl damaged {DAMAGE}\nqtctl refused - {DAMAGE}\n"
    generation = Generation(Plan("h1", (), ()), desired(service("a")), (), {})
    with pytest.raises(DeployRefused) as caught:
        stage(host(said), generation, OWN, limit_s=1)
    assert caught.value.what == f"nothing was changed: {DAMAGE}"
    assert caught.value.hint == "`qtctl recover --host web-1`"
    assert choose_error_exit(caught.value) is Exit.REFUSED


def test_recover_says_that_a_person_must_look_and_accept() -> None:
    with pytest.raises(DeployRefused) as caught:
        recover(host(FOUND), accept=False, by="ann@desk")
    assert caught.value.what == (
        f"nothing can be rolled back: {DAMAGE}, and it is unknown which generation is unfinished"
    )
    assert "then recover with --accept" in caught.value.hint
    assert choose_error_exit(caught.value) is Exit.REFUSED


def test_recover_accept_removes_the_record() -> None:
    found = recover(host(FOUND, ""), accept=True, by="ann@desk")
    assert found is not None
    assert (found.state, found.end) == (TransactionState.NONE, TransactionEnd.ACCEPTED)


def test_recover_accept_says_if_it_could_not_be_removed() -> None:
    with pytest.raises(DeployRefused, match="could not be removed") as caught:
        recover(host(FOUND), accept=True, by="ann@desk")
    assert DAMAGE in caught.value.what
