"""统一社会信用代码: form and check character of GB 32100-2015 (the kernel's ``k_uscc_good`` says the same)."""

import re

from stdnum.cn.uscc import calc_check_digit

# The registering office is a letter with some bodies (N1: 农村集体经济组织), which stdnum's own check does not know.
_FORM = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")


def good(code: str) -> bool:
    """Whether a code is of the form and its last character fits the others."""
    return bool(_FORM.fullmatch(code)) and calc_check_digit(code) == code[17]
