"""Decode bytes to text: the right characters or an error, never mojibake."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import re
import unicodedata
import zlib
from collections.abc import Iterator
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
_ASCII_CONTROL = bytes([*range(9), *range(14, 27), *range(28, 32), 127])
_WIDE_CONTROL = re.compile(rb"\xc2[\x80-\x9f]|\xef\xbf[\xbe\xbf]")
_DECLARED = re.compile(
    rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)|<\?xml[^>]+encoding\s*=\s*[\"']([\w.:-]+)",
    re.IGNORECASE,
)
_LANGUAGE = re.compile(rb"<(?:html|rss|feed)\b[^>]*\blang\s*=\s*[\"']?([a-z]{2})", re.IGNORECASE)
# Encodings of text without a declaration that isn't UTF-8.
_LEGACY = [
    "cp1252",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "cp1257",
    "cp1258",
    "cp874",
    "cp866",
    "cp932",
    "euc_jp",
    "gb18030",
    "big5",
    "cp949",
    "koi8_r",
    "iso8859_15",
]
# Encodings by the language that a page declares, the likeliest first.
_BY_LANGUAGE = {
    "ar": "cp1256 iso8859_6",
    "bg": "cp1251 koi8_r iso8859_5",
    "cs": "cp1250 iso8859_2",
    "el": "cp1253 iso8859_7",
    "fa": "cp1256",
    "he": "cp1255 iso8859_8",
    "hr": "cp1250 iso8859_2",
    "hu": "cp1250 iso8859_2",
    "ja": "cp932 euc_jp",
    "ko": "cp949",
    "lt": "cp1257 iso8859_13",
    "lv": "cp1257 iso8859_13",
    "mk": "cp1251",
    "pl": "cp1250 iso8859_2",
    "ro": "cp1250 iso8859_2",
    "ru": "cp1251 koi8_r cp866 iso8859_5",
    "sk": "cp1250 iso8859_2",
    "sl": "cp1250 iso8859_2",
    "sr": "cp1251 cp1250",
    "th": "cp874",
    "tr": "cp1254",
    "uk": "cp1251 koi8_u cp866",
    "vi": "cp1258",
    "zh": "gb18030 big5",
}
_HIGH = re.compile(rb"[\x80-\xff]")
_WELL_FORMED = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
# One broken byte in so many is an accident; with more, the text is in another encoding.
_BYTES_FOR_ONE_BROKEN = 500
# Share of damaged characters above which a text is refused.
_MOST_DAMAGED = 0.01
# How much worse a declared encoding may look than the likeliest one before it is ignored.
_DISBELIEF = 0.12
_DETECTION_SAMPLE = 200_000
_SWAPPED = re.compile("[а-яёіїєґ][А-ЯЁІЇЄҐ]")
_HALF_WIDTH = re.compile("[\uff61-\uff9f]")
_WORDS = re.compile(r"[^\W\d_]+")
# Symbols that are rare in texts but common in misread letters.
_STRANGE_SIGNS = re.compile(
    "[\xa1-\xa6\xa8\xac\xaf\xb1\xb4\xb6\xb8\u0080-\u009f\u2500-\u259f](?=[^\\s\\d])"
)


def bom_encoding(data: bytes) -> str | None:
    """Return the codec that a byte order mark at the start of ``data`` announces; None without
    one."""
    return next((name for mark, name in _BOMS if data.startswith(mark)), None)


def decode_text(data: bytes) -> str:
    """Decode plain text: by its byte order mark, as UTF-8, or else as what it most looks like.

    Raises ``UnreadableSource`` for binary data (``is-binary``), an unknown encoding
    (``encoding-unknown``) and too many damaged characters (``encoding-damaged``).
    """
    return _checked(_decode(data, []))


def decode_page(data: bytes, charset: str | None = None) -> str:
    """Decode an HTML or XML page by its byte order mark, the HTTP ``charset``, its own declaration
    or a guess.

    Labels mean what browsers take them for (``gb2312`` is gb18030). UTF-8 with a few broken bytes
    keeps its letters, with U+FFFD for what is broken. Where declarations contradict each other or
    the bytes, the one that gives sensible text wins.

    Raises ``UnreadableSource`` as ``decode_text`` does.
    """
    found = _DECLARED.search(data[:4096])
    own = (found[1] or found[2]).decode("ascii", "ignore") if found else None
    labels = [codec for label in (charset, own) if label and (codec := codec_of(label))]
    if labels[:1] == ["cp1252"]:
        # Servers announce it without looking; the page's own declaration is more reliable.
        labels.reverse()
    language = _LANGUAGE.search(data[:4096])
    return _checked(_decode(data, labels, language[1].decode().lower() if language else None))


def codec_of(label: str) -> str | None:
    """Return the Python codec of an encoding label as browsers understand it; None for an unknown
    one."""
    import webencodings

    encoding = webencodings.lookup(label)
    if encoding is None:
        return None
    name: str = encoding.codec_info.name
    return {"gbk": "gb18030", "euc_kr": "cp949", "euc-kr": "cp949"}.get(name, name)


def read_bounded(path: Path, max_bytes: int) -> bytes:
    """Read a file, unpacked if its name ends in ``.gz``, refusing more than ``max_bytes`` bytes.

    Raises ``UnreadableSource`` (``is-a-folder``, ``file-not-found``, ``gzip-damaged``,
    ``not-readable``, ``file-too-big``).
    """
    if path.is_dir():
        raise UnreadableSource("is-a-folder")
    try:
        with open_plain_or_gzip(path) as file:
            data = file.read(max_bytes + 1)
    except FileNotFoundError as error:
        raise UnreadableSource("file-not-found") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UnreadableSource("gzip-damaged") from error
    except OSError as error:
        raise UnreadableSource("not-readable", detail=error.strerror or str(error)) from error
    if len(data) > max_bytes:
        raise UnreadableSource("file-too-big", size=describe_size(max_bytes))
    return data


def open_plain_or_gzip(path: Path) -> IO[bytes]:
    """Open a file for reading bytes, unpacked if its name ends in ``.gz``. Raises ``OSError``."""
    if path.suffix.lower() == ".gz":
        return cast(IO[bytes], gzip.open(path, "rb"))
    return path.open("rb")


@contextlib.contextmanager
def file_errors(name: str) -> Iterator[None]:
    """Raise ``UnreadableSource`` (``path-gzip-damaged``, ``path-not-readable``) for what goes wrong
    with a file in the block; ``name`` is what the file is called."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UnreadableSource("path-gzip-damaged", path=name) from error
    except OSError as error:
        detail = error.strerror or str(error)
        raise UnreadableSource("path-not-readable", path=name, detail=detail) from error


def describe_size(count: int) -> str:
    """Format a number of bytes with three digits, in units of 1,000: ``1.5 MB``."""
    size = float(count)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB"


def _decode(data: bytes, labels: list[str], language: str | None = None) -> str:
    if named := bom_encoding(data):
        return data.decode(named, "replace")
    if b"\x1b$B" in data and not _HIGH.search(data):
        return data.decode("iso2022_jp", "replace")
    if wide := _utf16_without_mark(data):
        return data.decode(wide, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if _is_damaged_utf8(data, declared="utf-8" in labels):
        return data.decode("utf-8", "replace")
    others = [label for label in dict.fromkeys(labels) if not label.startswith("utf")]
    return _believed(data, others, language) or _guessed(data, language)


def _is_damaged_utf8(data: bytes, *, declared: bool) -> bool:
    """Return whether the data is UTF-8 with some broken bytes, not another encoding."""
    whole = len(_WELL_FORMED.findall(data))
    rest = _WELL_FORMED.sub(b"", data)
    broken = sum(byte >= 0x80 for byte in rest)
    if declared:
        return whole >= broken or broken <= max(1, len(data) // _BYTES_FOR_ONE_BROKEN)
    return whole >= 3 and whole >= 3 * broken


def _utf16_without_mark(data: bytes) -> str | None:
    """Detect UTF-16 of mostly Latin text: every other byte at its beginning is NUL."""
    head = data[:400]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if half < 4 or max(even, odd) < 0.7 * half or min(even, odd) > 0.1 * half:
        return None
    return "utf-16-be" if even > odd else "utf-16-le"


def _believed(data: bytes, labels: list[str], language: str | None) -> str | None:
    """Return the text in the declared encoding that reads best; None if none of them reads well."""
    if not labels:
        return None
    if labels == ["cp1252"]:
        labels = [*_BY_LANGUAGE.get(language or "", "").split(), *labels]
    text = _most_orderly(data, labels)
    if text is None:
        return None
    doubt = disorder(text)
    if doubt > _DISBELIEF:
        try:
            other = _guessed(data, language)
        except UnreadableSource:
            return text
        if disorder(other) < doubt - _DISBELIEF:
            return other
    return text


def _most_orderly(data: bytes, codecs_: list[str]) -> str | None:
    """Return the text in the encoding that reads best, the first of equals; None if all break."""
    texts = [data.decode(codec, "replace") for codec in codecs_]
    most = max(3, len(data) // _BYTES_FOR_ONE_BROKEN)
    whole = [text for text in texts if text.count("\ufffd") <= most]
    return min(whole, key=disorder, default=None)


def disorder(text: str) -> float:
    """Return how little a text looks like words, from 0 to 1: the share of its letters outside
    ASCII where no language puts them, such as accented letters in a row, two scripts in a word,
    capitals after small letters, or half-width kana."""
    odd = total = 0
    for word in _WORDS.findall(text[:_DETECTION_SAMPLE]):
        strange = sum(char > "\x7f" for char in word)
        if not strange:
            continue
        total += strange
        scripts = {_script(char) for char in word}
        accented = scripts == {"LATIN"} and strange > 0.6 * len(word) and len(word) > 2
        if len(scripts) > 1 or accented or _SWAPPED.search(word) or _HALF_WIDTH.search(word):
            odd += strange
    signs = len(_STRANGE_SIGNS.findall(text[:_DETECTION_SAMPLE]))
    return (odd + signs) / (total + signs) if total + signs else 0.0


def _script(char: str) -> str:
    """Return the script of a letter, from its name; scripts that one language mixes count as
    one."""
    name = unicodedata.name(char, "").split(" ", 1)[0]
    return (
        "CJK"
        if name
        in {
            "CJK",
            "HIRAGANA",
            "KATAKANA",
            "HANGUL",
            "FULLWIDTH",
            "HALFWIDTH",
            "KATAKANA-HIRAGANA",
            "IDEOGRAPHIC",
            "CIRCLED",
            "PARENTHESIZED",
            "SQUARE",
        }
        else name
    )


def _guessed(data: bytes, language: str | None = None) -> str:
    # Old encodings don't use NUL.
    if b"\x00" in data:
        raise UnreadableSource("is-binary")
    likely = _BY_LANGUAGE.get(language or "", "").split()
    if (text := _most_orderly(data, likely)) and disorder(text) <= _DISBELIEF:
        return text
    from charset_normalizer import from_bytes

    sample = data[:_DETECTION_SAMPLE]
    matches = from_bytes(sample, cp_isolation=list(_LEGACY), threshold=0.15)
    best = matches.best()
    if best is None:
        raise UnreadableSource("encoding-unknown")
    # Western text decodes to nearly the same letters in several code pages: if cp1252 is no
    # worse than the winner, it is by far the likelier one.
    western = next((match for match in matches if match.encoding == "cp1252"), None)
    if (
        western is not None
        and western.chaos <= best.chaos + 0.01
        and _latin(str(best))
        and not _turkish_as_western(str(western))
    ):
        best = western
    return data.decode(best.encoding, "replace")


def _latin(text: str) -> bool:
    letters = [char for char in text if char.isalpha()]
    return sum(char < "\u0250" for char in letters) > 0.9 * len(letters)


def _turkish_as_western(text: str) -> bool:
    """Turkish letters look like Icelandic ones in cp1252, but Icelandic has others beside them."""
    return bool(re.search("[þýðÞÝÐ]", text)) and not re.search("[áæÁÆ]", text)


def _is_clean(text: str) -> bool:
    """Return whether a text has no control characters, as nearly all do; bytes are searched many
    times faster than characters."""
    data = text.encode("utf-8", "surrogatepass")
    return len(data.translate(None, _ASCII_CONTROL)) == len(data) and not _WIDE_CONTROL.search(data)


def _checked(text: str) -> str:
    clean = text if _is_clean(text) else _CONTROL.sub("", text)
    control = len(text) - len(clean)
    if control > max(3, len(text) // 500) or "\x00" in text:
        raise UnreadableSource("is-binary")
    if text.count("\ufffd") > max(3, int(len(text) * _MOST_DAMAGED)):
        raise UnreadableSource("encoding-damaged")
    return clean.replace("\r\n", "\n").replace("\r", "\n")
