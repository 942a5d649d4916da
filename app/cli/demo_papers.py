"""示范城市的文书: numbered papers of finished cases, issued by their officials on the pages themselves."""

import re

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from app.cli.demo_accounts import PASSWORD

# Who issues which paper, in the first finished case of which business of the city's own offices.
PAPERS = (
    ("bianban", "quota_use", "permit"),
    ("bianban", "entry_notice", "recruit"),
    ("bianban", "exit_notice", "transfer_out"),
    ("bianban2", "reply", "commission_matter"),
)
WAITING = text(
    "SELECT a.id FROM application a JOIN unit u ON u.id = a.unit_id JOIN region r ON r.code = u.region_code AND r.kind = 'city'"
    " WHERE a.process = :p AND a.state = 'done' AND NOT EXISTS (SELECT 1 FROM issued_paper i WHERE i.kind = :k)"
    " ORDER BY a.id LIMIT 1"
)


def issue(app: Flask, connection: Connection) -> int:
    """Issue what has not been issued yet; how many papers. Looks as the owner, issues as the official.

    Raises:
        RuntimeError: a page did not issue it; the demonstration is then not what it says.
    """
    at: dict[str, FlaskClient] = {}
    issued = 0
    for username, kind, process in PAPERS:
        case = connection.execute(WAITING, {"p": process, "k": kind}).scalar()
        if case is None:
            continue
        if username not in at:
            at[username] = app.test_client()
            form = {"username": username, "password": PASSWORD, "csrf_token": _token(at[username], "/login/")}
            at[username].post("/login/", data=form)
        page = f"/case/{case}"
        answer = at[username].post(f"{page}/issue", data={"kind": kind, "csrf_token": _token(at[username], page)})
        if "/issued/" not in answer.headers.get("Location", ""):
            raise RuntimeError(f"{kind}: {answer.status_code} {answer.headers.get('Location', '')}")
        issued += 1
    return issued


def _token(client: FlaskClient, page: str) -> str:
    """The token of a page's form."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(page).get_data(as_text=True))
    return found[1] if found else ""
