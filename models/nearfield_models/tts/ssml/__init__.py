"""Speech Synthesis Markup Language: the part of it that a Piper voice can honour, read into pieces of speech.

Honoured (docs/speech.md has the values):

* ``speak``, ``p``, ``s``: sentences end; a paragraph is followed by a pause.
* ``break``, ``mark``, ``sub``, ``phoneme`` (in the International Phonetic Alphabet), ``say-as``.
* ``prosody``: ``rate`` and ``volume``, which multiply inside each other. ``emphasis``: slower and louder.
* ``audio``: what the caller has by that name; without it, what the element holds is said.

Ignored, and reported as such: ``pitch``, ``range``, ``contour`` and ``duration`` of ``prosody``; another
voice or language than the one that is loaded; other alphabets; kinds of ``say-as`` that are not known, and
text that is not of its kind (read as text); what cuts, repeats or stretches ``audio``; ``meta``,
``metadata``, ``lexicon``; the attributes of ``w``, ``token`` and ``lookup``, whose content is said; elements
of other namespaces with their content.

Refused with `SsmlError`: elements and attributes that SSML does not have, values that cannot be read, a
document type (and with it every entity but XML's own five), and what is beyond `SsmlLimits`.

What is spoken in another manner than its neighbours, and what a ``break``, ``mark`` or ``audio`` parts, is
spoken by itself: the melody begins anew.

Source: W3C, Speech Synthesis Markup Language (SSML) Version 1.1, 7 September 2010.
"""

from nearfield_models.tts.ssml.document import Ignored, Ssml, SsmlLimits, is_ssml, parse_ssml

__all__ = ["Ignored", "Ssml", "SsmlLimits", "is_ssml", "parse_ssml"]
