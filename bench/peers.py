"""The peers: what each is called, how it is prepared and served, and which address answers for each page."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

HERE = Path(__file__).parent
PASSWORD = "bench-pass-1"
# gunicorn's settings, the product's own too.
OPTIONS = ["-w", "2", "--threads", "4", "--log-level", "warning"]
SEARCHED = "张"  # where statements are counted
FIELD = 'name="csrf_token"[^>]*value="([^"]+)"'


@dataclass(frozen=True)
class Peer:
    """One peer beside the product: its directory, database, port, application and the script that counts its statements."""

    name: str
    title: str
    directory: Path
    database: str
    port: int
    application: str
    counter: str
    prepare: list[str]

    @property
    def base(self) -> str:
        """Where it is served."""
        return f"http://127.0.0.1:{self.port}"


DJANGO = Peer(
    "django", "Django admin", HERE / "peer_django", "peer", 8302, "wsgi", "count_django.py", ["init_users.py"]
)
FAB = Peer(
    "fab", "Flask-AppBuilder", HERE / "peer_fab", "peer_fab", 8303, "app:create_app()", "count_fab.py",
    ["-c", "import os; os.environ['BENCH_INIT'] = '1'; import app; app.create_app()"],
)  # fmt: skip
PEERS = (DJANGO, FAB)


def pages(server: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """The pages that are read, of what compare.py asks of a server: who asks for each, and where."""
    return {n: (r["session"], r["path"]) for n, r in server["routes"].items() if "method" not in r}


def login(path: str, field: str, user: str, password: str, pattern: str, **more: object) -> dict[str, object]:
    """One session of compare.py: a form with a token."""
    return {"path": path, "user_field": "username", "password_field": "password", "user": user, "password": password,
            "csrf_field": field, "csrf_re": pattern, "ok_status": [302], **more}  # fmt: skip


def django_server(ids: Path, word: str) -> dict[str, object]:
    """What compare.py asks of Django's admin."""
    admin, token = "/admin/core", 'name="csrfmiddlewaretoken" value="([^"]+)"'
    return {
        "base": DJANGO.base,
        "vars": {"app": {"file": str(ids)}},
        "sessions": {
            u: login("/admin/login/", "csrfmiddlewaretoken", u, PASSWORD, token, csrf_page="/admin/password_change/")
            for u in ("chief", "clerk")
        },
        "routes": {
            "people_unit": {"session": "clerk", "path": f"{admin}/person/"},
            "people_all": {"session": "chief", "path": f"{admin}/person/"},
            "people_search": {"session": "chief", "path": f"{admin}/person/?q={quote(word)}"},
            "application_form": {"session": "clerk", "path": f"{admin}/application/add/"},
            "approve": {"session": "chief", "method": "POST", "path": "/approve/{app}/", "form": {"x": "1"},
                        "csrf_header": "X-CSRFToken", "expect": 200},
        },
    }  # fmt: skip


def fab_server(ids: Path, word: str) -> dict[str, object]:
    """What compare.py asks of the plain Flask-AppBuilder application; its action wants no token, as it comes."""
    return {
        "base": FAB.base,
        "vars": {"app": {"file": str(ids)}},
        "sessions": {u: login("/login/", "csrf_token", u, PASSWORD, FIELD) for u in ("chief", "clerk")},
        "routes": {
            "people_unit": {"session": "clerk", "path": "/ownpersonview/list/"},
            "people_all": {"session": "chief", "path": "/personview/list/"},
            "people_search": {"session": "chief", "path": f"/personview/list/?_flt_2_name={quote(word)}"},
            "application_form": {"session": "clerk", "path": "/applicationview/add"},
            "approve": {"session": "chief", "method": "POST", "path": "/applicationview/action_post", "expect": 302,
                        "form": {"action": "approve", "rowid": "{app}"}},
        },
    }  # fmt: skip


# The same two pages of the plain application as they come, without search columns and without a select by AJAX: each
# offers every unit, or every person, in a list. Asked a few times only, after everything else.
AS_IT_COMES = {"people_all": "/stockpersonview/list/", "application_form": "/stockapplicationview/add"}


def product_server(base: str, ids: Path, word: str, password: str) -> dict[str, object]:
    """What compare.py asks of the product."""
    return {
        "base": base,
        "vars": {"app": {"file": str(ids)}},
        "sessions": {
            u: login("/login/", "csrf_token", u, password, FIELD, csrf_page="/") for u in ("clerk", "bianban")
        },
        "routes": {
            "people_unit": {"session": "clerk", "path": "/list/people"},
            "people_all": {"session": "bianban", "path": "/list/people"},
            "people_search": {"session": "bianban", "path": f"/list/people?q={quote(word)}"},
            "application_form": {"session": "clerk", "path": "/case/new/recruit"},
            "approve": {"session": "bianban", "method": "POST", "path": "/case/{app}", "expect": 302,
                        "form": {"csrf_token": "{csrf}", "decision": "approve", "opinion": ""}},
        },
    }  # fmt: skip
