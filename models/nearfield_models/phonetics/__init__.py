"""How words sound, and how near two of them are: what understands a recogniser that gives text only.

``phones`` knows the sounds, ``pronunciation`` the words, ``distance`` compares phrases, and a
``lexical_tree`` finds the words of a vocabulary anywhere in a string of phones.
"""
