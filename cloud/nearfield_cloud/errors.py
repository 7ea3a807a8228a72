"""What can go wrong in the cloud.

::

    CloudError
    ├── ConfigurationError       the configuration file is wrong
    ├── ServingError             the service cannot be had at its address
    ├── StorageError             the database cannot be reached, read or written
    ├── RequestError             a request is not of the form that was asked for
    │   ├── MissingError         what it names is not there
    │   └── ConflictError        it contradicts what is there, or an earlier request
    ├── IdentityError            who asks is not known: a token, an assertion, a certificate or a key
    │   ├── ClientSecretError    a call's client secret is unknown or has expired
    │   ├── CredentialError      a token, key, secret or session is unknown, over or taken back
    │   ├── StatementError       a device's signed statement is not valid, or was used before
    │   ├── CertificateError     a device's certificate is not trusted, over or taken back
    │   └── LoginError           a person's provider of identity did not vouch for them
    ├── NotAllowedError          who asks is known and may not
    ├── TooMuchError             a limit on size, rate, time or number was reached
    │   ├── CallsFullError       as many calls are held as may be
    │   ├── CallSpentError       a call has used what one call may
    │   ├── ComputeFullError     more sound waits to be computed than may
    │   ├── RateError            too many requests, for now
    │   ├── SizeError            a request is larger than is taken
    │   ├── SlowError            a request took longer than it may
    │   └── CrowdedError         too many connections at once
    ├── KnowledgeError           a document cannot be read, stored or searched
    ├── OrchestrationError       a turn cannot be planned or carried out
    └── CallError                a call cannot be set up or held
        ├── CallNotFoundError        there is no such call here
        ├── CallElsewhereError       another worker holds the call
        ├── SdpError                 an offer cannot be read or answered
        ├── SessionError             a session asks for what there is not
        ├── SoundError               sound of a call cannot be read
        └── ShuttingDownError        this worker takes no more calls
"""

from __future__ import annotations


class CloudError(Exception):
    """Root of this package's errors.

    Attributes:
        code: Stable name for logs, records, problem documents and scripts.
        retryable: Whether the same call may succeed later without any change.
    """

    code = "cloud_error"
    retryable = False


class ConfigurationError(CloudError):
    """The configuration file is wrong; the message says where and how to mend it."""

    code = "configuration_invalid"


class ServingError(CloudError):
    """The service cannot be had at its address, or is shutting down."""

    code = "not_serving"
    retryable = True


class StorageError(CloudError):
    """The database cannot be reached, read or written."""

    code = "storage_failed"
    retryable = True


class RequestError(CloudError):
    """A request is not of the form that was asked for."""

    code = "request_invalid"


class MissingError(RequestError):
    """What a request names is not there."""

    code = "not_found"


class ConflictError(RequestError):
    """A request contradicts what is there, or an earlier one."""

    code = "conflict"


class IdentityError(CloudError):
    """Who asks is not known."""

    code = "identity_unproven"


class CredentialError(IdentityError):
    """A token, key, secret or session is unknown, over or taken back."""

    code = "credential_refused"


class StatementError(IdentityError):
    """A device's signed statement is not valid, or was used before."""

    code = "assertion_refused"


class CertificateError(IdentityError):
    """A device's certificate is not trusted, over or taken back."""

    code = "certificate_refused"


class LoginError(IdentityError):
    """A person's provider of identity did not vouch for them."""

    code = "login_refused"


class NotAllowedError(CloudError):
    """Who asks is known and may not."""

    code = "not_allowed"


class TooMuchError(CloudError):
    """A limit was reached."""

    code = "too_much"
    retryable = True


class RateError(TooMuchError):
    """Too many requests, for now.

    Attributes:
        retry_after_seconds: When to try again.
    """

    code = "rate_exceeded"

    def __init__(self, message: str, retry_after_seconds: int = 1) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class SizeError(TooMuchError):
    """A request is larger than is taken."""

    code = "too_large"
    retryable = False


class SlowError(TooMuchError):
    """A request took longer than it may."""

    code = "too_slow"


class CrowdedError(TooMuchError):
    """Too many connections at once."""

    code = "too_many_connections"


class KnowledgeError(CloudError):
    """A document cannot be read, stored or searched."""

    code = "knowledge_failed"


class OrchestrationError(CloudError):
    """A turn cannot be planned or carried out."""

    code = "orchestration_failed"


class CallError(CloudError):
    """A call cannot be set up or held."""

    code = "call_failed"


class ClientSecretError(IdentityError):
    """A call's client secret is unknown or has expired."""

    code = "client_secret_invalid"


class CallsFullError(TooMuchError):
    """As many calls are held as may be, in all or of one tenant."""

    code = "calls_full"


class CallSpentError(TooMuchError):
    """A call has used what one call may."""

    code = "call_spent"
    retryable = False


class ComputeFullError(TooMuchError):
    """More sound waits to be computed than may."""

    code = "compute_full"


class CallNotFoundError(CallError):
    """There is no such call on this worker, or it is somebody else's."""

    code = "call_not_found"


class CallElsewhereError(CallError):
    """Another worker holds the call.

    Attributes:
        worker: Its name; whoever stands in front of the workers sends the request there.
    """

    code = "call_elsewhere"

    def __init__(self, worker: str) -> None:
        super().__init__(f"worker {worker!r} holds this call: ask there")
        self.worker = worker


class SdpError(CallError):
    """An offer cannot be read or answered."""

    code = "sdp_invalid"


class SessionError(CallError):
    """A session asks for what there is not."""

    code = "session_invalid"


class SoundError(CallError):
    """Sound of a call cannot be read."""

    code = "audio_invalid"


class ShuttingDownError(CallError):
    """This worker takes no more calls."""

    code = "shutting_down"
    retryable = True
