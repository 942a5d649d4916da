"""统一社会信用代码: the check character of GB 32100-2015 (the kernel's ``k_uscc_good`` says the same)."""

import re

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_FORM = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")


def good(code: str) -> bool:
    """Whether a code is of the form and its last character fits the others."""
    if not _FORM.fullmatch(code):
        return False
    total = sum(ALPHABET.index(c) * pow(3, n, 31) for n, c in enumerate(code[:17]))
    return ALPHABET[-total % 31] == code[17]
