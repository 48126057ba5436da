"""Certificates for TLS between a caller, a scheduler and its workers, made in the test."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = timedelta(days=1)


class Authority:
    """A certificate authority, with its certificate in `folder`/ca.pem."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _make_name("the fleet's Dask")
        certificate = self._build(self._name, self._key, authority=True)
        self.file = folder / "ca.pem"
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str) -> Path:
        """A file with a certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._build(_make_name(name), key, authority=False)
        made = self.folder / f"{name}.pem"
        made.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        made.chmod(0o600)
        return made

    def _build(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, *, authority: bool) -> x509.Certificate:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _DAY)
            .not_valid_after(now + _DAY)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )


def _make_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def set_tls(authority: Path, certificate: Path) -> dict[str, str]:
    """Dask's configuration as environment variables, the same for all three roles."""
    roles = {
        f"DASK_DISTRIBUTED__COMM__TLS__{role}__CERT": str(certificate) for role in ("CLIENT", "SCHEDULER", "WORKER")
    }
    return {"DASK_DISTRIBUTED__COMM__TLS__CA_FILE": str(authority), **roles}
