"""What can go wrong on the device.

::

    EdgeError
    ├── ConfigurationError       the configuration file is wrong
    ├── SourceError              sound cannot be had: no such file, no such device, torn stream
    ├── SinkError                sound cannot be played or written
    ├── SkillError               a skill's folder is wrong
    ├── SkillFailedError         a skill's function failed or took too long
    ├── PermissionRefusedError   a skill did what it had not declared
    ├── RecordError              a turn, an effect or a recording cannot be stored
    └── EgressRefusedError       ``site_mode`` forbids this connection
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


class RecordError(EdgeError):
    """A turn, an effect or a recording cannot be stored."""

    code = "record_failed"
    retryable = True


class EgressRefusedError(EdgeError):
    """``site_mode`` forbids this connection."""

    code = "egress_refused"
