"""How Apprise (over a real connection, to a receiver on loopback) and commands deliver."""

from pathlib import Path

from qtctl.findings.finding import Severity
from qtctl.model.secret import Secret
from qtctl.notify.channels import Apprise, Channel, Command
from qtctl.notify.sending import Sent, send
from tests.notify.receiver import receive

DOCUMENT = {"key": "k", "kind": "new", "fleet": "small", "text": "[small] new error: QT219 a.service: down on box"}


def test_apprise_delivers() -> None:
    records: list[int] = []
    with receive() as receiver:
        address = receiver.url.replace("http://", "json://")
        channel = Channel("chat", Apprise(Secret(address)), Severity.WARNING)
        assert send(channel, DOCUMENT, lambda: records.append(len(receiver.got))) == (Sent.DELIVERED, "")
        receiver.status = 500
        assert send(channel, DOCUMENT, lambda: None)[0] is Sent.NOT_SENT
    assert records == [0], "it is written down before it is sent"
    assert [(each["title"], each["message"]) for each in receiver.got] == [("qtctl: small", DOCUMENT["text"])]


def test_an_address_that_apprise_does_not_know() -> None:
    channel = Channel("chat", Apprise(Secret("nothing-hunter2://x")), Severity.WARNING)
    sent, why = send(channel, DOCUMENT, lambda: None)
    assert sent is Sent.NOT_SENT
    assert "hunter2" not in why


def test_how_a_command_ended_is_said(tmp_path: Path) -> None:
    program = tmp_path / "tell"
    for text, said in (("exit 3", "exit 3"), ("kill -9 $$", "signal 9")):
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o700)
        sent, why = send(Channel("a", Command((str(program),)), Severity.WARNING), DOCUMENT, lambda: None)
        assert (sent, why) == (Sent.NOT_SENT, f"{program} ended with {said}")
