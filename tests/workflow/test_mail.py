"""Notices leave by mail to those who want them: at least once, never twice by two workers, and without any person in it."""

import email
import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import text

from app.db import Database
from app.views.inbox import kinds
from app.workflow import mail
from app.workflow.mail import MailServer
from tests.security.conftest import Client
from tests.world import Body, World, person

STATES = "SELECT string_agg(state, ',' ORDER BY id) FROM mail WHERE user_id = :u"


class Post:
    """A mail server that keeps what it takes, and refuses what it is told to refuse."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.answer = ""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.answer:
            return self.answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        letter = email.message_from_bytes(envelope.content, policy=default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        return "250 OK"


@pytest.fixture(scope="module")
def post() -> Iterator[tuple[Post, MailServer]]:
    """A real SMTP server on loopback."""
    kept = Post()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = Controller(kept, hostname="127.0.0.1", port=port)
    running.start()
    yield kept, MailServer("127.0.0.1", port, "none", "bianzhi@example.gov.cn", "https://bz.example.gov.cn")
    running.stop()


@pytest.fixture
def box(post: tuple[Post, MailServer], world: World) -> tuple[Post, MailServer]:
    """The same, empty, with nothing waiting from before."""
    with world.superuser.begin() as connection:
        connection.execute(text("DELETE FROM mail"))
        connection.execute(text("DELETE FROM mail_setting"))
    post[0].letters.clear()
    post[0].answer = ""
    return post


def wants(world: World, username: str, *, immediate: tuple[str, ...] = (), daily: tuple[str, ...] = ()) -> int:
    """A member of the city's 编办 who wants these kinds by mail; the user's id."""
    who = world.office("establishment", username=username)
    with world.database.transaction(who) as session:
        session.execute(text("SELECT set_mail(:a, :i, :d, NULL)"),
                        {"a": f"{username}@example.gov.cn", "i": list(immediate), "d": list(daily)})  # fmt: skip
    return int(world.value("SELECT id FROM ab_user WHERE username = :u", u=username))


def run(world: World, server: MailServer) -> int:
    return mail.send_due(world.database, world.service("svc-worker"), server)


def tomorrow(world: World) -> None:
    """The summaries' hour comes."""
    with world.superuser.begin() as connection:
        connection.execute(text("UPDATE mail SET due_at = now() WHERE state = 'waiting'"))


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    return world.body("来信局", quotas={"11": 90})


def test_a_wished_notice_leaves_once_and_names_no_person(
    world: World, body: Body, box: tuple[Post, MailServer]
) -> None:
    user, facts = wants(world, "atonce", immediate=("task",)), person("甲乙丙")
    case = world.recruit(body, facts=facts)
    assert (run(world, box[1]), run(world, box[1])) == (1, 0)
    (letter,) = box[0].letters
    number = world.value("SELECT number FROM application WHERE id = :c", c=case)
    assert letter["Subject"] == f"【编制】新待办 {number}"
    assert letter["To"] == "atonce@example.gov.cn"
    said = letter.get_content()
    assert f"https://bz.example.gov.cn/case/{case}" in said
    assert body.name in said
    assert facts.name not in said + letter["Subject"]
    assert facts.id_number not in said
    assert world.value(STATES, u=user) == "sent"


def test_a_summary_is_one_letter_of_what_still_waits(world: World, body: Body, box: tuple[Post, MailServer]) -> None:
    user = wants(world, "daily", daily=("task",))
    first, second, done = (world.recruit(body) for _n in range(3))
    world.decide(world.office("establishment", username="daily"), done, "establishment")
    assert run(world, box[1]) == 0
    tomorrow(world)
    assert run(world, box[1]) == 1
    (letter,) = box[0].letters
    assert "2 条" in letter["Subject"]
    assert [f"/case/{c}\n" in letter.get_content() for c in (first, second, done)] == [True, True, False]
    assert world.value(STATES, u=user) == "sent,sent,dropped"


def test_what_the_server_refuses_for_a_while_is_tried_again_later_and_later_and_for_good_only_once(
    world: World, body: Body, box: tuple[Post, MailServer]
) -> None:
    user = wants(world, "refused", immediate=("task",))
    world.recruit(body)
    box[0].answer = "451 busy"
    assert run(world, box[1]) == 0
    row = "SELECT state, tries, due_at > now(), error FROM mail WHERE user_id = :u"
    state, tries, later, error = world.row(row, u=user)
    assert (state, tries, later) == ("waiting", 1, True)
    assert "451" in error
    waits = []
    for _time in range(9):
        tomorrow(world)
        run(world, box[1])
        waits.append(world.value("SELECT extract(epoch FROM due_at - now()) FROM mail WHERE user_id = :u", u=user))
    assert waits == sorted(waits)
    assert world.row(row, u=user)[:2] == ("failed", 10)
    box[0].answer = "550 no such user"
    world.recruit(body)
    tomorrow(world)
    run(world, box[1])
    assert world.value(STATES, u=user) == "failed,failed"
    assert box[0].letters == []


def test_a_server_that_is_down_leaves_everything_waiting(
    world: World, body: Body, box: tuple[Post, MailServer]
) -> None:
    user = wants(world, "down", immediate=("task",))
    for _n in range(5):
        world.recruit(body)
    down = MailServer("127.0.0.1", 9, "none", "bianzhi@example.gov.cn", "https://bz.example.gov.cn")
    assert run(world, down) == 0
    assert world.value("SELECT count(*) FROM mail WHERE user_id = :u AND tries > 0", u=user) == mail.DOWN_AFTER
    tomorrow(world)
    assert run(world, box[1]) == 5


def test_two_workers_send_nothing_twice(world: World, body: Body, box: tuple[Post, MailServer]) -> None:
    wants(world, "twin", immediate=("task",))
    wants(world, "twin2", daily=("task",))
    for _n in range(12):
        world.recruit(body)
    tomorrow(world)
    start = threading.Barrier(3)

    def work() -> None:
        start.wait()
        run(world, box[1])

    workers = [threading.Thread(target=work) for _n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    marks = [letter["Message-ID"] for letter in box[0].letters]
    assert len(marks) == len(set(marks)) == 13


class Dying:
    """A sender whose process is killed after the server took the letter and before that is on record."""

    def __init__(self, server: MailServer) -> None:
        self.sender, self.link, self.server = server.sender, server.link, server

    def send(self, letter: EmailMessage) -> None:
        self.server.send(letter)
        os.kill(os.getpid(), signal.SIGKILL)


def dies(url: str, token: str, server: MailServer) -> None:
    from app.db import Identity

    mail.send_due(Database(url), Identity(token), Dying(server))


def test_a_worker_killed_in_the_middle_repeats_the_letter_under_the_same_id(
    world: World, body: Body, box: tuple[Post, MailServer]
) -> None:
    user = wants(world, "killed", immediate=("task",))
    world.recruit(body)
    token = world.service("svc-worker").token
    process = multiprocessing.get_context("spawn").Process(target=dies, args=(world.app_url, token, box[1]))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert world.value(STATES, u=user) == "waiting"
    until = time.monotonic() + 20  # the server notices the dead connection and lets the row go
    while run(world, box[1]) == 0 and time.monotonic() < until:
        time.sleep(0.1)
    first, second = box[0].letters
    assert first["Message-ID"] == second["Message-ID"]
    assert first.get_content() == second.get_content()
    assert world.value(STATES, u=user) == "sent"


def test_nothing_of_a_hidden_unit_and_nothing_for_others_leaves(world: World, box: tuple[Post, MailServer]) -> None:
    user = wants(world, "curious", immediate=("task", "returned"))
    hidden, open_ = world.body("隐信局"), world.body("区信局", region="440604")
    with world.superuser.begin() as connection:
        connection.execute(text("UPDATE unit SET not_networked = true WHERE id = :u"), {"u": hidden.id})
    world.recruit(hidden)
    world.recruit(open_)
    assert world.value(STATES, u=user) is None


def test_wishes_are_typed_checked_kept_and_on_record(
    app: Flask, world: World, body: Body, box: tuple[Post, MailServer], client: Callable[..., Client]
) -> None:
    world.account("wisher", "unit_clerk", unit=body.id)
    user = client("wisher")
    assert user.get("/account/mail/").status_code == 200
    assert user.post("/account/mail/", {"address": "a@example.gov.cn"}).status_code == 404
    app.config.update(MAIL_ON=True, MAIL_DOMAINS=("example.gov.cn",))
    try:
        user.get("/account/mail/")
        for bad in ("nonsense", "a@b@example.gov.cn", "a@example.com", "a@example.gov.cn\nBcc: b@example.gov.cn"):
            answer = user.post("/account/mail/", {"address": bad, "returned": "daily"})
            assert answer.status_code == 422, bad
            assert '<option value="daily" selected>' in answer.get_data(as_text=True)
        assert user.post("/account/mail/", {"returned": "weekly"}).status_code == 400
        form = {"address": "a@example.gov.cn", "returned": "immediate", "effected": "daily"}
        assert user.post("/account/mail/", form).status_code == 302
        assert 'value="a@example.gov.cn"' in user.get("/account/mail/").get_data(as_text=True)
        assert world.row("SELECT address, immediate, daily FROM mail_setting") == (
            "a@example.gov.cn", ["returned"], ["effected"])  # fmt: skip
        assert user.post("/account/mail/", {"address": ""}).status_code == 302
        assert world.value("SELECT count(*) FROM mail_setting") == 0
        assert (
            world.value("SELECT count(*) FROM audit_event WHERE kind = 'mail.changed' AND operator LIKE 'wisher%'") == 2
        )
    finally:
        app.config.update(MAIL_ON=False, MAIL_DOMAINS=())


def test_the_system_administrator_sees_what_failed_and_has_it_tried_again(
    world: World, body: Body, box: tuple[Post, MailServer], client: Callable[..., Client]
) -> None:
    user = wants(world, "unlucky", immediate=("task",))
    world.account("postmaster", "system_admin")
    world.recruit(body)
    box[0].answer = "550 no such user"
    run(world, box[1])
    letter = world.value("SELECT id FROM mail WHERE user_id = :u", u=user)
    admin = client("postmaster")
    assert "550" in admin.get("/admin/mail/").get_data(as_text=True)
    assert admin.post("/admin/mail/again", {"mail": str(letter)}).status_code == 302
    assert admin.post("/admin/mail/again", {"mail": str(letter)}).status_code == 404
    box[0].answer = ""
    assert run(world, box[1]) == 1
    assert world.value(STATES, u=user) == "sent"


def test_mail_and_inbox_say_the_same(app: Flask) -> None:
    with app.test_request_context(), force_locale("zh_Hans"):
        shown = {kind: (str(title), str(why)) for kind, (title, _tone, why) in kinds().items()}
    assert shown == mail.SAYS
