"""What can go wrong in the cloud.

::

    CloudError
    ├── ConfigurationError       the configuration file is wrong
    ├── IdentityError            who asks is not known: a token, an assertion, a certificate or a key
    ├── NotAllowedError          who asks is known and may not
    ├── TooMuchError             a limit on size, rate, time or number was reached
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
