"""What is understood beyond the skills' sentences."""

from __future__ import annotations

from nearfield_edge.configuration import Configuration
from nearfield_edge.doctor.findings import Finding
from nearfield_models.errors import ModelsError, TrainedWeightsError
from nearfield_models.intents import is_kept
from nearfield_models.policy import named_policy, require_accepted
from nearfield_models.store import ModelStore

NAME = "paraphrases"


def paraphrases(configuration: Configuration, store: ModelStore) -> Finding:
    """Whether other wordings are understood; without them the device works, and takes the sentences alone."""
    wanted = configuration.understanding
    if not wanted.paraphrases:
        return Finding(name=NAME, status="ok", found="not understood, as configured")
    try:
        require_accepted(
            [store.catalogue.manifest(wanted.embedding)], named_policy(configuration.device.profile)
        )
        store.installed(wanted.embedding)
    except ModelsError as error:
        return Finding(
            name=NAME,
            status="warn",
            found=f"not understood: {error}",
            mend=f"run `nearfield-models fetch {wanted.embedding}`, or set understanding.paraphrases = false",
        )
    try:
        kept = is_kept(configuration.device.models)
    except TrainedWeightsError as error:
        return Finding(
            name=NAME,
            status="warn",
            found=str(error),
            mend="`nearfield run` trains them again by itself; look for other signs that the disk fails",
        )
    if not kept:
        return Finding(
            name=NAME,
            status="warn",
            found="not learned yet",
            mend="`nearfield run` learns them beside its work, in less than a minute",
        )
    return Finding(name=NAME, status="ok", found=f"learned, by {wanted.embedding}")
