"""Which generation a host goes back to, and what it must have then. The rest of a rollback is a deploy."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

from qtctl.apply.generations import fetch_desired, list_generations
from qtctl.apply.generations import fetch_found as fetch_backup
from qtctl.errors import DeployRefused, HostError, UnusableGeneration, refuse_unchanged
from qtctl.interfaces.host import Connector, Host
from qtctl.model.backup import Backup
from qtctl.model.desired import Desired
from qtctl.model.desired_store import DesiredStore
from qtctl.model.generation import FORMAT, FOUND, DamagedGeneration, GenerationRecord
from qtctl.model.transaction import TransactionEnd
from qtctl.plan.restore_aim import OF_BACKUP, OF_FOUND, aim_at_found

_SEE = "`qtctl generations --host {host}` lists those that it has"


class EarlierGeneration(NamedTuple):
    """A generation that a host keeps, and what the host had to have then."""

    record: GenerationRecord
    desired: Desired


class FoundGeneration(NamedTuple):
    """Generation 0, and what was on the host before its first deploy."""

    record: GenerationRecord
    backup: Backup


def read_generations(connect: Connector) -> tuple[GenerationRecord, ...]:
    """Newest first. HostError if the host could not be asked."""
    with connect() as host:
        return list_generations(host)


@contextmanager
def _refusing() -> Iterator[None]:
    """For what would change the host: DeployRefused if the generation cannot be used, or the host not be asked."""
    try:
        yield
    except HostError as error:
        raise refuse_unchanged(error) from error
    except UnusableGeneration as error:
        raise DeployRefused(f"nothing was changed: {error.what}", host=error.host, hint=error.hint) from error


def fetch_earlier(connect: Connector, declared: Desired, number: int | None) -> EarlierGeneration:
    """As `read_earlier`, to go back to it: DeployRefused instead of its errors."""
    with _refusing():
        return read_earlier(connect, declared, number)


def fetch_found(connect: Connector, declared: Desired) -> FoundGeneration:
    """As `read_found`, to go back to it: DeployRefused instead of its errors."""
    with _refusing():
        return read_found(connect, declared)


def read_earlier(connect: Connector, declared: Desired, number: int | None) -> EarlierGeneration:
    """Generation `number`, else the last one confirmed before the current one.

    UnusableGeneration if there is none, if it is damaged, or if it belongs to another host or fleet. HostError if the
    host could not be asked.
    """

    def find(records: Sequence[GenerationRecord], address: str) -> GenerationRecord:
        return choose(records, number, declared, address)

    return _fetch(connect, declared, find, "the one before" if number is None else str(number))


def read_found(connect: Connector, declared: Desired) -> FoundGeneration:
    """Generation 0.

    UnusableGeneration if the host keeps none, if it is damaged, or belongs to another host or fleet. HostError if the
    host could not be asked.
    """
    with _fetching(connect, declared, "0") as host:
        records = [each for each in list_generations(host) if each.outcome == FOUND]
        if not records:
            what = "generation 0 is not on the host"
            raise UnusableGeneration(what, host=declared.host, hint=_SEE.format(host=host.address))
        backup = fetch_backup(host, records[0].number)
    return FoundGeneration(records[0], _check_found(backup, declared))


def _check_found(backup: Backup, declared: Desired) -> Backup:
    """Returns `backup` if it is of this host, and of nothing but the fleet's files."""
    if misfit := aim_at_found(backup, declared).find_misfit(declared):
        what = f"{OF_FOUND.name} {misfit.what}"
        raise UnusableGeneration(what, host=declared.host, hint=misfit.hint)
    return backup


def fetch_before(connect: Connector, declared: Desired, number: int) -> EarlierGeneration:
    """The last generation confirmed before generation `number`. DeployRefused also if that is not the current one."""

    def find(records: Sequence[GenerationRecord], address: str) -> GenerationRecord:
        if not any(each.current and each.number == number for each in records):
            what = f"generation {number} is not the current one any more"
            raise UnusableGeneration(what, host=declared.host, hint=_SEE.format(host=address))
        return choose(records, None, declared, address)

    with _refusing():
        return _fetch(connect, declared, find, f"the one before {number}")


def _fetch(
    connect: Connector,
    declared: Desired,
    find: Callable[[Sequence[GenerationRecord], str], GenerationRecord],
    wanted: str,
) -> EarlierGeneration:
    with _fetching(connect, declared, wanted) as host:
        record = find(list_generations(host), host.address)
        return EarlierGeneration(record, check(fetch_desired(host, record.number), record, declared))


@contextmanager
def _fetching(connect: Connector, declared: Desired, wanted: str) -> Iterator[Host]:
    """A connection over which a generation is fetched: UnusableGeneration if it is damaged."""
    try:
        with connect() as host:
            address = host.address
            yield host
    except DamagedGeneration as error:
        what = f"generation {wanted} is damaged: {error}"
        raise UnusableGeneration(what, host=declared.host, hint=_SEE.format(host=address)) from error


def choose(
    records: Sequence[GenerationRecord], number: int | None, declared: Desired, address: str
) -> GenerationRecord:
    """`records`: newest first. Only confirmed generations can be rolled back to. `address`: as for `--host`.

    Without a number: the one before that of this fleet which is in force. Another fleet on the host may have deployed
    since.
    """
    host, hint = declared.host, _SEE.format(host=address)
    good = [each for each in records if each.outcome == TransactionEnd.CONFIRMED]
    found = next((each for each in records if each.outcome == FOUND), None)
    if number is not None:
        chosen = next((each for each in good if each.number == number), None)
        if chosen is None:
            known = any(each.number == number for each in records)
            why = "was never confirmed" if known else "is not on the host"
            if found is not None and found.number == number:
                why = "is what was there before the first deploy, and declares nothing"
            raise UnusableGeneration(f"generation {number} {why}", host=host, hint=hint)
        return _check_declared(chosen, host, address)
    current = find_current(records, declared.fleet)
    before = [each for each in _list_of_fleet(good, declared.fleet) if current and each.number < current.number]
    if not before and found is not None and current is not None and found.note("fleet") in ("", declared.fleet):
        what = "before the current generation qtctl had not deployed to it"
        how = f"`qtctl rollback --host {address} --to {found.number}` brings back what was there then"
        raise UnusableGeneration(what, host=host, hint=how)
    if not before:
        raise UnusableGeneration("it has no generation before the current one", host=host, hint=hint)
    return _check_declared(before[0], host, address)


def find_current(records: Sequence[GenerationRecord], fleet: str) -> GenerationRecord | None:
    """The generation of this fleet that is in force, even if another fleet's is the current one of the host."""
    current = next((each.number for each in records if each.current), None)
    good = [each for each in records if each.outcome == TransactionEnd.CONFIRMED]
    return next((each for each in _list_of_fleet(good, fleet) if current is not None and each.number <= current), None)


def _list_of_fleet(records: Sequence[GenerationRecord], fleet: str) -> list[GenerationRecord]:
    """Those of which nobody knows whose they are are taken for this fleet's: what they declare is checked."""
    return [each for each in records if each.note("fleet") in ("", fleet)]


def _check_declared(record: GenerationRecord, host: str, address: str) -> GenerationRecord:
    """Refuses another format, and restored backups: their declaration is not what was installed."""
    written = record.note("format")
    if written not in ("", str(FORMAT)):
        by = f"qtctl {record.note('version')}".rstrip()
        what = f"generation {record.number} was written by {by} in format {written}"
        raise UnusableGeneration(what, host=host, hint=f"this qtctl reads format {FORMAT}: use the one that wrote it")
    if record.note(OF_FOUND.note):
        what = f"generation {record.number} is what was there before the first deploy"
        raise UnusableGeneration(what, host=host, hint=f"`qtctl rollback --host {address} --to 0` brings it back")
    if record.note(OF_BACKUP.note):
        taken = record.note(OF_BACKUP.note)
        what = f"generation {record.number} is a restored backup of {taken}"
        how = f"`qtctl backup restore --host {address} BACKUP` brings it back; --to names another generation"
        raise UnusableGeneration(what, host=host, hint=how)
    return record


def check(desired: Desired, record: GenerationRecord, declared: Desired) -> Desired:
    """Returns `desired`, the declaration of a generation, if it belongs to this host.

    The generation says what the host must have. Which host that is, and how and as whom to reach it, comes from the
    registry alone: otherwise a host could have another one changed.
    """
    if (desired.fleet, desired.host) != (declared.fleet, declared.host):
        what = f"generation {record.number} is of {desired.host} of {desired.fleet}"
        raise UnusableGeneration(what, host=declared.host, hint="name the host that the registry declares with --as")
    return replace(
        desired, login=declared.login, expected_hostname=declared.expected_hostname, machine=declared.machine
    )


def list_known_stores(desired: Desired, declared: Desired) -> frozenset[str]:
    """Names of a generation's stores that are where the registry declares them: only these are sent a password."""
    places = {each.name: _place(each) for each in declared.stores}
    return frozenset(each.name for each in desired.stores if places.get(each.name) == _place(each))


def _place(store: DesiredStore) -> tuple[object, ...]:
    return store.address, store.port, store.user, store.db, store.tls
