"""A command that cannot have the database says so in one sentence, not in the program's own words."""

import socket

import pytest
from flask import Flask


@pytest.mark.parametrize(
    "words",
    [
        "ledger verify",
        "ledger seal",
        "ledger nightly",
        "accounts first a b c",
        "deploy",
        "keys list",
        "effect-due",
        "alarms-due",
        "keep-watch",
    ],
)
def test_a_database_that_does_not_answer_is_one_sentence(
    keeper: Flask, elsewhere: None, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    with socket.socket() as held:  # taken, and answering nobody
        held.bind(("127.0.0.1", 0))
        address = f"postgresql://bianzhi_owner:x@127.0.0.1:{held.getsockname()[1]}/bianzhi"
        monkeypatch.setenv("DATABASE_URL", address)
        done = keeper.test_cli_runner().invoke(args=words.split())
    assert done.exit_code == 1, done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert "Error: " in done.output
    assert "连接数据库失败" in done.output or "数据库不可用" in done.output


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "缺少 MAIL_FROM"),
        ({"MAIL_FROM": "a@b.cn", "MAIL_LINK": "https://b.cn", "MAIL_SECURITY": "ssl"}, "MAIL_SECURITY"),
        ({"MAIL_FROM": "a@b.cn", "MAIL_LINK": "https://b.cn", "MAIL_PASSWORD_FILE": "/absent"}, "/absent"),
    ],
)
def test_mail_that_is_half_set_up_is_one_sentence(
    keeper: Flask, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], said: str
) -> None:
    for name in ("MAIL_FROM", "MAIL_LINK", "MAIL_SECURITY", "MAIL_PASSWORD_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"MAIL_HOST": "127.0.0.1", **given}.items():
        monkeypatch.setenv(name, value)
    done = keeper.test_cli_runner().invoke(args=["mail-send"])
    assert done.exit_code == 1
    assert "Error: 邮件设置有误" in done.output
    assert said in done.output
