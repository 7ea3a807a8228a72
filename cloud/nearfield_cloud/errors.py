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
    │   └── DocumentError        this document cannot be read; others can
    ├── EgressError              something elsewhere was not reached
    │   ├── DestinationRefusedError  it may not be contacted
    │   └── FetchFailedError     it may, and gave no answer that could be used
    ├── OrchestrationError       a turn cannot be planned or carried out
    │   ├── ComposingError       a composer's model failed, or its weights cannot be read
    │   ├── BudgetError              the turn's deadline has passed or its budget is spent
    │   ├── ToolError                a tool failed, or is not what it was said to be
    │   │   ├── ToolArgumentsError       the arguments do not fit the tool's schema
    │   │   ├── ToolBusyError            too many calls at once, or it failed too often of late
    │   │   └── ToolTimeoutError         it did not answer in time
    │   └── LanguageModelError       no endpoint gave a whole and well-formed answer
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


class DocumentError(KnowledgeError):
    """One document cannot be read; the message says which and why."""

    code = "document_unreadable"


class EgressError(CloudError):
    """Something elsewhere was not reached."""

    code = "egress_failed"


class DestinationRefusedError(EgressError):
    """It may not be contacted."""

    code = "destination_refused"


class FetchFailedError(EgressError):
    """It may be contacted and gave no answer that could be used."""

    code = "fetch_failed"
    retryable = True


class OrchestrationError(CloudError):
    """A turn cannot be planned or carried out."""

    code = "orchestration_failed"


class ComposingError(OrchestrationError):
    """A composer's model failed, or its weights cannot be read."""

    code = "composing_failed"


class BudgetError(OrchestrationError):
    """The turn's deadline has passed, or what it may cost is spent."""

    code = "budget_spent"


class ToolError(OrchestrationError):
    """A tool failed, or is not what it was said to be."""

    code = "tool_failed"


class ToolArgumentsError(ToolError):
    """The arguments do not fit the tool's schema; nothing was called."""

    code = "tool_arguments_invalid"


class ToolBusyError(ToolError):
    """Too many calls of the tool are under way, or it failed too often of late; nothing was called."""

    code = "tool_busy"
    retryable = True


class ToolTimeoutError(ToolError):
    """The tool did not answer in time; whether it did what was asked is not known."""

    code = "tool_timed_out"


class LanguageModelError(OrchestrationError):
    """No endpoint of the language model gave a whole and well-formed answer."""

    code = "language_model_failed"
    retryable = True


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
