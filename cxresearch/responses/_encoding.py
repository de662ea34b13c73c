"""Which characters the bytes of a text file mean, decided from evidence and told."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from dataclasses import dataclass

from cxresearch.responses._unreadable import UnreadableError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Where neither Korean nor Western: what surveys are exported in elsewhere.
_ELSEWHERE = ["cp932", "gb18030", "big5", "cp1250", "cp1251", "cp1253", "cp949", "cp1252"]
_SAMPLE = 60_000
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_CONTROLS = bytes((*range(9), *range(14, 26), *range(28, 32)))
_ADVICE = "if letters look wrong, save the file as UTF-8"


@dataclass(frozen=True, slots=True)
class DecodedText:
    """Text of a file, and the encoding it was read with."""

    text: str
    encoding: str
    notes: tuple[str, ...] = ()


def decode_text(data: bytes) -> DecodedText:
    """Turn the bytes of a text file into characters.

    The order is: byte order mark; UTF-16 without a mark, known by its zero bytes; UTF-8 without
    any error; cp949 (Korean), where most characters beyond ASCII come out as the 2350 syllables
    of KS X 1001; cp1252 (Western European), where such bytes stand alone or in pairs between
    ASCII letters; charset-normalizer's choice among eight others.

    Raises
    ------
    UnreadableError
        The bytes are not text, or not in any of these encodings.

    Examples
    --------
    >>> decode_text("Café".encode("cp1252")).encoding
    'cp1252'
    >>> decode_text("지점,만족".encode("cp949")).encoding
    'cp949'
    """
    decoded = _with_mark(data) or _utf16_without_mark(data)
    if decoded is None:
        if b"\0" in data:
            row = data.count(b"\n", 0, data.index(b"\0")) + 1
            raise UnreadableError(
                f"it holds NUL bytes (the first in line {row}): a binary file, or damaged"
            )
        decoded = _utf8(data)
    if decoded is None:
        _check_damaged_utf8(data)
        decoded = _korean(data) or _western(data) or _elsewhere(data)
    if decoded is None:
        raise UnreadableError(
            "its encoding is not UTF-8, UTF-16, cp1252 or cp949 (the first byte that is not "
            f"UTF-8 is in line {_first_bad_line(data)}); save the file as UTF-8"
        )
    plain = decoded.text.encode()
    controls = len(plain) - len(plain.translate(None, delete=_CONTROLS))
    if controls * 100 > len(decoded.text):
        raise UnreadableError("it holds control characters: a binary file, or damaged")
    return _with_replacement_note(decoded)


def _with_mark(data: bytes) -> DecodedText | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            text = _try(data, encoding)
            if text is None:
                name = encoding.removesuffix("-sig").upper()
                raise UnreadableError(f"it begins as {name} but is damaged; export it again")
            return DecodedText(text, encoding)
    return None


def _utf16_without_mark(data: bytes) -> DecodedText | None:
    """Digits and delimiters have a zero as second byte (LE) or first (BE)."""
    if b"\0" not in data or len(data) % 2:
        return None
    first, second = data[0::2].count(0), data[1::2].count(0)
    encoding = "utf-16-le" if second > first else "utf-16-be"
    if max(first, second) < 3 * min(first, second) or max(first, second) * 20 < len(data) // 2:
        return None
    text = _try(data, encoding)
    return None if text is None or "\0" in text else DecodedText(text, encoding)


def _utf8(data: bytes) -> DecodedText | None:
    text = _try(data, "utf-8")
    return None if text is None else DecodedText(text, "utf-8")


def _check_damaged_utf8(data: bytes) -> None:
    """Refuse UTF-8 with a few broken bytes: any other reading would garble the whole rest."""
    text = data.decode("utf-8", errors="replace")
    bad = text.count("\ufffd")
    good = sum(not character.isascii() for character in text) - bad
    if good >= 10 * bad:
        raise UnreadableError(
            f"it is UTF-8 with {bad} damaged characters, the first in line "
            f"{_first_bad_line(data)}; export it again"
        )


def _korean(data: bytes) -> DecodedText | None:
    text = _try(data, "cp949")
    if text is None:
        return None
    beyond = Counter(character for character in text if character > "\x7f")
    hangul = sum(count for character, count in beyond.items() if _is_common_hangul(character))
    if not hangul or hangul < 0.6 * beyond.total():
        return None
    note = f"read as cp949 (Korean); {_ADVICE}"
    return DecodedText(text, "cp949", (note,))


def _is_common_hangul(character: str) -> bool:
    return "가" <= character <= "힣" and _try_encode(character, "euc_kr")


def _western(data: bytes) -> DecodedText | None:
    runs = _HIGH_RUN.findall(data)
    short = sum(len(run) <= 2 for run in runs)
    text = _try(data, "cp1252") if short >= 0.8 * len(runs) else None
    note = f"read as cp1252 (Western European); {_ADVICE}"
    return None if text is None else DecodedText(text, "cp1252", (note,))


def _elsewhere(data: bytes) -> DecodedText | None:
    # Imported here: it is needed for one file in a thousand.
    from charset_normalizer import from_bytes

    lines = [line for line in data[: 20 * _SAMPLE].splitlines() if not line.isascii()]
    sample = b"\n".join(lines)[:_SAMPLE]
    best = from_bytes(sample, cp_isolation=_ELSEWHERE).best()
    text = _try(data, best.encoding) if best is not None else None
    if best is None or text is None:
        return None
    note = f"the encoding {best.encoding} is a guess; {_ADVICE}"
    return DecodedText(text, best.encoding, (note,))


def _with_replacement_note(decoded: DecodedText) -> DecodedText:
    lost = decoded.text.count("\ufffd")
    if not lost:
        return decoded
    note = f"{lost} characters were lost before (\ufffd): saved once in a wrong encoding"
    return DecodedText(decoded.text, decoded.encoding, (*decoded.notes, note))


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _try_encode(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _first_bad_line(data: bytes) -> int:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return data.count(b"\n", 0, error.start) + 1
    return 1
