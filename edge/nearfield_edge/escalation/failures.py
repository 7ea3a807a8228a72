"""Why the link cannot be had, by name: what a library or a server says becomes one sentence that helps.

::

    dns_failed            the cloud's name cannot be looked up
    connection_refused    nothing listens there
    unreachable           no way leads there, or nothing answers
    timed_out             it took longer than configured
    tls_failed            TLS cannot be agreed on
    certificate_expired, certificate_not_yet_valid, certificate_untrusted, certificate_wrong_name
    clock_wrong           this device's clock is wrong, so that no certificate or assertion can hold
    not_known (401)       not_allowed (403)       too_much (429)       cloud_failed (5xx)
    declined              any other status
    answer_invalid        what came is not what was agreed on
    media_blocked         the call was accepted, but nothing gets through by UDP
    half_open, closed, goodbye      a link that was warm
    egress_refused, credential_failed      nothing was tried
"""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from nearfield_edge.errors import LinkError
from nearfield_sync.clock import is_plausible

MOST_CLOCK_ERROR_SECONDS: Final = 45.0
"""A clock further off than this makes assertions that live for a minute worthless."""
_LONGEST_DETAIL: Final = 300

# OpenSSL's numbers (x509_vfy.h), which Python hands on as ``verify_code``.
_NOT_YET_VALID, _EXPIRED, _WRONG_NAME, _WRONG_ADDRESS = 9, 10, 62, 64


def of_exception(error: BaseException, where: str, now: datetime) -> LinkError:
    """Name what a connection raised.

    Args:
        error: What was raised; what it was raised from is looked at first.
        where: Host and port.
        now: This device's wall clock.
    """
    for cause in _causes(error):
        match cause:
            case LinkError():
                return cause
            case ssl.SSLCertVerificationError():
                return _of_certificate(cause, where, now)
            case ssl.SSLError():
                return LinkError(f"{where}: TLS cannot be agreed on ({cause.reason})", code="tls_failed")
            case socket.gaierror():
                return LinkError(
                    f"{where}: its name cannot be looked up ({cause.strerror}): see that the device has a"
                    " network and that cloud.url is right",
                    code="dns_failed",
                )
            case ConnectionRefusedError():
                return LinkError(f"{where}: nothing listens there", code="connection_refused")
    for cause in _causes(error):
        if isinstance(cause, TimeoutError | httpx.TimeoutException):
            return LinkError(f"{where}: no answer in time", code="timed_out")
        if isinstance(cause, OSError) and cause.errno:
            return LinkError(f"{where}: cannot be reached ({cause.strerror})", code="unreachable")
    return LinkError(f"{where}: the connection failed ({type(error).__name__})", code="unreachable")


def of_status(status: int, headers: Mapping[str, str], body: bytes, where: str, now: datetime) -> LinkError:
    """Name an answer that declines.

    Args:
        status: 400 or more.
        headers: The answer's, by names in small letters.
        body: Its beginning; a problem document says why.
        where: Host and port.
        now: This device's wall clock, which the answer's date is compared with.
    """
    said = f"{where} answered {status}{_problem(body)}"
    wait_seconds = retry_after_seconds(headers.get("retry-after"), now)
    off = _clock_error(headers.get("date"), now) if status in (400, 401) else None
    if off is not None:
        return LinkError(f"{said}: {off}", code="clock_wrong")
    if status == 401:
        return LinkError(f"{said}: this device is not known there", code="not_known")
    if status == 403:
        return LinkError(f"{said}: this device may not", code="not_allowed", retry_after_seconds=wait_seconds)
    if status == 429:
        return LinkError(said, code="too_much", retry_after_seconds=wait_seconds)
    if status >= 500:
        return LinkError(said, code="cloud_failed", retry_after_seconds=wait_seconds)
    return LinkError(said, code="declined", retry_after_seconds=wait_seconds)


def retry_after_seconds(text: str | None, now: datetime) -> float | None:
    """Read ``Retry-After``; None where it is absent or says nothing that can be read.

    Source: RFC 9110 section 10.2.3.
    """
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text.strip()[:9])
    at = _date(text)
    return max((at - now).total_seconds(), 0.0) if at is not None else None


def printable(text: str) -> str:
    """A foreign text for a log or a record: one line, no control characters, not long."""
    line = " ".join(text.split())
    return "".join(character for character in line if character.isprintable())[:_LONGEST_DETAIL]


def _of_certificate(error: ssl.SSLCertVerificationError, where: str, now: datetime) -> LinkError:
    clock = f"this device's clock says {now:%Y-%m-%d %H:%M} UTC"
    if error.verify_code in (_NOT_YET_VALID, _EXPIRED) and not is_plausible(now):
        return LinkError(f"{where}: {clock}, which cannot be: set the clock", code="clock_wrong")
    if error.verify_code == _NOT_YET_VALID:
        return LinkError(
            f"{where}: its certificate is not valid yet; {clock}: set the clock if that is wrong",
            code="certificate_not_yet_valid",
        )
    if error.verify_code == _EXPIRED:
        return LinkError(
            f"{where}: its certificate has expired; {clock}: renew the certificate, or set the clock",
            code="certificate_expired",
        )
    if error.verify_code in (_WRONG_NAME, _WRONG_ADDRESS):
        return LinkError(f"{where}: its certificate is for another name", code="certificate_wrong_name")
    return LinkError(
        f"{where}: its certificate is from nobody trusted here ({error.verify_message}): name its authority"
        " in cloud.ca_file",
        code="certificate_untrusted",
    )


def _clock_error(date: str | None, now: datetime) -> str | None:
    at = _date(date) if date else None
    if at is None or abs((at - now).total_seconds()) <= MOST_CLOCK_ERROR_SECONDS:
        return None
    return (
        f"this device's clock says {now:%Y-%m-%d %H:%M:%S} UTC, the cloud's {at:%Y-%m-%d %H:%M:%S}: set the"
        " device's clock"
    )


def _date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _problem(body: bytes) -> str:
    try:
        problem = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(problem, dict):
        return ""
    # RFC 9457 for what is ours, RFC 6749 section 5.2 for the token endpoint.
    parts = [problem.get("code") or problem.get("error"), problem.get("detail")]
    told = ": ".join(printable(part) for part in parts if isinstance(part, str) and part)
    return f" ({told})" if told else ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that it comes from, the innermost first."""
    seen: list[BaseException] = []
    waiting = [error]
    while waiting and len(seen) < 32:
        current = waiting.pop()
        if current in seen:
            continue
        seen.append(current)
        if isinstance(current, BaseExceptionGroup):
            waiting.extend(current.exceptions)
        waiting.extend(cause for cause in (current.__cause__, current.__context__) if cause is not None)
    return reversed(seen)
