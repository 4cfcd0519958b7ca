"""Bytes to text: the right characters or a reason, never mojibake."""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from pathlib import Path
from typing import IO, cast

from retrieval.errors import UnreadableSource

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\x80-\x9f\ufffe\uffff]")
_CHARSET_IN_HTML = re.compile(
    rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)|<\?xml[^>]+encoding\s*=\s*[\"']([\w.:-]+)",
    re.IGNORECASE,
)
# What text without a declaration is written in, where it is not UTF-8.
_LEGACY = (
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258",
    "cp932", "euc_jp", "gb18030", "big5", "euc_kr", "koi8_r", "iso8859_15",
)  # fmt: skip
_DETECTION_SAMPLE = 200_000


def bom_encoding(data: bytes) -> str | None:
    """The encoding that a byte order mark at the start of ``data`` announces."""
    return next((name for mark, name in _BOMS if data.startswith(mark)), None)


def decode_text(data: bytes) -> str:
    """Decode plain text: by its byte order mark, as UTF-8, else as what it most looks like.

    Raises ``UnreadableSource`` for binary data and where the encoding can't be told.
    """
    if named := bom_encoding(data):
        return _checked(_decoded(data, named))
    try:
        return _checked(data.decode("utf-8"))
    except UnicodeDecodeError:
        return _checked(_guessed(data))


def decode_page(data: bytes, charset: str | None = None) -> str:
    """Decode an HTML or XML page: byte order mark, HTTP ``charset``, its own declaration, guess.

    Raises ``UnreadableSource`` as ``decode_text`` does.
    """
    if named := bom_encoding(data):
        return _checked(_decoded(data, named))
    try:
        return _checked(data.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    declared = _CHARSET_IN_HTML.search(data[:4096])
    names = [charset, (declared[1] or declared[2]).decode("ascii") if declared else None]
    for name in filter(None, names):
        # Browsers read these labels as Windows-1252, and so do the people who write them.
        wanted = (
            "cp1252" if name.lower() in {"iso-8859-1", "latin1", "latin-1", "us-ascii"} else name
        )
        try:
            return _checked(data.decode(wanted))
        except (LookupError, UnicodeDecodeError):
            continue
    return _checked(_guessed(data))


def read_bounded(path: Path, max_bytes: int) -> bytes:
    """Read a file, unpacked if its name ends in ``.gz``, refusing more than ``max_bytes``.

    Raises ``UnreadableSource`` with the reason for everything that goes wrong.
    """
    if path.is_dir():
        raise UnreadableSource("it is a folder; name the files in it")
    try:
        with open_plain_or_gzip(path) as file:
            data = file.read(max_bytes + 1)
    except FileNotFoundError as error:
        raise UnreadableSource("there is no such file") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UnreadableSource("it is not a whole gzip file") from error
    except OSError as error:
        raise UnreadableSource(f"it can't be read ({error.strerror or error})") from error
    if len(data) > max_bytes:
        raise UnreadableSource(f"it is larger than {describe_size(max_bytes)}")
    return data


def open_plain_or_gzip(path: Path) -> IO[bytes]:
    if path.suffix.lower() == ".gz":
        return cast(IO[bytes], gzip.open(path, "rb"))
    return path.open("rb")


def describe_size(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB"


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableSource(f"it announces {encoding} but is not valid {encoding}") from error


def _guessed(data: bytes) -> str:
    # Old encodings have no NUL; UTF-16 without its mark is too rare to guess at.
    if b"\x00" in data:
        raise UnreadableSource("it is binary, not text")
    from charset_normalizer import from_bytes

    sample = data[:_DETECTION_SAMPLE]
    matches = from_bytes(sample, cp_isolation=list(_LEGACY), threshold=0.15)
    best = matches.best()
    if best is None:
        raise UnreadableSource("its encoding can't be told; save it as UTF-8")
    # Western text decodes alike in several code pages but for a few letters: where cp1252 is no
    # worse than the winner it is by far the likelier one.
    western = next((match for match in matches if match.encoding == "cp1252"), None)
    if (
        western is not None
        and western.chaos <= best.chaos + 0.01
        and _latin(str(best))
        and not _turkish_as_western(str(western))
    ):
        best = western
    return _decoded(data, best.encoding)


def _latin(text: str) -> bool:
    letters = [char for char in text if char.isalpha()]
    return sum(char < "\u0250" for char in letters) > 0.9 * len(letters)


def _turkish_as_western(text: str) -> bool:
    """Turkish letters look like Icelandic ones in cp1252, but Icelandic has others beside them."""
    return bool(re.search("[þýðÞÝÐ]", text)) and not re.search("[áæÁÆ]", text)


def _checked(text: str) -> str:
    control = len(_CONTROL.findall(text))
    if control > len(text) // 500 or "\x00" in text:
        raise UnreadableSource("it is binary, not text")
    if text.count("\ufffd") > len(text) // 1000:
        raise UnreadableSource("its characters were damaged before it came here; save it as UTF-8")
    return _CONTROL.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
