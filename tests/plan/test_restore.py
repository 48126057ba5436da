"""The plan of a restore: what follows from files that change, and what does not from files that go."""

from dataclasses import replace

from qtctl.model.backup import Backup, Entry, EntryKind, Installed, Manifest
from qtctl.model.plan import StepKind
from qtctl.plan.fleet_names import FleetNames
from qtctl.plan.restore import Restore
from qtctl.plan.restore_aim import OF_BACKUP, OF_FOUND, Aim

CONFIG = ("/etc/sysusers.d/shop.conf", "/etc/tmpfiles.d/shop.conf")
NAMES = FleetNames(("shop-*",), frozenset(), frozenset(CONFIG), "/etc/shop", frozenset())


def make(*contents: bytes) -> Installed:
    entries = tuple(
        Entry(path, EntryKind.FILE, "0644", "root", "root", sha256=f"{content!r}")
        for path, content in zip(CONFIG, contents, strict=False)
    )
    return Installed(entries, {f"{each!r}": each for each in contents})


def restore(then: Installed, now: Installed) -> Restore:
    manifest = Manifest(1, "shop", "web-1", "web-1", "web-1", "", "", "", "", "", "", then.entries, ())
    return Restore(Aim(Backup(manifest, then.contents), NAMES, OF_BACKUP), now, {})


def test_accounts_and_folders_that_were_not_there_are_not_made() -> None:
    """Their files go, so systemd has nothing to read in them; accounts and folders stay."""
    kinds = [step.kind for step in restore(make(), make(b"a", b"b")).plan().steps]
    assert kinds == [StepKind.REMOVE, StepKind.REMOVE]


def test_accounts_and_folders_that_differ_are_made() -> None:
    kinds = [step.kind for step in restore(make(b"a", b"b"), make(b"c")).plan().steps]
    assert kinds == [StepKind.WRITE, StepKind.WRITE, StepKind.SYSUSERS, StepKind.TMPFILES]


def test_every_reason_says_what_is_gone_back_to() -> None:
    there = restore(make(), make(b"a"))
    for words in (OF_BACKUP, OF_FOUND):
        (step,) = Restore(replace(there.aim, words=words), there.now, {}).plan().steps
        assert step.reason == f"it was not there {words.then}"
