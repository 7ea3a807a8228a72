"""What can go wrong in the cloud.

::

    CloudError
    ├── ConfigurationError       the configuration file is wrong
    ├── IdentityError            who asks is not known: a token, an assertion, a certificate or a key
    │   └── ClientSecretError        a call's client secret is unknown or has expired
    ├── NotAllowedError          who asks is known and may not
    ├── TooMuchError             a limit on size, rate, time or number was reached
    │   ├── CallsFullError           as many calls are held as may be
    │   ├── CallSpentError           a call has used what one call may
    │   └── ComputeFullError         more sound waits to be computed than may
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


class IdentityError(CloudError):
    """Who asks is not known."""

    code = "identity_unproven"


class NotAllowedError(CloudError):
    """Who asks is known and may not."""

    code = "not_allowed"


class TooMuchError(CloudError):
    """A limit was reached."""

    code = "too_much"
    retryable = True


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
