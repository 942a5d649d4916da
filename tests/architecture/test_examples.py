"""The examples in ``deploy`` name what is there: programs, commands, files, settings, one socket, one limit."""

import re
import runpy
from configparser import RawConfigParser

import click
import pytest
from flask import Flask

import config
from app.cli import settings
from tests.architecture.test_design import ROOT

DEPLOY, OPERATIONS = ROOT / "deploy", (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
UNITS = sorted(p.name for p in DEPLOY.glob("*.service"))
TIMERS = sorted(p.name for p in DEPLOY.glob("*.timer"))
PLACE = "/opt/bianzhi/"


def unit(name: str) -> RawConfigParser:
    """A unit's text; of a key that stands several times the last."""
    read = RawConfigParser(strict=False, interpolation=None)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read_string((DEPLOY / name).read_text(encoding="utf-8"))
    return read


def nginx(word: str) -> list[str]:
    """The values of one directive of the proxy's example."""
    return re.findall(rf"^\s*{word}\s+(.+?);", (DEPLOY / "nginx.conf").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_starts_what_is_there_as_nobody_special(name: str) -> None:
    service = unit(name)["Service"]
    program, *words = service["ExecStart"].split()
    assert program == PLACE + ".venv/bin/python"
    module = words[words.index("-m") + 1]
    assert module in ("flask", "gunicorn")
    if module == "gunicorn":
        assert (ROOT / words[words.index("-c") + 1]).is_file()
        assert words[-1] == "wsgi:create_app()"
    assert (service["User"], service["EnvironmentFile"]) == ("bianzhi", "/etc/bianzhi.env")
    for key, value in {
        "NoNewPrivileges": "yes",
        "ProtectSystem": "strict",
        "PrivateTmp": "yes",
        "UMask": "0077",
    }.items():
        assert service[key] == value, key


@pytest.mark.parametrize("name", TIMERS)
def test_a_timer_starts_a_command_of_the_keeper(name: str, keeper: Flask) -> None:
    template, command = name.removesuffix(".timer").split("@")
    assert f"{template}@.service" in UNITS
    assert command in keeper.cli.commands
    assert name in OPERATIONS or command in OPERATIONS


def test_every_job_of_the_trials_server_has_a_timer() -> None:
    run = {
        "effect_once": "effect-due",
        "mail_once": "mail-send",
        "alarms_once": "alarms-due",
        "keep_watch": "keep-watch",
    }
    server = (ROOT / "app" / "cli" / "server.py").read_text(encoding="utf-8")
    called = set(re.findall(r"(?:jobs|nightly)\.(\w+)\(", server))
    assert called == set(run)
    assert {f"bianzhi-job@{x}.timer" for x in run.values()} == set(TIMERS)


def test_the_variables_of_the_example_are_described() -> None:
    text = (DEPLOY / "bianzhi.env").read_text(encoding="utf-8")
    named = set(re.findall(r"^#?\s?([A-Z_]+)=", text, re.MULTILINE)) - {"FLASK_APP"}
    assert named
    assert [n for n in sorted(named) if f"`{n}`" not in OPERATIONS] == []


def test_every_variable_that_is_read_is_described() -> None:
    sources = [*(ROOT / "app").rglob("*.py"), ROOT / "wsgi.py"]
    text = "\n".join(p.read_text(encoding="utf-8") for p in sources)
    read = set(re.findall(r"""environ(?:\.get\(|\[)["']((?:BIANZHI|MAIL|DATABASE)_[A-Z_]+)""", text))
    assert len(read) > 10
    assert [n for n in sorted(read) if f"`{n}`" not in OPERATIONS] == []


def test_the_proxy_and_the_server_mean_one_socket_and_one_limit() -> None:
    served = runpy.run_path(str(DEPLOY / "gunicorn.conf.py"))
    assert nginx("proxy_pass") == [f"http://{served['bind']}"]
    assert unit("bianzhi.service")["Service"]["RuntimeDirectory"] == "bianzhi"
    assert served["bind"].startswith("unix:/run/bianzhi/")
    (megabytes,) = nginx("client_max_body_size")
    assert int(megabytes.removesuffix("m")) * 1024**2 == config.DEFAULTS["MAX_CONTENT_LENGTH"]
    (seconds,) = nginx("proxy_read_timeout")
    assert int(seconds.removesuffix("s")) > config.DEFAULTS["TRIAL_SECONDS"]
    assert served["umask"] & 0o007 == 0o007
    assert unit("bianzhi.service")["Service"]["RuntimeDirectoryMode"] == "0750"


def test_the_proxy_says_itself_who_asks_and_writes_no_address_line() -> None:
    headers = dict(v.split(None, 1) for v in nginx("proxy_set_header"))
    assert headers["X-Forwarded-For"] == "$remote_addr"  # never $proxy_add_x_forwarded_for, which a browser begins
    assert headers["X-Forwarded-Proto"] == "https"
    assert headers["Forwarded"] == '""'
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    ours = [server for server in text.split("\nserver {") if "server_name" in server]
    assert len(ours) == 2
    for server in ours:
        assert "access_log off;" in server
        assert re.search(r"error_log /dev/null", server)


def test_files_that_the_proxy_names_are_there() -> None:
    text = "".join(p.read_text(encoding="utf-8") for p in DEPLOY.glob("nginx*.conf"))
    named = re.findall(rf"{PLACE}([\w./-]+);", text)
    assert named
    for path in named:
        assert (ROOT / path).exists(), path
    for page in re.findall(r"error_page [\d ]+/([\w-]+\.html);", text):
        shown = (DEPLOY / "pages" / page).read_text(encoding="utf-8")
        assert '<html lang="zh-CN">' in shown
        assert "http" not in shown.replace("http-equiv", "")  # nothing is loaded from anywhere


def test_commands_in_the_operators_book_exist(keeper: Flask) -> None:
    unknown = []
    for said in re.findall(r"flask ((?:[a-z][a-z-]+ ?){1,3})", OPERATIONS):
        here: click.Command = keeper.cli
        for word in said.split():
            if not isinstance(here, click.Group):
                break
            found = here.commands.get(word)
            if found is None:
                unknown.append(said)
                break
            here = found
    assert unknown == []


def test_an_owners_address_without_a_password_serves_everything(
    elsewhere: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://bianzhi_owner@db:5432/bianzhi?sslmode=verify-full")
    words = settings.passwords()
    assert settings.admin_url() == settings.owner_url()
    assert f"bianzhi_owner:{words['bianzhi_owner']}@db:5432/bianzhi?sslmode=verify-full" in settings.owner_url()
    assert f"bianzhi_app:{words['bianzhi_app']}@db:5432" in settings.app_url()
    monkeypatch.setenv("BIANZHI_POOL_URL", "postgresql://127.0.0.1:6432/bianzhi")
    assert f"bianzhi_app:{words['bianzhi_app']}@127.0.0.1:6432/bianzhi" in settings.app_url()
    assert "bianzhi_signin:" in settings.signin_url()
    assert "@127.0.0.1:6432/" in settings.signin_url()
    assert "@db:5432/" in settings.owner_url()
    assert "@db:5432/" in settings.admin_url()
