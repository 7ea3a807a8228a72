"""Offers and answers as text: what is taken, and what is said about the voice."""

from __future__ import annotations

import re
from typing import Final

from aiortc.sdp import SessionDescription

from nearfield_cloud.configuration.realtime import CallLimits
from nearfield_cloud.errors import SdpError

_MOST_SECTIONS: Final = 4
_MDNS: Final = re.compile(r"^a=candidate:.*\.local\b.*$", re.IGNORECASE)
_OPUS: Final = re.compile(r"^a=rtpmap:(\d+) opus/48000/2(?=\r?$)", re.IGNORECASE | re.MULTILINE)


def checked_offer(text: bytes, limits: CallLimits) -> str:
    """Give an offer that is worth answering.

    Names under ``.local`` are left out: a browser hides its addresses behind them, and finding them out takes
    a multicast that may wait for seconds. The browser reaches our addresses, and we learn its own by that.

    Raises:
        SdpError: It is too large, no session description, or offers something else than a call.
    """
    if len(text) > limits.largest_offer_bytes:
        raise SdpError(f"an offer of {len(text)} bytes, at most {limits.largest_offer_bytes} are taken")
    try:
        lines = text.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise SdpError("the offer is no text") from error
    if sum(line.startswith("a=candidate:") for line in lines) > limits.most_candidates:
        raise SdpError(f"an offer of more than {limits.most_candidates} candidates")
    offer = "\r\n".join(line for line in lines if not _MDNS.match(line)) + "\r\n"
    try:
        parsed = SessionDescription.parse(offer)
    except Exception as error:  # aiortc's parser raises whatever a damaged line leads to
        raise SdpError(f"the offer is no session description: {type(error).__name__}") from error
    kinds = [media.kind for media in parsed.media]
    if "application" not in kinds:
        raise SdpError("the offer has no data channel: make one named oai-events before the offer")
    if len(kinds) > _MOST_SECTIONS or set(kinds) - {"audio", "application"} or kinds.count("audio") > 1:
        raise SdpError("an offer is of one data channel and at most one track of sound")
    return offer


def offers_sound(offer: str) -> bool:
    """Whether the client has or wants a track."""
    return "\r\nm=audio " in offer


def with_voice(answer: str, *, bits_per_second: int) -> str:
    """Ask the client for a voice's Opus: mono, not more bits than needed, silence unsent, loss mended.

    aiortc's answers say nothing of it.
    """
    found = _OPUS.search(answer)
    if found is None:
        return answer
    wanted = (
        f"minptime=10;useinbandfec=1;usedtx=1;stereo=0;sprop-stereo=0;maxaveragebitrate={bits_per_second}"
    )
    kept = re.sub(rf"^a=fmtp:{found[1]} .*\r\n", "", answer, flags=re.MULTILINE)
    return kept.replace(found[0], f"{found[0]}\r\na=fmtp:{found[1]} {wanted}", 1)
