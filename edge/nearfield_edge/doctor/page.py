"""The device's page: whether it is built, who can reach it, and how long its certificate lasts."""

from __future__ import annotations

from datetime import datetime

from nearfield_edge.configuration import Configuration
from nearfield_edge.doctor.findings import Finding
from nearfield_edge.page.address import PageAddress, shown_host
from nearfield_edge.page.application import is_built
from nearfield_edge.page.certificate import RENEWED_BEFORE, own_certificate, read_certificate
from nearfield_edge.page.hosts import is_loopback


def page(configuration: Configuration, now: datetime) -> list[Finding]:
    """What somebody should know before they open it, or let others do so."""
    section = configuration.page
    if not section.enabled:
        return [Finding(name="page", status="ok", found="switched off")]
    tls = section.uses_tls
    address = PageAddress(scheme="https" if tls else "http", host=shown_host(section.host), port=section.port)
    reach = "this machine only" if is_loopback(section.host) else "everybody who reaches this machine"
    found = f"{address.url if section.port else 'at any free port'}, for {reach}"
    return [_page(found, in_the_clear=not tls and not is_loopback(section.host))] + (
        [_certificate(configuration, now)] if tls else []
    )


def _page(found: str, *, in_the_clear: bool) -> Finding:
    if not is_built():
        return Finding(name="page", status="warn", found=f"{found}; not built", mend="run `make setup`")
    if in_the_clear:
        return Finding(
            name="page",
            status="warn",
            found=f"{found}, without TLS",
            mend='page.tls = "auto", or let something in front of it speak TLS',
        )
    return Finding(name="page", status="ok", found=found)


def _certificate(configuration: Configuration, now: datetime) -> Finding:
    name, section = "page certificate", configuration.page
    path = section.certificate or own_certificate(configuration.device.data).certificate
    if section.certificate is None and not path.exists():
        return Finding(name=name, status="ok", found="made at the first start")
    facts = read_certificate(path)
    found = f"SHA-256 {facts.fingerprint[:23]}…, until {facts.expires:%Y-%m-%d}"
    if now >= facts.expires and section.certificate is not None:
        return Finding(name=name, status="fail", found=f"{found}: it has expired", mend="renew it")
    if now >= facts.expires - RENEWED_BEFORE:
        mend = "restart the device, which signs another" if section.certificate is None else "renew it"
        return Finding(name=name, status="warn", found=found, mend=mend)
    return Finding(name=name, status="ok", found=found)
