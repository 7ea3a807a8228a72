"""What a skill says: named templates in ``replies.yaml``, each a text or a list of variants.

Templates are Jinja2, sandboxed, and an unknown name in one is an error, never an empty place in a sentence.
Which variant is said follows from the turn, so that a replayed turn sounds the same.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from datetime import time
from pathlib import Path
from typing import Any, Final

import jinja2
import yaml
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from nearfield_edge.errors import SkillError, SkillFailedError
from nearfield_edge.skills.manifest import LARGEST_FILE_BYTES
from nearfield_sync.messages.turn_record import Json
from nearfield_sync.validation import nearest

LONGEST_REPLY_CHARACTERS: Final = 2_000


class Replies:
    """The compiled templates of one skill."""

    def __init__(
        self,
        skill: str,
        templates: Mapping[str, Sequence[jinja2.Template]],
        *,
        fixed_texts: Sequence[str] = (),
    ) -> None:
        self._skill = skill
        self._templates = templates
        self.fixed_texts = tuple(fixed_texts)
        """Replies without anything to fill in, as they are said."""

    @property
    def names(self) -> frozenset[str]:
        """The replies that exist."""
        return frozenset(self._templates)

    def render(self, name: str, values: Mapping[str, Any], *, key: str) -> str:
        """Fill a reply in; it begins with a capital letter.

        Args:
            name: As in ``replies.yaml``.
            values: What the template may use.
            key: Chooses the variant; the same key chooses the same one.

        Raises:
            SkillFailedError: No such reply, a value is missing, or the text comes out empty or too long.
        """
        if name not in self._templates:
            raise SkillFailedError(f"skill {self._skill}: no reply '{name}'{nearest(name, list(self.names))}")
        variants = self._templates[name]
        template = variants[zlib.crc32(f"{key}/{name}".encode()) % len(variants)]
        text = render_text(template, values, where=f"skill {self._skill}: reply '{name}'")
        if not text:
            raise SkillFailedError(f"skill {self._skill}: reply '{name}' came out empty")
        return _begun_large(text)


def render_text(template: jinja2.Template, values: Mapping[str, Any], *, where: str) -> str:
    """Fill a template in; runs of white space become one space.

    Raises:
        SkillFailedError: A value is missing or of a wrong kind, or the text is too long.
    """
    try:
        text = " ".join(template.render(values).split())
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError) as error:
        raise SkillFailedError(f"{where}: {error}") from error
    if len(text) > LONGEST_REPLY_CHARACTERS:
        raise SkillFailedError(
            f"{where}: {len(text)} characters, at most {LONGEST_REPLY_CHARACTERS} are spoken"
        )
    return text


def template_environment() -> jinja2.Environment:
    """Sandboxed Jinja2 with strict names and the filters ``listing``, ``clock`` and ``plural``."""
    environment = ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # the text is spoken or sent as JSON, never shown as HTML
        loader=None,
    )
    environment.filters.update(listing=listing, clock=clock, plural=plural)
    return environment


def load_replies(path: Path, skill: str, environment: jinja2.Environment) -> Replies:
    """Read and compile ``replies.yaml``; a skill without the file has no replies.

    Raises:
        SkillError: Not YAML, not texts by name, or a template is wrong.
    """
    compiled: dict[str, tuple[jinja2.Template, ...]] = {}
    fixed: list[str] = []
    for name, value in (read_yaml(path) if path.exists() else {}).items():
        variants = value if isinstance(value, list) else [value]
        if not variants or not all(isinstance(variant, str) and variant.strip() for variant in variants):
            raise SkillError(f"{path}: reply '{name}' must be a text or a list of texts")
        try:
            compiled[str(name)] = tuple(environment.from_string(variant) for variant in variants)
            fixed += [
                _begun_large(" ".join(compiled[str(name)][number].render().split()))
                for number, variant in enumerate(variants)
                if _is_fixed(environment.parse(variant))
            ]
        except jinja2.TemplateSyntaxError as error:
            raise SkillError(f"{path}: reply '{name}': {error.message}") from error
    return Replies(skill, compiled, fixed_texts=fixed)


def _is_fixed(template: nodes.Template) -> bool:
    """Whether it is text from end to end: neither a variable nor a condition."""
    texts = (nodes.Output, nodes.TemplateData)
    return all(isinstance(node, texts) for node in template.find_all(nodes.Node))


def _begun_large(text: str) -> str:
    return text[:1].upper() + text[1:]


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file that holds a table.

    Raises:
        SkillError: It cannot be read, is too large, is not YAML, or holds something else.
    """
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise SkillError(f"{path}: larger than {LARGEST_FILE_BYTES} bytes")
        content = yaml.load(path.read_bytes(), Loader=_LOADER)  # noqa: S506 (a safe loader)
    except OSError as error:
        raise SkillError(f"{path}: cannot be read ({error.strerror})") from error
    except yaml.YAMLError as error:
        raise SkillError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise SkillError(f"{path}: must hold a table of names")
    return content


_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def listing(items: Sequence[Json], last: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    texts = [str(item) for item in items]
    return f" {last} ".join(part for part in (", ".join(texts[:-1]), texts[-1]) if part) if texts else ""


def clock(value: str | time) -> str:
    """A time of day for the voice: ``9 AM``, ``5:30 PM``, ``noon``, ``midnight``."""
    at = time.fromisoformat(value) if isinstance(value, str) else value
    if at.minute == 0 and at.hour in {0, 12}:
        return "noon" if at.hour else "midnight"
    minutes = f":{at.minute:02}" if at.minute else ""
    # In capitals, since a voice reads "am" as a word.
    return f"{(at.hour - 1) % 12 + 1}{minutes} {'AM' if at.hour < 12 else 'PM'}"


def plural(count: float, one: str, many: str) -> str:
    """``1 minute``, ``2 minutes``."""
    return f"{count} {one if count == 1 else many}"
