"""姓名: how names are written, what is wrong with one, and which of them older systems cannot carry.

Basis: names have no blank before, after or inside (实名制管理填表说明); the dot of minority and foreign names is U+00B7
(GB/T 15834 间隔号, as on the resident identity card); characters are those of GB 18030-2022.
"""

import re
import unicodedata

DOT = "·"
# What keyboards, scanners and older systems put in the place of the dot.
_DOTS = "•‧∙⋅●・･﹒．.｡。"
_BLANKS = re.compile(r"[\s\u200b-\u200f\u2028-\u202f\u2060\ufeff\u00ad]+")
_LONGEST = 50
_HAN = (
    (0x3007, 0x3007),  # 〇
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xFA0E, 0xFA29),  # the twelve unified ones among the compatibility characters
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2EBE0),
    (0x2EBF0, 0x2EE5D),
    (0x30000, 0x323AF),
)
_PRIVATE = ((0xE000, 0xF8FF), (0xF0000, 0xFFFFD), (0x100000, 0x10FFFD))
_LATIN = re.compile(r"[A-Za-zÀ-ÖØ-öø-ɏ]")
_LATIN_SIGNS = "'’-. "


def normalise(name: str) -> str:
    """As it is kept: composed (NFC), no blank between Chinese characters, one kind of dot; Latin names keep one blank."""
    text = unicodedata.normalize("NFC", name).strip()
    if _is_latin(text):
        return _BLANKS.sub(" ", text).strip()
    return _BLANKS.sub("", "".join(DOT if c in _DOTS else c for c in text))


def _is_latin(name: str) -> bool:
    return bool(_LATIN.search(name)) and not any(is_han(c) for c in name)


def is_han(letter: str) -> bool:
    """Whether a letter is a Chinese character of GB 18030-2022 or the Unicode blocks it follows."""
    return any(low <= ord(letter) <= high for low, high in _HAN)


def is_private(letter: str) -> bool:
    """Whether a letter lies in a private area: a home-made character that nobody else can read."""
    return any(low <= ord(letter) <= high for low, high in _PRIVATE)


def problems(name: str, *, foreign: bool = False) -> list[str]:
    """What is wrong with a name as entered, as codes; empty when nothing is.

    Codes: ``name_empty``, ``name_blank`` (before, after or inside), ``name_dot`` (another sign in its place, or one at
    an end or doubled), ``name_private`` (a home-made character: take its GB 18030 code), ``name_length``,
    ``name_letters`` (neither Chinese nor, where ``foreign``, Latin).
    """
    if not name.strip():
        return ["name_empty"]
    found = []
    inner = name if not foreign else name.replace(" ", "")
    if name != name.strip() or _BLANKS.search(inner):
        found.append("name_blank")
    bare = _BLANKS.sub("", name)
    latin = foreign and _is_latin(name)
    if (not latin and any(c in _DOTS for c in bare)) or bare.startswith(DOT) or bare.endswith(DOT) or DOT * 2 in bare:
        found.append("name_dot")
    if any(is_private(c) for c in bare):
        found.append("name_private")
    if not (2 <= len(bare) <= _LONGEST):
        found.append("name_length")
    if any(not _known(c, foreign=foreign) for c in bare):
        found.append("name_letters")
    return found


def _known(letter: str, *, foreign: bool) -> bool:
    known = is_han(letter) or letter == DOT or letter in _DOTS or is_private(letter)
    return known or (foreign and (letter in _LATIN_SIGNS or bool(_LATIN.fullmatch(letter))))


def rare(name: str) -> tuple[str, ...]:
    """生僻字: characters outside GBK, which DBF files, older printers and fonts do not know."""
    return tuple(c for c in name if not _in_gbk(c))


def _in_gbk(letter: str) -> bool:
    try:
        letter.encode("gbk")
    except UnicodeEncodeError:
        return False
    return True


def key(name: str) -> str:
    """For comparing and searching: without dots and blanks, half-width, in capitals."""
    text = unicodedata.normalize("NFKC", normalise(name))
    return "".join(c for c in text if c not in (DOT, " ", ".")).upper()


def alike(one: str, other: str) -> bool:
    """Whether two names are the same person's as written in two systems, dots and blanks apart."""
    return key(one) == key(other)
