"""A device's statement, checked as a function: what is damaged, forged or strange is refused by name."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from nearfield_cloud.errors import CertificateError, IdentityError, StatementError
from nearfield_cloud.identity.statements import DeviceStatement, verified_statement
from nearfield_cloud.identity.trust import Trust
from nearfield_provisioning.device_identity import DeviceIdentity
from nearfield_provisioning.device_name import DeviceName
from nearfield_provisioning.issuer.authority import Authority
from tests.fakes.clock import START

ENDPOINT = "https://cloud.example/oauth/token"
ROOT = Authority.made(START)
TRUST = Trust(roots=(ROOT.certificate,))
KEY = ec.generate_private_key(ec.SECP256R1())
NAME = DeviceName(tenant="cafe", device="till-1")
CERTIFICATE = ROOT.device_certificate(NAME, KEY.public_key(), serial=77, now=START, life=timedelta(days=1))
GOOD = DeviceIdentity(KEY, [CERTIFICATE]).assertion(ENDPOINT, START)


def check(text: str, trust: Trust = TRUST) -> DeviceStatement:
    return verified_statement(text, trust=trust, audiences=(ENDPOINT,), now=START, leeway_seconds=5)


def signed(
    claims: dict[str, Any], header: dict[str, Any] | None = None, key: ec.EllipticCurvePrivateKey = KEY
) -> str:
    x5c = [base64.b64encode(CERTIFICATE.public_bytes(Encoding.DER)).decode()]
    now = int(START.timestamp())
    whole = {
        "iss": NAME.uri, "sub": NAME.uri, "aud": ENDPOINT, "jti": "a-fresh-id", "iat": now, "exp": now + 60
    }  # fmt: skip
    given = {name: value for name, value in {**whole, **claims}.items() if value is not None}
    return jwt.encode({"alg": "ES256", "x5c": x5c, **(header or {})}, given, ECKey.import_key(key))


def test_a_good_statement_says_who_and_until_when_its_id_is_to_be_remembered() -> None:
    said = check(GOOD)
    assert said.name == NAME
    assert said.certificate_serial == 77
    assert said.remembered_until > START.timestamp() + 60
    assert check(signed({})).id == "a-fresh-id"


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "urn:nearfield:cafe:device:till-2"},
        {"sub": "urn:nearfield:bank:device:till-1", "iss": "urn:nearfield:bank:device:till-1"},
        {"sub": None},
        {"aud": None},
        {"aud": "https://elsewhere.example"},
        {"aud": ["https://elsewhere.example", 7]},
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"exp": float("inf")},
        {"exp": START.timestamp() - 6},
        {"exp": START.timestamp() + 66},
        {"iat": START.timestamp() + 6},
        {"nbf": START.timestamp() + 6},
        {"jti": None},
        {"jti": "short"},
        {"jti": "x" * 129},
        {"jti": 12345678},
    ],
)
def test_each_claim_must_be_right(claims: dict[str, Any]) -> None:
    with pytest.raises(StatementError):
        check(signed(claims))


def test_a_statement_must_be_signed_with_the_key_of_its_certificate() -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(StatementError, match="not signed by"):
        check(signed({}, key=other))
    with pytest.raises(StatementError, match="x5t#S256"):
        check(signed({}, {"x5t#S256": "AAAA"}))
    x5c = [base64.b64encode(CERTIFICATE.public_bytes(Encoding.DER)).decode()]
    symmetric = jwt.encode(
        {"alg": "HS256", "x5c": x5c}, {}, OctKey.import_key("a secret of thirty-two bytes....")
    )
    with pytest.raises(StatementError, match="ES256"):
        check(symmetric)


def test_a_certificate_must_be_of_a_device_and_of_a_root_that_is_trusted() -> None:
    with pytest.raises(CertificateError, match="not trusted"):
        check(GOOD, Trust(roots=(Authority.made(START).certificate,)))
    with pytest.raises(CertificateError, match="taken back"):
        check(GOOD, Trust(roots=TRUST.roots, revoked=frozenset({(ROOT.certificate.subject, 77)})))
    root = [base64.b64encode(ROOT.certificate.public_bytes(Encoding.DER)).decode()]
    with pytest.raises(CertificateError):
        check(signed({}, {"x5c": root}, ROOT.key))


def test_a_device_cannot_sign_certificates_of_others() -> None:
    victim = ec.generate_private_key(ec.SECP256R1())
    sub = Authority(key=KEY, certificate=CERTIFICATE)
    forged = sub.device_certificate(
        DeviceName(tenant="bank", device="vault"), victim.public_key(), serial=1, now=START,
        life=timedelta(hours=1),
    )  # fmt: skip
    text = DeviceIdentity(victim, [forged, CERTIFICATE]).assertion(ENDPOINT, START)
    with pytest.raises(CertificateError, match="not trusted"):
        check(text)


@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda raw: raw.decode("latin-1")))
def test_whatever_arrives_instead_of_a_statement_is_refused_by_name(text: str) -> None:
    with pytest.raises(IdentityError):
        check(text)


@settings(max_examples=300)
@given(position=st.integers(0, len(GOOD) - 1), letter=st.sampled_from("AZaz09-_.=+/ \0"))
def test_one_changed_letter_is_noticed(position: int, letter: str) -> None:
    changed = GOOD[:position] + letter + GOOD[position + 1 :]
    try:
        said = check(changed)
    except IdentityError:
        return
    # Base64 has letters whose last bits stand for nothing: the same bytes then, and nothing else.
    assert _bytes(changed) == _bytes(GOOD)
    assert said == check(GOOD)


def _bytes(text: str) -> list[bytes]:
    return [base64.urlsafe_b64decode(part + "===") for part in text.split(".")]


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(
    header=st.dictionaries(st.sampled_from(["alg", "x5c", "x5t#S256", "typ", "crit", "b64", "kid"]), JSON),
    claims=st.dictionaries(st.sampled_from(["iss", "sub", "aud", "exp", "iat", "nbf", "jti"]), JSON),
)
def test_strange_headers_and_claims_are_refused_by_name(
    header: dict[str, Any], claims: dict[str, Any]
) -> None:
    parts = [{"alg": "ES256", **header}, claims]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    with pytest.raises(IdentityError):
        check(".".join([*encoded, GOOD.split(".")[2]]))


@given(raw=st.binary(max_size=200), position=st.integers(0, 400))
def test_damaged_certificates_are_refused_by_name(raw: bytes, position: int) -> None:
    der = bytearray(CERTIFICATE.public_bytes(Encoding.DER))
    place = position % len(der)
    der[place : place + len(raw)] = raw
    if bytes(der) == CERTIFICATE.public_bytes(Encoding.DER):
        return
    with pytest.raises(IdentityError):
        check(signed({}, {"x5c": [base64.b64encode(bytes(der)).decode()]}))


def test_a_chain_leads_over_a_certificate_between() -> None:
    root = ec.generate_private_key(ec.SECP256R1())
    between = Authority.made(START, name="Between")
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Top")])
    top = _certified(name, name, root, root.public_key(), length=1)
    middle = _certified(between.certificate.subject, name, root, between.key.public_key(), length=0)
    leaf = between.device_certificate(NAME, KEY.public_key(), serial=5, now=START, life=timedelta(days=1))
    text = DeviceIdentity(KEY, [leaf, middle]).assertion(ENDPOINT, START)
    assert check(text, Trust(roots=(top,))).name == NAME
    with pytest.raises(CertificateError):
        check(DeviceIdentity(KEY, [leaf]).assertion(ENDPOINT, START), Trust(roots=(top,)))
    with pytest.raises(CertificateError, match="taken back"):
        check(text, Trust(roots=(top,), revoked=frozenset({(name, middle.serial_number)})))


def _certified(
    subject: x509.Name,
    issuer: x509.Name,
    signer: ec.EllipticCurvePrivateKey,
    key: ec.EllipticCurvePublicKey,
    length: int,
) -> x509.Certificate:
    from cryptography.hazmat.primitives.hashes import SHA256

    usage = ROOT.certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(START)
        .not_valid_after(START + timedelta(days=9))
        .add_extension(x509.BasicConstraints(ca=True, path_length=length), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .sign(signer, SHA256())
    )
