"""What can go wrong on the device.

::

    EdgeError
    ├── ConfigurationError       the configuration file is wrong
    ├── SourceError              sound cannot be had: no such file, no such device, torn stream
    ├── SinkError                sound cannot be played or written
    ├── SkillError               a skill's folder is wrong
    ├── SkillFailedError         a skill's function failed or took too long
    ├── PermissionRefusedError   a skill did what it had not declared
    ├── DeliveryError            an effect could not be delivered now (retryable)
    ├── EffectRejectedError      an effect can never be carried out: declined, or not permitted
    ├── RecordError              a turn, an effect or a recording cannot be stored
    ├── CalendarUnreadableError  what is stored as a room's calendar is none
    ├── CalendarUnreachableError a room's calendar cannot be read or written now (retryable)
    ├── RoomTakenError           somebody else has the room at that time
    ├── BookingMissingError      no booking of that name and start
    ├── EgressRefusedError       ``site_mode`` forbids this connection
    ├── LinkError                the link to the cloud cannot be had (retryable unless it says otherwise)
    ├── LinkLostError            the link to the cloud is not there, or was lost meanwhile (retryable)
    ├── EscalationRefusedError   the cloud declined a question, with its own code
    ├── PageError                the page cannot be served: an address, a token or a certificate
    └── PageRefusalError         a page asked for what it does not get
        ├── PageRequestError     a message that cannot be read
        ├── WrongTokenError      not the device's token
        ├── TooManyTriesError    too many wrong tokens of late (retryable)
        ├── TooManyPagesError    as many pages as there may be are connected (retryable)
        └── MicrophoneTakenError another page, or standard input, is listened to (retryable)
"""

from __future__ import annotations


class EdgeError(Exception):
    """Root of this package's errors.

    Attributes:
        code: Stable name for logs, records and scripts.
        retryable: Whether the same call may succeed later without any change.
    """

    code = "edge_error"
    retryable = False


class ConfigurationError(EdgeError):
    """The configuration file is wrong; the message says where and how to mend it."""

    code = "configuration_invalid"


class SourceError(EdgeError):
    """Sound cannot be had."""

    code = "source_failed"


class SinkError(EdgeError):
    """Sound cannot be played or written."""

    code = "sink_failed"


class SkillError(EdgeError):
    """A skill's folder is wrong; the message names the file."""

    code = "skill_invalid"


class SkillFailedError(EdgeError):
    """A skill's function failed or took too long."""

    code = "skill_failed"


class PermissionRefusedError(EdgeError):
    """A skill did what its ``skill.toml`` does not declare."""

    code = "permission_refused"


class DeliveryError(EdgeError):
    """An effect could not be delivered now: no answer, no connection, or the receiver asks for patience."""

    code = "delivery_failed"
    retryable = True


class EffectRejectedError(EdgeError):
    """An effect can never be carried out as it is; a skill's effect function raises it for a conflict."""

    code = "effect_rejected"


class RecordError(EdgeError):
    """A turn, an effect or a recording cannot be stored."""

    code = "record_failed"
    retryable = True


class EgressRefusedError(EdgeError):
    """``site_mode`` forbids this connection."""

    code = "egress_refused"


class LinkError(EdgeError):
    """The link to the cloud cannot be had; ``code`` names the failure.

    Attributes:
        retry_after_seconds: What the other end asks to be left alone for; None where it says nothing.
    """

    code = "link_failed"
    retryable = True

    def __init__(self, detail: str, *, code: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.retry_after_seconds = retry_after_seconds


class LinkLostError(EdgeError):
    """The link to the cloud is not there, or was lost before the answer was over.

    Attributes:
        sent: Whether the question may have reached the cloud: to ask it again could ask it twice.
    """

    code = "link_lost"
    retryable = True

    def __init__(self, detail: str, *, sent: bool = True) -> None:
        super().__init__(detail)
        self.sent = sent


class EscalationRefusedError(EdgeError):
    """The cloud declined a question, or did not answer it in time; ``code`` is the cloud's."""

    code = "escalation_refused"

    def __init__(self, detail: str, *, code: str) -> None:
        super().__init__(detail)
        self.code = code


class CalendarUnreadableError(EdgeError):
    """What is stored as a room's calendar is none, or a setting of it is wrong; nothing was changed."""

    code = "calendar_unreadable"


class CalendarUnreachableError(EdgeError):
    """A room's calendar cannot be read or written now."""

    code = "calendar_unreachable"
    retryable = True


class RoomTakenError(EdgeError):
    """Somebody else has the room at that time."""

    code = "room_taken"


class BookingMissingError(EdgeError):
    """There is no booking of that name and start."""

    code = "booking_missing"


class PageError(EdgeError):
    """The page cannot be served; the message says what to change."""

    code = "page_failed"


class PageRefusalError(EdgeError):
    """A page asked for what it does not get; the message is for the person before it."""

    code = "page_refused"


class PageRequestError(PageRefusalError):
    """A message of a page that cannot be read."""

    def __init__(self, detail: str, *, code: str) -> None:
        super().__init__(detail)
        self.code = code


class WrongTokenError(PageRefusalError):
    """What was given is not the device's token."""

    code = "wrong_token"


class TooManyTriesError(PageRefusalError):
    """There were too many wrong tokens from an address of late."""

    code = "too_many_tries"
    retryable = True


class TooManyPagesError(PageRefusalError):
    """As many pages as there may be are connected."""

    code = "too_many_pages"
    retryable = True


class MicrophoneTakenError(PageRefusalError):
    """Another page, or what the device was started with, is listened to."""

    code = "microphone_taken"
    retryable = True
