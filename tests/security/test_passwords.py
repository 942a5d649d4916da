"""What a password may be and how it is kept; the codes of the second factor, by the standard."""

import pytest

from app.security import passwords, totp

PHRASE = "一句只有我自己知道的话吧"


@pytest.mark.parametrize(
    "word",
    ["password1234", "Password12345!", "P@ssw0rd2024!!", "1qaz2wsx3edc4rfv", "qwertyuiop123", "aaaaaaaaaaaaaa",
     "woaini5201314", "Foshan@2026!", "1234567890123", "passwordpassword", "liwei19900517"],
)  # fmt: skip
def test_what_everybody_types_is_no_password(word: str) -> None:
    assert passwords.too_common(word, ["liwei"])


@pytest.mark.parametrize(
    "word",
    [
        "correct horse battery staple",
        "kX9#mQ2vLp7z",
        "一句只有我自己知道的话吧",
        "春风又绿江南岸明月何时照我还",
        "tulip-anchor-oboe",
    ],
)
def test_a_phrase_of_unrelated_words_is_one_without_any_sign_or_digit(word: str) -> None:
    assert not passwords.too_common(word, ["liwei"])


def test_passwords_are_stored_at_the_cost_that_owasp_names_for_scrypt(real_cost: None) -> None:
    stored = passwords.hashed(PHRASE)
    assert stored.startswith("scrypt:32768:8:3$")
    assert passwords.matches(stored, PHRASE)
    assert not passwords.matches(stored, PHRASE + "x")
    assert not passwords.matches("", "")


def test_codes_are_those_of_the_standard() -> None:
    # RFC 6238, appendix B, the last six of its eight digits.
    secret = b"12345678901234567890"
    known = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}
    assert {moment: totp.code_at(secret, moment) for moment in known} == known
    assert totp.step_of(secret, "287082", 59 + 30) == 1
    assert totp.step_of(secret, "287082", 59 + 61) is None
