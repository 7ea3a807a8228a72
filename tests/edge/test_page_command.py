"""``nearfield page``, the doctor's look at the page, and its section of the configuration."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nearfield_edge.cli import nearfield
from nearfield_edge.configuration import parse_configuration
from nearfield_edge.doctor import page as module
from nearfield_edge.doctor.findings import Finding
from nearfield_edge.doctor.page import page
from nearfield_edge.errors import ConfigurationError, PageError
from nearfield_edge.page.address import PageAddress, machine_addresses, own_names, shown_host
from nearfield_edge.page.certificate import LIFETIME, ensure_certificate, own_certificate

NOW = datetime(2028, 6, 1, tzinfo=UTC)
EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing listens there


def called(folder: Path, section: str, *words: str) -> Result:
    path = folder / "nearfield.toml"
    path.write_text(f'[device]\ndata = "{folder / "data"}"\n[page]\n{section}\n')
    return CliRunner().invoke(nearfield, ["page", *words, "--config", str(path)])


def looked_at(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, built: bool = True, **section: object
) -> list[Finding]:
    monkeypatch.setattr(module, "is_built", lambda: built)
    raw = {"device": {"data": str(folder)}, "page": section}
    return page(parse_configuration(raw, where="the test"), NOW)


def test_the_link_is_the_same_each_time_and_signs_in(tmp_path: Path) -> None:
    first, second = called(tmp_path, "port = 8123"), called(tmp_path, "port = 8123")
    token = (tmp_path / "data" / "keys" / "page.token").read_text().strip()
    assert first.output.splitlines()[0] == f"http://127.0.0.1:8123/#token={token}"
    assert first.output == second.output


def test_for_others_the_link_is_https_and_the_fingerprint_is_told(tmp_path: Path) -> None:
    told = json.loads(called(tmp_path, 'host = "0.0.0.0"', "--json").output)
    assert told["link"].startswith(f"https://{shown_host(EVERYWHERE)}:8770/#token=")
    assert "token" not in told["address"]
    assert len(told["certificate_sha256"]) == 95
    shown = called(tmp_path, 'host = "0.0.0.0"').output
    assert f"certificate SHA-256 {told['certificate_sha256']}" in shown


@pytest.mark.parametrize(
    ("section", "told"), [("enabled = false", "switched off"), ("port = 0", "any free one")]
)
def test_where_there_is_no_link_it_says_why(tmp_path: Path, section: str, told: str) -> None:
    error = called(tmp_path, section).exception
    assert isinstance(error, PageError)
    assert told in str(error)


def test_the_doctor_says_who_can_reach_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (own,) = looked_at(tmp_path, monkeypatch)
    assert (own.status, own.found) == ("ok", "http://127.0.0.1:8770/, for this machine only")
    (off,) = looked_at(tmp_path, monkeypatch, enabled=False)
    assert (off.status, off.found) == ("ok", "switched off")
    others, certificate = looked_at(tmp_path, monkeypatch, host=EVERYWHERE)
    assert (others.status, certificate.status) == ("ok", "ok")
    assert "everybody who reaches this machine" in others.found
    assert certificate.found == "made at the first start"


def test_the_doctor_warns_of_a_page_that_is_not_built_or_in_the_clear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (unbuilt,) = looked_at(tmp_path, monkeypatch, built=False)
    assert (unbuilt.status, unbuilt.mend) == ("warn", "run `make setup`")
    (clear,) = looked_at(tmp_path, monkeypatch, host=EVERYWHERE, tls="off")
    assert (clear.status, "without TLS" in clear.found) == ("warn", True)


@pytest.mark.parametrize(
    ("age", "of_the_site", "status"),
    [
        (timedelta(0), False, "ok"),
        (LIFETIME - timedelta(days=5), False, "warn"),
        (LIFETIME - timedelta(days=5), True, "warn"),
        (LIFETIME, True, "fail"),
    ],
)
def test_the_doctor_looks_at_the_age_of_the_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age: timedelta, of_the_site: bool, status: str
) -> None:
    files = own_certificate(tmp_path)
    ensure_certificate(files, names=("localhost",), addresses=(), now=NOW - age)
    certificate = str(files.certificate) if of_the_site else None
    key = str(files.key) if of_the_site else None
    _, found = looked_at(tmp_path, monkeypatch, tls="on", certificate=certificate, key=key)
    assert found.status == status
    assert "SHA-256 " in found.found


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ({"host": "http://127.0.0.1"}, "page.host"),
        ({"names": ["reception.example/page"]}, "page.names"),
        ({"languages": ["deutsch!"]}, "page.languages"),
        ({"certificate": "/a.pem"}, "certificate and key go together"),
        ({"port": 70_000}, "page.port"),
        ({"prot": 1}, "did you mean 'port'?"),
    ],
)
def test_a_wrong_section_is_one_sentence(section: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_configuration({"page": section}, where="the test")
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("host", "tls", "uses"),
    [
        ("127.0.0.1", "auto", False),
        ("::1", "auto", False),
        ("localhost", "auto", False),
        ("127.0.0.1", "on", True),
        (EVERYWHERE, "auto", True),
        ("192.168.1.5", "auto", True),
        ("reception.example", "auto", True),
        (EVERYWHERE, "off", False),
    ],
)
def test_what_others_can_reach_is_over_tls_unless_it_is_switched_off(host: str, tls: str, uses: bool) -> None:
    section = parse_configuration({"page": {"host": host, "tls": tls}}, where="the test").page
    assert section.uses_tls is uses


def test_an_address_of_six_is_written_in_brackets() -> None:
    assert PageAddress(scheme="http", host="::1", port=8770).url == "http://[::1]:8770/"


def test_names_of_a_page_for_this_machine_are_local_and_else_the_machine_s() -> None:
    assert own_names("127.0.0.1") == ("localhost", "127.0.0.1", "::1")
    assert set(own_names(EVERYWHERE)) >= {*machine_addresses(), "localhost"}
    assert "127.0.0.1" not in machine_addresses()
    assert own_names("192.168.1.5")[0] == "192.168.1.5"
