"""Whether a host shows the key that known_hosts has for it, looked up and judged as OpenSSH does."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from qtctl.adapters import bounded, host_certificates, known_hosts, revoked_keys, ssh_errors
from qtctl.adapters.host_certificates import Certificate
from qtctl.adapters.known_hosts import Known
from qtctl.adapters.ssh_config import Settings
from qtctl.adapters.ssh_wire import CERTIFICATE, RSA, RSA_SIGNATURES, Malformed, read_rsa_bits, read_type
from qtctl.errors import Unreachable

Files = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class HostKeys:
    """What is known about a host under its name and, with a non-default port and no alias, without the port.

    `contents`: the existing known_hosts files with their content.
    """

    settings: Settings
    files: tuple[str, ...]
    contents: Files
    known: Known
    without_port: Known

    def choose_algorithms(self, offered: Sequence[str]) -> tuple[str, ...]:
        """The offered algorithms that may be negotiated: if any key of the host is known, only those of known keys.

        Certificates only if they can make a difference, and then first, as in OpenSSH.
        """
        plain = tuple(name for name in offered if not name.endswith(CERTIFICATE))
        certificates = tuple(name for name in offered if name.endswith(CERTIFICATE))
        if plain and not self._uses_certificates:
            certificates = ()
        if usable := tuple(name for name in plain if name in self.known.algorithms):
            return (*certificates, *usable)
        # A key kept without the port counts if it is the same; a different one does not mean that the host has changed.
        return (*certificates, *sorted(plain, key=lambda name: name not in self.without_port.algorithms))

    def check(self, shown: bytes, peer: str = "") -> None:
        """Unreachable if the key is unknown, different, too small, or revoked.

        `shown`: the host's key or certificate in SSH wire format; `peer`: the address connected to, '' for none.
        """
        try:
            certificate = host_certificates.parse(shown) if read_type(shown).endswith(CERTIFICATE) else None
            plain = certificate.plain if certificate else shown
            size = read_rsa_bits(plain)
        except Malformed as error:
            raise ssh_errors.explain_no_handshake(self.settings, error) from error
        if size is not None and size < self.settings.required_rsa_size:
            raise ssh_errors.explain_small_key(self.settings, size)
        self._check_revoked_files(plain, shown, certificate)
        reason = self._find_certificate_fault(certificate) if certificate else self._explain_no_certificate()
        if reason is None:
            return
        if certificate and not self._may_show(read_type(plain)):
            raise ssh_errors.explain_not_certified(self.settings, reason, _name_key(plain), self.files)
        self._check_plain(plain, reason, peer)

    def explain_no_known_type(self) -> Unreachable | None:
        """The error for a host that offers none of the known types; None if no type is known."""
        if not self.known.keys:
            return None
        return ssh_errors.explain_no_known_type(self.settings, self.known.algorithms, self.files)

    @property
    def _uses_certificates(self) -> bool:
        return bool(
            self.known.speaks_of_certificates
            or self.without_port.speaks_of_certificates
            or self.settings.revoked_host_keys
        )

    def _may_show(self, key_type: str) -> bool:
        """Whether HostKeyAlgorithms allows the key of a certificate without the certificate."""
        allowed = self.settings.algorithms.host_keys
        names = RSA_SIGNATURES if key_type == RSA else (key_type,)
        return not allowed or any(name in allowed for name in names)

    def _check_revoked_files(self, plain: bytes, shown: bytes, certificate: Certificate | None) -> None:
        named = self.settings.revoked_host_keys
        if not named:
            return
        keys = (plain, shown, certificate.authority) if certificate else (plain,)
        for file in revoked_keys.list_files(named):
            try:
                revoked = revoked_keys.is_revoked(file, keys)
            except revoked_keys.Unusable as error:
                raise ssh_errors.explain_unusable_revoked_keys(self.settings, file, str(error)) from error
            if revoked:
                raise ssh_errors.explain_host_key(
                    self.settings, "revoked", f"{_name_key(plain)}, by {file}", self.files
                )

    def _find_certificate_fault(self, certificate: Certificate) -> str | None:
        """Why the certificate proves nothing, None if it proves the host."""
        if self.known.is_revoked(certificate.authority) or self.known.is_revoked(certificate.plain):
            raise ssh_errors.explain_host_key(self.settings, "revoked", _name_key(certificate.plain), self.files)
        signed_by = [
            line
            for known in (self.known, self.without_port)
            for line in known.authorities
            if line.blob == certificate.authority and not known.is_revoked(certificate.authority)
        ]
        if not signed_by:
            return "known_hosts has no @cert-authority line for what signed its host certificate"
        allowed = self.settings.algorithms.authorities
        fault = host_certificates.find_fault(certificate, self.settings.certified_as, allowed)
        return fault and f"its host certificate does not prove it: {fault}"

    def _explain_no_certificate(self) -> str:
        lines = (*self.known.authorities, *self.without_port.authorities)
        if not lines:
            return ""
        place = f"{lines[0].file}:{lines[0].number}"
        return f"it shows no host certificate, though {place} has a @cert-authority for it"

    def _check_plain(self, blob: bytes, reason: str, peer: str) -> None:
        """`reason`: why no certificate proves the host, '' if known_hosts asks for none."""
        verdict = self.known.judge(blob)
        if verdict == "unknown" and (other := self.without_port.judge(blob)) in ("known", "revoked"):
            verdict = other
        if verdict == "unknown" and reason:
            raise ssh_errors.explain_not_certified(self.settings, reason, _name_key(blob), self.files)
        if verdict != "known":
            raise ssh_errors.explain_host_key(self.settings, verdict, _name_key(blob), self.files)
        if self._asks_for_address(peer):
            known = known_hosts.look_up(self.contents, self.settings.with_port(peer))
            if known.judge(blob) in ("changed", "revoked"):
                raise ssh_errors.explain_other_key_for_address(self.settings, peer, known.lines[0])

    def _asks_for_address(self, peer: str) -> bool:
        """CheckHostIP, if there is a name to compare with: like OpenSSH, without loopback."""
        if not self.settings.check_host_ip or not peer or peer == self.settings.hostname.lower():
            return False
        try:
            return not ipaddress.ip_address(peer.partition("%")[0]).is_loopback
        except ValueError:
            return False


def read(settings: Settings) -> HostKeys:
    """Look a host up in its known_hosts files; missing files are skipped."""
    files = (*settings.user_known_hosts, *settings.global_known_hosts)
    contents = tuple((file, content) for file in files if (content := _read_content(file)) is not None)
    known = known_hosts.look_up(contents, settings.known_as)
    plain = known_hosts.strip_port(settings.known_as)
    if settings.host_key_alias or plain == settings.known_as:
        return HostKeys(settings, files, contents, known, Known(()))
    return HostKeys(settings, files, contents, known, known_hosts.look_up(contents, plain))


def _name_key(blob: bytes) -> str:
    return f"{read_type(blob)} {known_hosts.format_fingerprint(blob)}"


def _read_content(file: str) -> bytes | None:
    try:
        return bounded.read(file)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, bounded.TooLarge) as error:
        said = error.strerror if isinstance(error, OSError) else str(error)
        raise Unreachable(f"{file}: cannot be read: {said}", hint="host keys are looked up there") from error
