"""What can go wrong in provisioning.

::

    ProvisioningError
    ├── DeviceNameError          what should name a device does not
    ├── PrivateFileError         a file of a key cannot be read or written, or others may read it
    ├── DeviceIdentityError      a device's key and certificates cannot be used
    └── IssuerError              a certificate is not issued, or cannot be revoked
        └── RequestRefusedError  a certificate signing request is no such, or proves no possession of its key
"""

from __future__ import annotations


class ProvisioningError(Exception):
    """Root of this package's errors.

    Attributes:
        code: Stable name for logs, records and scripts.
        retryable: Whether the same call may succeed later without any change.
    """

    code = "provisioning_error"
    retryable = False


class DeviceNameError(ProvisioningError):
    """What should name a device does not."""

    code = "device_name_invalid"


class PrivateFileError(ProvisioningError):
    """A file of a key cannot be read or written, or others may read it."""

    code = "private_file_unusable"


class DeviceIdentityError(ProvisioningError):
    """A device's key and certificates cannot be used."""

    code = "device_identity_unusable"


class IssuerError(ProvisioningError):
    """A certificate is not issued, or cannot be revoked."""

    code = "issuer_failed"


class RequestRefusedError(IssuerError):
    """A certificate signing request is no such, or proves no possession of its key."""

    code = "request_refused"
