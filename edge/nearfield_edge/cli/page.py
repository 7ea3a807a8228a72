"""``nearfield page``: where the device's page is, and how to get in."""

from __future__ import annotations

from pathlib import Path

import click

from nearfield_edge.cli.options import config_option, json_option, place_of, print_json
from nearfield_edge.composition.page import page_access
from nearfield_edge.errors import PageError
from nearfield_edge.page.application import is_built


@click.command("page")
@config_option
@json_option
def command(config: Path | None, as_json: bool) -> None:
    """Print the link that signs in to the device's page, and the fingerprint of its certificate.

    Whoever has the link can do what the person before the device can, and see what was said to it.
    """
    place = place_of(config)
    page = place.configuration.page
    if not page.enabled:
        raise PageError("the page is switched off: page.enabled = true switches it on")
    if page.port == 0:
        raise PageError("page.port is 0, any free one: a running device tells in its log which it took")
    access = page_access(place)
    if as_json:
        print_json(
            {
                "link": access.link,
                "address": access.address.url,
                "certificate_sha256": access.fingerprint,
                "built": is_built(),
            }
        )
        return
    print(access.link)
    if access.fingerprint is not None:
        print(f"certificate SHA-256 {access.fingerprint}")
    if not is_built():
        print("the page itself is not built: run `make setup`")
