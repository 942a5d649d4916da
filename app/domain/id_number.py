"""身份证件: resident ID numbers (GB 11643) and how any document number is shown."""

import datetime as dt

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"


def normalise(number: str) -> str:
    """Without blanks, in capitals, 15 digits converted to 18 (born in the 20th century)."""
    text = "".join(number.split()).upper()
    if len(text) == 15 and text.isdecimal():
        body = text[:6] + "19" + text[6:]
        return body + check_digit(body)
    return text


def check_digit(body: str) -> str:
    """The 18th character of 17 digits (ISO 7064 MOD 11-2)."""
    return CHECKS[sum(int(c) * w for c, w in zip(body, WEIGHTS, strict=True)) % 11]


def problems(number: str, birth_on: dt.date | None = None, sex: str | None = None) -> list[str]:
    """What is wrong with a resident ID number, as codes; empty when nothing is.

    Codes: ``id_length``, ``id_characters``, ``id_checksum``, ``id_birth``, ``id_birth_differs``, ``id_sex_differs``.
    """
    if len(number) != 18:
        return ["id_length"]
    if not (number[:17].isascii() and number[:17].isdecimal() and number[17] in CHECKS):
        return ["id_characters"]
    found = [] if check_digit(number[:17]) == number[17] else ["id_checksum"]
    try:
        born = dt.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return [*found, "id_birth"]
    if birth_on is not None and born != birth_on:
        found.append("id_birth_differs")
    if sex in ("1", "2") and ("1" if int(number[16]) % 2 else "2") != sex:
        found.append("id_sex_differs")
    return found


def mask(number: str) -> str:
    """4406**********001X: enough to tell people of one unit apart, not enough to use."""
    return number[:4] + "*" * (len(number) - 8) + number[-4:] if len(number) > 8 else "*" * len(number)
