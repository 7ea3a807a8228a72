"""Real documents of each kind, made by the libraries that people make them with."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import docx
from openpyxl import Workbook

PRICES = (("Drink", "Size", "Price"), ("Latte", "large", "4.20"), ("Latte", "small", "3.40"))


def word_document() -> bytes:
    document = docx.Document()
    document.add_paragraph("House rules", style="Title")
    document.add_heading("Kettles", level=1)
    document.add_paragraph("Descale the kettle monthly.")
    document.add_paragraph("Use vinegar.", style="List Bullet")
    document.add_paragraph("Rinse twice.", style="List Bullet")
    table = document.add_table(rows=0, cols=3)
    for row in PRICES:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    document.add_paragraph("After the table.")
    return _saved(document)


def work_book() -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.title = "Drinks"
    for row in PRICES:
        sheet.append(row)
    hidden = book.create_sheet("Margins")
    hidden.append(("Secret", "Margin"))
    hidden.append(("Latte", "80 %"))
    hidden.sheet_state = "hidden"
    return _saved(book)


def _saved(document: object) -> bytes:
    file = BytesIO()
    document.save(file)  # type: ignore[attr-defined]
    return file.getvalue()


def pdf(pages: Sequence[Sequence[tuple[int, int, int, str]]], title: str = "") -> bytes:
    """A PDF of lines: x and y in points from the lower left, size in points, text."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>"
        % (b" ".join(b"%d 0 R" % (5 + 2 * at) for at in range(len(pages))), len(pages)),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Title (%s) >>" % title.encode(),
    ]
    for at, lines in enumerate(pages):
        drawn = "".join(_drawn(line) for line in lines).encode()
        objects += [
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % (6 + 2 * at),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn),
        ]
    body, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return body + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n"
        b"<< /Size %d /Root 1 0 R /Info 4 0 R >>\nstartxref\n%d\n%%%%EOF"
        % (len(objects) + 1, table, len(objects) + 1, len(body))
    )


def _drawn(line: tuple[int, int, int, str]) -> str:
    x, y, size, text = line
    if text == "-":  # a rule across the page, or up and down it
        return f"{x} {y} m {x + size} {y} l S\n" if size > 0 else f"{x} {y} m {x} {y - size} l S\n"
    return f"BT /F1 {size} Tf {x} {y} Td ({text}) Tj ET\n"
