"""Hosts that attack the account that deploys, by their answers about transactions, generations, secrets and files."""

import base64
import contextlib
import gzip
import io
import tarfile
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, cast

import pytest

from qtctl.api import rollback as api
from qtctl.apply import backup_archive, containers, current, generations, installed, preparation, ran, secrets, store
from qtctl.apply import transaction as transactions
from qtctl.apply.generation import Generation
from qtctl.apply.privileges import read_seen
from qtctl.dialects import tar
from qtctl.engines.connect import make_declared_route
from qtctl.errors import HostError, QtctlError
from qtctl.flows.declared import Declared
from qtctl.flows.rollback import check, list_known_stores
from qtctl.interfaces.host import Completed, Host
from qtctl.model.desired import Desired
from qtctl.model.desired_store import DesiredStore
from qtctl.model.generation import DamagedGeneration, GenerationRecord, pack_desired
from qtctl.model.origin import Origin
from qtctl.model.plan import Plan
from qtctl.model.secret import Secret
from qtctl.model.secret_place import SecretKind, SecretPlace
from qtctl.probes.deploys import parse_status
from qtctl.registry.places import Places
from tests.builders.planned import desired, service, target

MOST = 200 << 20
DIGITS = b"9" * 5000


class Answering:
    """A host of which only the answer matters."""

    address = "web-1"

    def __init__(self, stdout: bytes, exit_status: int = 0) -> None:
        self._done = Completed(exit_status, stdout, stdout[:1000], 1e9, 0.1)

    def start(self, *_: object, **__: object) -> "Answering":
        return self

    def finish(self, *_: object, **__: object) -> Completed:
        return self._done


def host(said: bytes) -> Host:
    return cast("Host", Answering(said))


PLACES = (
    SecretPlace("TOKEN", SecretKind.KEY, "/etc/q/s.env", ("a",), ("a.service",)),
    SecretPlace("k", SecretKind.CREDENTIAL, "/etc/q/k", ("a",), ("a.service",)),
)
WHOLE = (b"", b"\n", b"\0\n", b"\xff\xfe\n", b"qtctl", b"[" * 100_000, b"qtctl " * 100_000, b"\x1b]0;owned\x07\n")
READERS: dict[str, tuple[Callable[[bytes], object], tuple[bytes, ...]]] = {
    "list of generations": (
        generations.parse_list,
        (
            b"qtctl generation " + DIGITS + b" confirmed current\n",
            b"qtctl generation 1 confirmed\n at " + DIGITS + b"\n",
            b"qtctl generation\n",
            b"qtctl generation 1\n by\n step\n",
            "qtctl generation ٣ confirmed\n".encode(),
        ),
    ),
    "transaction": (
        lambda said: transactions._read_report(host(b""), said),
        (
            b"qtctl state gating -\n1\tstep\t" + DIGITS + b"\tdone\n",
            b"qtctl state gating -\nnan\tstep\t1\tdone\n",
            b"qtctl state gating -\ninf\tstep\t1\tbegun\n1e999\tstep\t1\tdone\n",
            b"qtctl state none sleeping\n",
            b"qtctl state gating -\n1\tkept\t" + DIGITS + b"\t/x\n",
            b"qtctl state none -\n",
            b"qtctl state gating -\n" + b"1\twhy\tx\n" * 2_000_000,
        ),
    ),
    "transaction that is looked for": (
        lambda said: transactions.recover(host(said), accept=False, by="me"),
        (b"qtctl number " + DIGITS + b"\nqtctl state broken\n", b"qtctl number 1\nqtctl state broken\n"),
    ),
    "files": (
        installed.parse_listing,
        (
            b"f\t999999\troot\troot\t1\t1\t/x\0\0end\0\0",
            b"f\t644\tr\tr\t" + DIGITS + b"\t1\t/x\0\0end\0\0",
            b"end\0\0",
            b"f\t" + DIGITS + b"\tr\tr\t1\t1\t/x\0\0end\0\0",
        ),
    ),
    "contents": (
        lambda said: current.read_current_files(host(said), ["/x"], 1),
        (b"0 =\n", b"9 eA==\n", b"-1 eA==\n", DIGITS + b" eA==\n", b"0\n", b"0 !!\n"),
    ),
    "secrets": (
        lambda said: secrets.find(host(said), PLACES),
        (
            b"T 0\n",
            b"T 0\nP 0 file root root 0600 1\n",
            b"P " + DIGITS + b" file root root 0600 1\n",
            b"F 0\nF 0 x\nZ\n",
            b"P 0 file root root 0600 1\nF 0 changed\nV\n",
            "P ٣ file root root 0600 1\n".encode(),
        ),
    ),
    "containers": (
        containers.parse_containers,
        (
            b'{"id":' + DIGITS + b"}\n",
            b'{"id":1,"name":2}\n',
            b"{}\n",
            b'{"id":"x","name":"/y","ports":[1]}\n',
            b"[[]]\n",
            b'{"a":' * 5000 + b"1" + b"}" * 5000,
        ),
    ),
    "processes": (
        ran.parse_ran,
        (b"ran\ta\tnone\t/x\t" + DIGITS + b"\n", b"ran\n", b"ran\ta\tnone\t/x\n", b"ran\ta\tdances\n"),
    ),
    "way to root": (read_seen, (b"uid " + DIGITS + b"\n", b"uid -1\n", b"uid 0\nat ffffffff 99999999999 r:r /x\n")),
    "store": (
        lambda said: store.find_missing(host(said), ()),
        (b"qtctl refused\n", b"qtctl damaged " + b"a" * 64 + b"\n", b"qtctl\n"),
    ),
    "status": (lambda said: parse_status(said.decode("utf-8", "replace")), (b"x " + DIGITS + b"\nformat 1\n",)),
    "preparation": (
        lambda said: preparation._parse_file(said.decode("utf-8", "replace")),
        (b"/x\tfile\troot\t0644\t!!", b"/x", b"/x\tfile\tr\t0\t=\t"),
    ),
}


@pytest.mark.parametrize("reader", READERS)
def test_whatever_a_host_says_is_an_answer_or_one_error(reader: str) -> None:
    read, answers = READERS[reader]
    expected = (QtctlError, DamagedGeneration, ValueError) if reader in ("way to root", "status") else (QtctlError,)
    for said in (*WHOLE, *answers, b"".join(answers)[:100_000]):
        with traced(), contextlib.suppress(*expected):
            read(said)


def test_a_number_that_is_none_is_not_taken_for_nothing_done() -> None:
    """A host that says it is armed is asked again, as a deploy that may go on."""
    with pytest.raises(QtctlError, match="number of its generation could not be read"):
        armed(b"qtctl armed x\n")
    assert armed(b"qtctl armed 7\n") == 7


def test_a_secret_whose_program_was_killed_is_not_said_to_be_as_before() -> None:
    killed = cast("Host", Answering(b"", 137))
    with pytest.raises(HostError, match="was killed") as error:
        secrets.put(killed, PLACES[0], b"x", {})
    assert "nothing was changed" not in str(error.value)


def test_a_lock_that_no_deploy_holds_is_not_said_to_be_a_deploy() -> None:
    with pytest.raises(transactions.Locked, match="another process of qtctl holds its lock") as error:
        armed(b"qtctl locked\nqtctl refused - /var/lib/qtctl/lock is held\n")
    assert error.value.holder == ""


def armed(said: bytes) -> int:
    generation = Generation(Plan("web-1", ()), desired(service("a"), target()), (), {})
    return transactions.stage(host(said), generation, transactions.make_ticket(), limit_s=60)


def archive(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as made:
        for header, content in members:
            header.size = len(content)
            made.addfile(header, io.BytesIO(content))
    return stream.getvalue()


def member(name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE) -> tuple[tarfile.TarInfo, bytes]:
    header = tarfile.TarInfo(name)
    header.type = kind
    return header, content


def sparse(name: str) -> bytes:
    """A header for a file of 2**40 bytes without any of them."""
    header = tarfile.TarInfo(name)
    header.type = tarfile.GNUTYPE_SPARSE
    block = bytearray(header.tobuf(tarfile.GNU_FORMAT))
    block[386 : 386 + 24] = b"%011o\0" % 0 + b"%011o\0" % 0
    block[483:495] = b"%011o\0" % (2**33 - 1)
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + b"\0" * 1024


def before_itself(name: str) -> bytes:
    header = tarfile.TarInfo(name)
    block = bytearray(header.tobuf(tarfile.GNU_FORMAT))
    block[124:136] = b"\xff" * 10 + b"\xfc\x00"
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) * 3


def declared() -> tuple[tarfile.TarInfo, bytes]:
    return member(DECLARED, pack_desired(desired(service("a"), target())))


DECLARED = "gen/1/desired.json.gz"
ARCHIVES: dict[str, Callable[[], bytes]] = {
    "a sparse file": lambda: sparse(DECLARED),
    "a sparse object": lambda: archive(declared())[:-10240] + sparse("objects/x"),
    "long names without end": lambda: archive(member("././@LongLink", b"x", tarfile.GNUTYPE_LONGNAME))[:1024] * 3000,
    "headers without end": lambda: archive(member("pax", b"9 a=bcde\n", tarfile.XHDTYPE))[:1024] * 3000,
    "a file before itself": lambda: before_itself(DECLARED),
    "many files": lambda: tarfile.TarInfo("objects/x").tobuf() * 25_000,
    "a bomb": lambda: archive(member(DECLARED, gzip.compress(b"[" * (80 << 20), 1))),
    "a deep one": lambda: archive(member(DECLARED, gzip.compress(b"[" * 1_000_000))),
    "a link": lambda: archive(member(DECLARED, b"", tarfile.SYMTYPE)),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_of_a_generation_or_a_backup(name: str) -> None:
    said = ARCHIVES[name]()
    with traced(name != "many files"):
        with pytest.raises(DamagedGeneration):
            generations.parse_archive(base64.encodebytes(said), 1)
        with pytest.raises(QtctlError):
            backup_archive.unpack(said, "b.tar")


def test_an_archive_that_leads_back_to_its_beginning_ends() -> None:
    """tarfile reads it without end."""
    said = tarfile.TarInfo("x").tobuf() * 2 + before_itself("y")[:512]
    with tarfile.open(fileobj=io.BytesIO(said), mode="r:") as endless:
        offsets = [member.offset for _ in range(6) if (member := endless.next()) is not None]
    assert offsets == [0, 512, 1024, 512, 1024, 512]
    with pytest.raises(tarfile.ReadError, match="points back into the archive"):
        list(tar.walk(said, 20_000))


def test_an_archive_has_so_many_members_and_no_more() -> None:
    said = tarfile.TarInfo("x").tobuf() * 30 + b"\0" * 1024
    assert len(list(tar.walk(said, 30))) == 30
    with pytest.raises(tarfile.ReadError, match="more than 29 files"):
        list(tar.walk(said, 29))


@contextlib.contextmanager
def traced(is_quick: bool = True) -> Iterator[None]:
    """What is done takes little memory. Tracing takes long if there are many objects."""
    if not is_quick:
        yield
        return
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < MOST
    finally:
        tracemalloc.stop()


RECORD = GenerationRecord(1, "confirmed", current=True, at=None, about=(), steps=())


def test_a_host_redirects_no_rollback_to_another_host() -> None:
    """A host's record of a generation says what it must have, and not which host it is, or how it is reached."""
    mine = replace(desired(service("a"), target()), host="web-1", expected_hostname="web-1", machine="a" * 32)
    login = replace(mine.login, address="203.0.113.66", port=2222, deploy_user="root", audit_user="root")
    theirs = replace(mine, login=login, expected_hostname="db-1", machine="b" * 32)
    found = fetched(theirs, mine)
    assert make_declared_route("web-1", found, None, "deploy") == make_declared_route("web-1", mine, None, "deploy")
    assert (found.expected_hostname, found.machine) == (mine.expected_hostname, mine.machine)
    assert found.services == theirs.services


def fetched(theirs: Desired, mine: Desired) -> Desired:
    said = archive(
        member("gen/1/desired.json.gz", pack_desired(theirs)),
        *(member(f"objects/{each.sha256}", each.content) for each in theirs.files),
    )
    return check(generations.parse_archive(base64.encodebytes(said), 1), RECORD, mine)


def test_a_host_gets_no_password_of_a_store_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = replace(desired(service("a"), target()), stores=(redis("a"), redis("b", port=6380)))
    theirs = replace(mine, stores=(redis("a", address="127.0.0.2"), redis("b", port=6380), redis("c")))
    assert list_known_stores(theirs, mine) == {"b"}
    given: dict[str, Any] = {}
    monkeypatch.setattr(api, "deploy", lambda *_, **options: given.update(options))
    passwords = {"a": Secret("x"), "b": Secret("y"), "c": Secret("z")}
    api.rollback(Declared({}, mine, Places({})), "h1", theirs, confirm=lambda _: False, passwords=passwords)
    assert set(given["passwords"]) == {"b"}


def redis(name: str, **changes: Any) -> DesiredStore:
    made = DesiredStore(name, "redis.service", "127.0.0.1", 6379, "PASSWORD", Origin("stores.toml"))
    return replace(made, **changes)
