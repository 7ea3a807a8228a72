"""The issuer of devices' certificates, and what a device makes of its own."""

from __future__ import annotations

import base64
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry

from nearfield_provisioning.device_identity import DeviceIdentity, load_device_identity
from nearfield_provisioning.device_name import DeviceName, device_name
from nearfield_provisioning.errors import (
    DeviceIdentityError,
    DeviceNameError,
    IssuerError,
    PrivateFileError,
    RequestRefusedError,
)
from nearfield_provisioning.issuer.issuer import Issuer, IssuerFiles, open_issuer, write_device_files
from tests.fakes.clock import START

_PEM = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
KIOSK = DeviceName(tenant="cafe", device="till-1")


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return open_issuer(IssuerFiles(folder=tmp_path / "issuer"), START)


def request_of(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, wished: str = "till-9") -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, wished)])
    held = x509.SubjectAlternativeName([x509.UniformResourceIdentifier("urn:nearfield:bank:device:door")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name).add_extension(held, critical=False)
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)


def test_a_certificate_holds_what_the_issuer_knows_and_nothing_that_the_request_wished(
    issuer: Issuer,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = issuer.sign(request_of(key), KIOSK, START)
    assert certificate.subject.rfc4514_string() == "CN=till-1,O=cafe"
    held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert held.get_values_for_type(x509.UniformResourceIdentifier) == ["urn:nearfield:cafe:device:till-1"]
    assert certificate.public_key() == key.public_key()
    assert certificate.not_valid_after_utc == START + timedelta(days=90)


def test_a_certificate_is_good_for_clients_of_this_root_while_it_lasts(
    issuer: Issuer, tmp_path: Path
) -> None:
    _, certificate = issuer.make_device(KIOSK, START)
    foreign = open_issuer(IssuerFiles(folder=tmp_path / "foreign"), START)

    def verify(root: x509.Certificate, days: int) -> x509.GeneralName:
        policy = PolicyBuilder().store(Store([root])).time(START + timedelta(days=days))
        found = policy.build_client_verifier().verify(certificate, []).subjects
        assert found is not None
        return found[0]

    assert verify(issuer.root, 89).value == KIOSK.uri
    with pytest.raises(VerificationError):
        verify(issuer.root, 91)
    with pytest.raises(VerificationError):
        verify(foreign.root, 1)
    with pytest.raises(VerificationError):
        PolicyBuilder().store(Store([issuer.root])).time(START).build_server_verifier(
            x509.DNSName("till-1")
        ).verify(certificate, [])


def test_a_request_without_proof_of_its_key_is_refused(issuer: Issuer) -> None:
    mine, theirs = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    der = x509.load_pem_x509_csr(request_of(mine)).public_bytes(Encoding.DER)
    point = mine.public_key().public_numbers()
    other = theirs.public_key().public_numbers()
    forged = der.replace(point.x.to_bytes(32), other.x.to_bytes(32)).replace(
        point.y.to_bytes(32), other.y.to_bytes(32)
    )
    assert forged != der
    pem = (
        b"-----BEGIN CERTIFICATE REQUEST-----\n"
        + base64.encodebytes(forged)
        + b"-----END CERTIFICATE REQUEST-----\n"
    )
    with pytest.raises(RequestRefusedError, match="not signed with its own key"):
        issuer.sign(pem, KIOSK, START)


def test_a_request_of_another_kind_of_key_is_refused(issuer: Issuer) -> None:
    for key in (rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())):
        with pytest.raises(RequestRefusedError, match="P-256"):
            issuer.sign(request_of(key), KIOSK, START)
    with pytest.raises(RequestRefusedError, match="at most"):
        issuer.sign(b"x" * 20_000, KIOSK, START)


@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda raw: _damaged(raw)))
def test_whatever_is_no_request_is_refused_by_name(raw: bytes) -> None:
    from nearfield_provisioning.issuer.issuer import _requested_key

    with pytest.raises(RequestRefusedError):
        _requested_key(raw)


_WHOLE = request_of(ec.generate_private_key(ec.SECP256R1()))


def _damaged(noise: bytes) -> bytes:
    der = bytearray(base64.b64decode(b"".join(_WHOLE.splitlines()[1:-1])))
    changes = {(position * 7 + byte) % len(der): byte | 1 for position, byte in enumerate(noise or b"\x01")}
    for position, change in changes.items():
        der[position] ^= change
    body = base64.encodebytes(bytes(der))
    return b"-----BEGIN CERTIFICATE REQUEST-----\n" + body + b"-----END CERTIFICATE REQUEST-----\n"


def test_the_root_and_the_register_outlive_the_process(tmp_path: Path) -> None:
    files = IssuerFiles(folder=tmp_path / "issuer")
    first = open_issuer(files, START)
    _, certificate = first.make_device(KIOSK, START)
    first.close()
    again = open_issuer(files, START + timedelta(days=1))
    assert again.root == first.root
    (issued,) = again.issued_to(KIOSK)
    assert (issued.serial, issued.revoked_at) == (certificate.serial_number, None)
    assert stat.S_IMODE(files.key.stat().st_mode) == 0o600


def test_a_root_that_was_cut_off_before_its_certificate_was_written_is_the_same_root(tmp_path: Path) -> None:
    files = IssuerFiles(folder=tmp_path / "issuer")
    root = open_issuer(files, START).root
    files.certificate.unlink()
    assert open_issuer(files, START).root == root


def test_a_root_is_never_made_anew_beside_a_certificate_that_lost_its_key(tmp_path: Path) -> None:
    files = IssuerFiles(folder=tmp_path / "issuer")
    open_issuer(files, START).close()
    files.key.unlink()
    with pytest.raises(PrivateFileError, match="cannot be opened"):
        open_issuer(files, START)


def test_a_root_that_is_over_or_that_others_may_read_signs_nothing(tmp_path: Path) -> None:
    files = IssuerFiles(folder=tmp_path / "issuer")
    open_issuer(files, START).close()
    with pytest.raises(IssuerError, match="was valid until"):
        open_issuer(files, START + timedelta(days=3651))
    files.key.chmod(0o640)
    with pytest.raises(PrivateFileError, match="chmod 600"):
        open_issuer(files, START)


def test_what_was_taken_back_stands_in_a_list_that_the_root_signed(tmp_path: Path) -> None:
    files = IssuerFiles(folder=tmp_path / "issuer")
    issuer = open_issuer(files, START)
    _, first = issuer.make_device(KIOSK, START)
    _, second = issuer.make_device(DeviceName(tenant="cafe", device="till-2"), START)
    issuer.revoke(first.serial_number, START)
    revoked = x509.load_pem_x509_crl(files.revocations.read_bytes())
    public = issuer.root.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    assert revoked.is_signature_valid(public)
    assert revoked.get_revoked_certificate_by_serial_number(first.serial_number) is not None
    assert revoked.get_revoked_certificate_by_serial_number(second.serial_number) is None
    with pytest.raises(IssuerError, match="no certificate"):
        issuer.revoke(1, START)
    assert issuer.revoke_device(KIOSK, START) == 1


def test_an_assertion_is_signed_by_the_devices_key_for_one_endpoint_and_a_minute(
    issuer: Issuer, tmp_path: Path
) -> None:
    key, certificate = issuer.make_device(KIOSK, START)
    write_device_files(key, certificate, key_file=tmp_path / "d.key", chain_file=tmp_path / "d.pem")
    device = load_device_identity(tmp_path / "d.key", tmp_path / "d.pem")
    wide = JWSRegistry(algorithms=["ES256"])
    wide.max_header_length = 8_000
    key_of_device = ECKey.import_key(certificate.public_key().public_bytes(*_PEM))
    read = [
        jwt.decode(device.assertion("https://cloud.example/oauth/token", START), key_of_device, registry=wide)
        for _ in range(2)
    ]
    claims = read[0].claims
    assert claims["iss"] == claims["sub"] == device.client_id == KIOSK.uri
    assert claims["aud"] == "https://cloud.example/oauth/token"
    assert claims["exp"] - claims["iat"] == 60
    assert claims["jti"] != read[1].claims["jti"]
    assert base64.b64decode(read[0].header["x5c"][0]) == certificate.public_bytes(Encoding.DER)
    assert read[0].header["alg"] == "ES256"
    assert device.renew_at < device.expires_at - timedelta(days=29)


def test_a_device_says_itself_that_its_certificate_is_over_or_not_its_own(issuer: Issuer) -> None:
    key, certificate = issuer.make_device(KIOSK, START)
    device = DeviceIdentity(key, [certificate])
    with pytest.raises(DeviceIdentityError, match="ask for a new one"):
        device.assertion("https://cloud.example", START + timedelta(days=91))
    with pytest.raises(DeviceIdentityError, match="up to 60 s"):
        device.assertion("https://cloud.example", START, timedelta(seconds=61))
    with pytest.raises(DeviceIdentityError, match="not of this key"):
        DeviceIdentity(ec.generate_private_key(ec.SECP256R1()), [certificate])
    with pytest.raises(DeviceIdentityError, match="no device's"):
        DeviceIdentity(*_root_pair())


def _root_pair() -> tuple[ec.EllipticCurvePrivateKey, list[x509.Certificate]]:
    from nearfield_provisioning.issuer.authority import Authority

    made = Authority.made(START)
    return made.key, [made.certificate]


@pytest.mark.parametrize(
    "uri", ["", "urn:nearfield:a:device:", "urn:nearfield:A:device:b", "urn:nearfield:a:b"]
)
def test_what_is_no_devices_name_is_refused(uri: str) -> None:
    with pytest.raises(DeviceNameError):
        device_name(uri)


def test_a_name_comes_back_from_its_uri() -> None:
    assert device_name(KIOSK.uri) == KIOSK
    with pytest.raises(DeviceNameError, match="tenant"):
        DeviceName(tenant="a:b", device="c")
