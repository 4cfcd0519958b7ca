"""PDFs whose pieces of text stand where a test wants them, in any script."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

# (x, y, text) in points from the lower left corner of the page, as it is drawn from left to right.
Drawn = tuple[float, float, str]
SIZE = 10
_LEADING = 14
_TOP = 780
_MIRRORED = str.maketrans("()[]«»", ")(][»«")


def drawn_pdf(pages: Sequence[Sequence[Drawn]]) -> bytes:
    """A PDF that draws text in the order given, in a font that is not embedded."""
    ranges = [f"<{high:02X}00> <{high:02X}FF> <{high:02X}00>" for high in range(256)]
    blocks = [ranges[at : at + 100] for at in range(0, 256, 100)]
    letters = "\n".join(
        f"{len(block)} beginbfrange\n" + "\n".join(block) + "\nendbfrange" for block in blocks
    )
    to_unicode = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /U def\n"
        f"1 begincodespacerange <0000> <FFFF> endcodespacerange\n{letters}\nendcmap end end"
    )
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>", "",
        _stream(to_unicode),
        "<< /Type /FontDescriptor /FontName /Any /Flags 4 /FontBBox [0 -200 1000 800] /ItalicAngle 0 /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>",
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Any /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /DW 500 /W [12288 65535 1000] /FontDescriptor 4 0 R >>",
        "<< /Type /Font /Subtype /Type0 /BaseFont /Any /Encoding /Identity-H /DescendantFonts [5 0 R] /ToUnicode 3 0 R >>",
    ]  # fmt: skip
    contents = [
        f"BT /F1 {SIZE} Tf\n"
        + "".join(
            f"1 0 0 1 {x} {y} Tm <{text.encode('utf-16-be').hex()}> Tj\n" for x, y, text in page
        )
        + "ET"
        for page in pages
    ]
    return _assembled(objects, contents, "/Font << /F1 6 0 R >>")


def scanned_pdf(pages: int) -> bytes:
    """A PDF of pictures of pages."""
    picture = "80" * 64
    image = (
        "<< /Type /XObject /Subtype /Image /Width 8 /Height 8 /BitsPerComponent 8 /ColorSpace /DeviceGray "
        f"/Filter /ASCIIHexDecode /Length {len(picture) + 1} >>\nstream\n{picture}>\nendstream"
    )
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", image]
    return _assembled(
        objects, ["q 595 0 0 842 0 0 cm /P1 Do Q"] * pages, "/XObject << /P1 3 0 R >>"
    )


def column(blocks: Iterable[str], *, left: float = 50, width: float = 490) -> list[Drawn]:
    """Paragraphs set in a column of ``width``, drawn as their script is: from right to left that is
    the last letter first."""
    pieces: list[Drawn] = []
    y: float = _TOP
    for block in blocks:
        for line in _wrapped(block, width):
            if _is_right_to_left(line):
                pieces.append((left + width - _width(line), y, visual(line)))
            else:
                pieces.append((left, y, line))
            y -= _LEADING
        y -= _LEADING
    return pieces


def visual(line: str) -> str:
    """A line of a script from right to left in the order in which it is drawn from left to right."""
    runs = re.findall(r"[0-9A-Za-z]+(?:[.,][0-9]+)*|.", line)
    return "".join(reversed([run.translate(_MIRRORED) if len(run) == 1 else run for run in runs]))


def _is_right_to_left(line: str) -> bool:
    return sum(unicodedata.bidirectional(char) in {"R", "AL"} for char in line) > 0.5 * len(line)


def _width(text: str) -> float:
    return sum(SIZE if ord(char) >= 0x3000 else SIZE / 2 for char in text)


def _wrapped(block: str, width: float) -> list[str]:
    """Lines of a paragraph: broken at spaces, in scripts without them anywhere but before a stop."""
    lines = [""]
    for part in re.findall(r"[\u3000-\uffef][、。，．」』）！？]*|[^\s\u3000-\uffef]+\s*", block):
        if lines[-1] and _width((lines[-1] + part).rstrip()) > width:
            lines.append("")
        lines[-1] += part
    return [line.rstrip() for line in lines]


def _stream(content: str) -> str:
    return f"<< /Length {len(content)} >>\nstream\n{content}\nendstream"


def _assembled(objects: list[str], contents: Sequence[str], resources: str) -> bytes:
    kids = []
    for content in contents:
        objects.append(_stream(content))
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {len(objects)} 0 R /Resources << {resources} >> >>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    body, places = "%PDF-1.4\n", []
    for number, written in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{written}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    count = len(objects) + 1
    return (
        f"{body}xref\n0 {count}\n0000000000 65535 f \n{table}trailer\n"
        f"<< /Size {count} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF"
    ).encode("latin-1")
