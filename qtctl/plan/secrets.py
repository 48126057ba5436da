"""Which secrets the services of a host are declared to have, and which of them a name means."""

from collections.abc import Iterator, Sequence

from qtctl.dialects.nearest import Known
from qtctl.dialects.systemd.envfile import write_env_line
from qtctl.errors import InputError
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.secret_place import SecretKind, SecretPlace

LARGEST = 256 * 1024
"""Bytes of a value."""


def list_secrets(desired: Desired) -> tuple[SecretPlace, ...]:
    """Sorted by file and name."""
    users: dict[tuple[str, str, SecretKind], list[DesiredService]] = {}
    for service in desired.services:
        for name, path, kind in _list_declared(service):
            users.setdefault((path, name, kind), []).append(service)
    return tuple(
        SecretPlace(name, kind, path, tuple(each.name for each in of), tuple(each.unit for each in of))
        for (path, name, kind), of in sorted(users.items())
    )


def _list_declared(service: DesiredService) -> Iterator[tuple[str, str, SecretKind]]:
    if service.secrets_file:
        yield from ((key, service.secrets_file, SecretKind.KEY) for key in service.secrets_keys)
    plain, encrypted = service.list_credentials("LoadCredential"), service.list_credentials("LoadCredentialEncrypted")
    yield from ((name, path, SecretKind.CREDENTIAL) for name, path in plain)
    yield from ((name, path, SecretKind.ENCRYPTED) for name, path in encrypted)


def find_secret(found: Sequence[SecretPlace], named: str) -> SecretPlace:
    """`named`: NAME, or SERVICE/NAME if several files have that name. InputError for none, and for several."""
    service, _, name = named.rpartition("/")
    those = [each for each in found if each.name == name and (not service or service in each.services)]
    if not those:
        names = sorted({each.name for each in found})
        known = Known(names).find_nearest(name) or ", ".join(names[:5])
        hint = f"declared secrets: {known}" if known else "declare it in [secrets] of the service first"
        raise InputError(f"no service of this host has a secret {named}", hint=hint)
    if len(those) > 1:
        ways = ", ".join(f"{each.services[0]}/{name}" for each in those)
        raise InputError(f"{name} is in {len(those)} files", hint=f"say which: {ways}")
    if those[0].kind is SecretKind.ENCRYPTED:
        hint = f"on the host, as root: systemd-creds encrypt --name={name} - {those[0].path}"
        raise InputError(f"{name} is encrypted for its host, which only the host can do", hint=hint)
    return those[0]


def make_content(place: SecretPlace, value: bytes) -> bytes:
    """What is written for this value: a line of an env file without its end, or the value as it is.

    InputError, which does not quote the value, if that is impossible.
    """
    if len(value) > LARGEST:
        raise InputError(f"{place.name}: more than {LARGEST} bytes", hint="is it the right file?")
    if place.kind is not SecretKind.KEY:
        if not value:
            raise InputError(f"{place.name}: empty", hint="give a value")
        return value
    line = value.removesuffix(b"\n").removesuffix(b"\r")
    if not line:
        raise InputError(f"{place.name}: empty", hint="give a value")
    try:
        return write_env_line(place.name, line.decode("utf-8")).encode()
    except UnicodeDecodeError:
        raise InputError(f"{place.name}: not UTF-8, which systemd does not read", hint="encode it") from None
