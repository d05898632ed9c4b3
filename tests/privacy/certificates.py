"""Self-signed certificates, as two institutions would pin each other's."""

from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

START = datetime(2020, 1, 1, tzinfo=UTC)
END = datetime(2120, 1, 1, tzinfo=UTC)


def write_certificate(
    folder: Path, name: str, *, address: str = "127.0.0.1", issuer: str = ""
) -> None:
    """NAME.pem and NAME.key for an address, signed by an issuer written before or by itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
    signed_by, signing_key = subject, key
    if issuer:
        above = x509.load_pem_x509_certificate((folder / f"{issuer}.pem").read_bytes())
        signed_by = above.subject
        found = serialization.load_pem_private_key((folder / f"{issuer}.key").read_bytes(), None)
        assert isinstance(found, ec.EllipticCurvePrivateKey)
        signing_key = found
    certificate = (
        x509.CertificateBuilder(signed_by, subject, key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(START)
        .not_valid_after(END)
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=not issuer, path_length=None), critical=True)
        .sign(signing_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(pem))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
