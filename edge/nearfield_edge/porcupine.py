"""Porcupine as a site configures it: what must be there, and where it is refused.

The key is the customer's own. It lies in a file that only the device's user may read, or in the process's
environment; it is never part of the configuration, which more people see.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from nearfield_edge.configuration import Configuration
from nearfield_edge.errors import ConfigurationError, EgressRefusedError
from nearfield_models.wake.engine import WakeEngine

KEY_VARIABLE = "NEARFIELD_PORCUPINE_KEY"


def load_porcupine(configuration: Configuration) -> WakeEngine:
    """Start Porcupine, which may contact its vendor.

    Raises:
        EgressRefusedError: The site is restricted.
        ConfigurationError: The key or the keyword files are missing, or the key's file can be read by others.
        ModelsError: ``pvporcupine`` is not installed, or does not accept what it is given.
    """
    access_key = require_porcupine(configuration, os.environ)
    from nearfield_models.wake.porcupine import PorcupineWake

    chosen = configuration.wake.porcupine
    return PorcupineWake(
        chosen.keywords,
        access_key=access_key,
        sensitivity=chosen.sensitivity,
        language_model=chosen.language_model,
    )


def require_porcupine(configuration: Configuration, environment: Mapping[str, str]) -> str:
    """See that Porcupine may run and has what it needs, without starting it; give the key.

    Args:
        configuration: The device's.
        environment: The process's.

    Raises:
        EgressRefusedError: The site is restricted.
        ConfigurationError: Something is missing, or the key's file can be read by others.
    """
    if configuration.device.site_mode == "restricted":
        raise EgressRefusedError(
            'wake.engine = "porcupine" is refused on a restricted site: its first use on a device contacts '
            "its vendor to have the key accepted; choose another engine"
        )
    chosen = configuration.wake.porcupine
    if not chosen.keywords:
        raise ConfigurationError(
            "wake.porcupine.keywords is empty: name the keyword files (.ppn) that the vendor's console made "
            "for this kind of machine"
        )
    for path in (*chosen.keywords, *([chosen.language_model] if chosen.language_model else [])):
        if not path.is_file():
            raise ConfigurationError(f"wake.porcupine names {path}, and there is no such file")
    key = _key_in(chosen.key_file) if chosen.key_file else environment.get(KEY_VARIABLE, "").strip()
    if not key:
        raise ConfigurationError(
            "Porcupine needs the access key that its vendor gave to the customer: put it in a file that only "
            f"the device's user may read and name it in wake.porcupine.key_file, or set {KEY_VARIABLE}; the "
            "first use on a device contacts the vendor to have the key accepted"
        )
    return key


def _key_in(path: Path) -> str:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise ConfigurationError(
                f"wake.porcupine.key_file {path} may be read or written by others (mode {mode:04o}, 0600 is "
                f"expected): run `chmod 600 {path}` and think about who has seen it"
            )
        return path.read_text("utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"wake.porcupine.key_file {path} cannot be read: {error}") from error
