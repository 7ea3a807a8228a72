"""Bringing packs into the store: from a package index, an address or a medium, and from site to site.

Nothing of this is imported when a device merely loads its packs.
"""
