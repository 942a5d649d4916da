"""口令: scrypt; length over composition; nothing that everybody else types.

Source of the rules: NIST SP 800-63B-4, 3.1.1.2 (length, no composition, a blocklist that knows the context, no periodic
change) and OWASP's cost for scrypt. Twelve characters at least for a new password.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from werkzeug.security import check_password_hash, generate_password_hash

METHOD = "scrypt:32768:8:3"
SHORTEST, LONGEST = 12, 200
LIST = Path(__file__).parent / "data" / "common_passwords.txt"
# What has to be left when the common part is taken away.
OWN = 5
YEAR = r"(19|20)\d\d"
ROWS = ("`1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
        "zaq1xsw2cde3vfr4bgt5nhy6mju7", "1q2w3e4r5t6y7u8i9o0p", "abcdefghijklmnopqrstuvwxyz", "1234567890",
        "741852963", "147258369", "789456123", "159357", "qazwsxedcrfvtgbyhnujmikolp")  # fmt: skip
LEET = str.maketrans({"0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"})


@cache
def common() -> frozenset[str]:
    """The vendored list, in lower case."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("# "))


@cache
def nobody() -> str:
    """A hash of nothing, compared against when there is no user, so that each way costs one hash."""
    return hashed("")


def hashed(password: str) -> str:
    """What is stored of a password."""
    return generate_password_hash(unicodedata.normalize("NFKC", password), method=METHOD)


def matches(stored: str, password: str) -> bool:
    """Whether the password is the stored one; exactly one hash is computed, for an empty ``stored`` too."""
    right = check_password_hash(stored or nobody(), unicodedata.normalize("NFKC", password))
    return right and bool(stored)


def outdated(stored: str) -> bool:
    """Whether a stored hash was made at another cost than today's."""
    return not stored.startswith(METHOD + "$")


def too_common(password: str, own_words: Iterable[str] = ()) -> bool:
    """Whether what everybody types makes up the password, but for fewer than five characters.

    Taken away are repetitions, keyboard walks, years and the longest word that is common or one's own. A phrase of
    several words stays good.
    """
    plain = unicodedata.normalize("NFKC", password).casefold()
    read_as_letters = re.sub(r"\W+$", "", re.sub(YEAR, "", plain)).translate(LEET)
    return any(len(_own_part(form, own_words)) < OWN for form in (plain, read_as_letters))


def _own_part(form: str, own_words: Iterable[str]) -> str:
    if form in common():
        return ""
    once = re.sub(r"(.+?)\1+", r"\1", form)
    words = {w.casefold() for w in own_words if len(w) >= 3} | {"bianzhi"}
    found = [once[a:b] for a in range(len(once)) for b in range(a + 3, len(once) + 1)
             if once[a:b] in words or (b - a >= 5 and once[a:b] in common())]  # fmt: skip
    if found:
        once = once.replace(max(found, key=len), "", 1)
    once = re.sub(YEAR, "", once)
    return re.sub(r"[^\w]|_", "", _without_walks(once))


def _without_walks(form: str) -> str:
    """Without four or more neighbouring keys, letters or digits, forwards or backwards."""
    rest, at = "", 0
    lines = [*ROWS, *(row[::-1] for row in ROWS)]
    while at < len(form):
        end = max((e for e in range(at + 4, len(form) + 1) if any(form[at:e] in line for line in lines)), default=0)
        if end:
            at = end
        else:
            rest, at = rest + form[at], at + 1
    return rest
