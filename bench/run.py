"""``make bench``: the product beside Django's admin on the same people, through real HTTP.

Both are served by gunicorn with two workers of four threads over one embedded PostgreSQL with fsync on. The peer's
tables are filled from the product's own people, so both list the same names and numbers.
"""

import argparse
import datetime as dt
import json
import os
import platform
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[1]
VAR = ROOT / "var" / "bench"
os.environ["BIANZHI_VAR"] = str(VAR)
os.environ.pop("DATABASE_URL", None)
sys.path.insert(0, str(ROOT))

import psycopg
from psycopg import sql
from sqlalchemy import create_engine, text

from app.cli import catalogue, demo, deploy, embedded, settings
from app.db import Database, SignInDatabase
from app.domain.id_number import check_digit
from app.ledger import opening
from app.ledger.opening import Batch
from app.ledger.people import PersonFacts, facts_of
from app.workflow import engine

PRODUCT, PEER = 8301, 8302
PASSWORD = "bench-pass-1"
VENV = VAR / "venv"
HERE = Path(__file__).parent


def connect(database: str) -> psycopg.Connection:
    return psycopg.connect(f"host={embedded.start(VAR).socket_dir} user=postgres dbname={database}", autocommit=True)


def drop(name: str) -> None:
    with connect("postgres") as c:
        c.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def load_product(people: int, pending: int) -> list[tuple[int, int]]:
    """The demonstration city, and a bureau with as many pending recruitments as vacant seats."""
    drop(settings.DATABASE)
    (VAR / "demo").unlink(missing_ok=True)
    settings.prepare()
    deploy.upgrade(settings.owner_url())
    demo.load(people)
    database, signin = Database(settings.app_url()), SignInDatabase(settings.signin_url())
    batch = Batch("440600")
    body = {"region": "440600", "body": "organ", "start": "2015-01-01", "nature": "党政机关", "category": "34"}
    batch.units.append({**body, "key": "u", "node": "legal", "name": "测速局"})
    batch.lines.append(
        {"key": "l", "unit_key": "u", "kind": "establishment", "category": "11", "funding": "1", "structure": "none",
         "authorised": pending, "document_no": "1", "issuer": "1", "start": "2015-01-01"}
    )  # fmt: skip
    with database.transaction(signin.open_service("svc-opening")) as s:
        unit = int(opening.enter(s, batch, note="bench")["unit"])
    owner = create_engine(settings.owner_url())
    with owner.begin() as c:
        from app.cli import seeds

        user = seeds.ensure_user(c, "bench", "测速员", None)
        c.execute(
            text(
                "INSERT INTO account (user_id, kind, unit_id, started_on) VALUES (:u, 'unit_clerk', :n, DATE '2020-01-01')"
            ),
            {"u": user, "n": unit},
        )
        scope = c.execute(text("SELECT scope_path FROM unit WHERE id = :u"), {"u": unit}).scalar_one()
        line = c.execute(text("SELECT id FROM quota_line WHERE unit_id = :u"), {"u": unit}).scalar_one()
    who, keys, cases = signin.open_session(user), settings.key_ring(), []
    for n in range(pending):
        born = dt.date(1990, 1, 1) + dt.timedelta(days=n // 400)
        number = f"440697{born:%Y%m%d}{n % 400 * 2:03d}"
        person = PersonFacts(
            name=f"候选{n}", id_number=number + check_digit(number), sex="2", birth_on=born, entry_way="2"
        )
        with database.transaction(who) as s:
            case = engine.draft(s, process="recruit", unit_id=unit, scope_path=scope, form={})
            facts = {**facts_of(person, keys), "line": line, "department": None}
            engine.submit(s, case.id, facts=facts, person_id=None, person_name=person.name, effective_on=None)
            cases.append(case.id)
    with owner.begin() as c:
        rows = c.execute(
            text("SELECT application_id, id FROM task WHERE code = 'establishment' AND state = 'open' ORDER BY id")
        ).all()
        c.execute(text("ANALYZE"))
    return [(r.application_id, r.id) for r in rows]


def load_peer(pending: int) -> list[int]:
    """The same people in the peer's tables, and as many pending applications."""
    drop("peer")
    with connect("postgres") as c:
        c.execute("CREATE DATABASE peer")
    keys = settings.key_ring()
    with connect("peer") as peer, connect(settings.DATABASE) as own:
        peer.execute((HERE / "peer_django/schema.sql").read_text())
        peer.execute("INSERT INTO region SELECT 1, NULL, '佛山市'")
        copies = (
            ("unit(id, region_id, parent_id, name, kind)",
             "SELECT id, 1, NULL, name, nature FROM unit WHERE node = 'legal' ORDER BY id"),
            ("slot(id, unit_id, category, number, status)",
             "SELECT p.id, p.unit_id, l.category, l.id || '-' || p.number, CASE p.status WHEN 'occupied' THEN 'filled'"
             " ELSE 'vacant' END FROM post p JOIN quota_line l ON l.id = p.line_id WHERE l.kind = 'establishment'"
             " AND p.status <> 'abolished' ORDER BY p.id"),
        )  # fmt: skip
        for target, query in copies:
            with own.cursor() as source, peer.cursor() as sink, sink.copy(f"COPY {target} FROM STDIN") as copy:
                for row in source.execute(query):
                    copy.write_row(row)
        columns = (
            "id, unit_id, name, national_id, sex, birth_date, ethnicity, political, education, degree, category, rank,"
            " post, joined_on, entered_on, entry_mode, phone, status"
        )
        with own.cursor() as source, peer.cursor() as sink, sink.copy(f"COPY person({columns}) FROM STDIN") as copy:
            for r in source.execute(
                "SELECT p.id, p.unit_id, p.name, p.id_cipher, p.sex, p.birth_on, p.education, p.rank, p.work_started_on"
                " FROM person p WHERE p.unit_id IS NOT NULL ORDER BY p.id"
            ):
                number = keys.decrypt("resident", bytes(r[3]))
                copy.write_row((r[0], r[1], r[2], number, r[4], r[5], "汉族", "群众", r[6] or "", None, "行政编制",
                                r[7] or "", "综合岗", r[8] or r[5], r[8], "考录", None, "在编"))  # fmt: skip
        with (
            own.cursor() as source,
            peer.cursor() as sink,
            sink.copy("COPY occupancy(slot_id, person_id, since) FROM STDIN") as copy,
        ):
            for r in source.execute(
                "SELECT post_id, person_id, started_on FROM occupancy WHERE kind = 'establishment'"
                " AND recorded_to IS NULL AND ended_on IS NULL ORDER BY id"
            ):
                copy.write_row(r)
        peer.execute("SELECT setval(pg_get_serial_sequence('person', 'id'), (SELECT max(id) FROM person))")
        unit = peer.execute("SELECT id FROM unit WHERE name = '测速局'").fetchone()[0]
        peer.execute(
            f"INSERT INTO person({columns.removeprefix('id, ')}) SELECT %s, '候选' || n, lpad(n::text, 18, '0'), '女',"
            " DATE '1990-01-01', '汉族', '群众', '', NULL, '11', '', '', DATE '2015-01-01', NULL, '考录', NULL, '待入编'"
            " FROM generate_series(1, %s) n",
            (unit, pending),
        )
        peer.execute(
            "INSERT INTO application(kind, unit_id, person_id, category, status, created_at) SELECT '入编', unit_id, id,"
            " '11', 'pending', now() FROM person WHERE status = '待入编' ORDER BY id"
        )
        peer.execute(
            "INSERT INTO task(application_id, department, status, due) SELECT id, '编办', 'open', now() FROM application"
        )
        peer.execute("SELECT setval(pg_get_serial_sequence('slot', 'id'), (SELECT max(id) FROM slot))")
        peer.execute((HERE / "peer_django/indexes.sql").read_text())
        peer.execute("VACUUM ANALYZE")
        return [r[0] for r in peer.execute("SELECT id FROM application ORDER BY id")]


def environment() -> dict[str, str]:
    return {**os.environ, "BENCH_SOCKET": embedded.start(VAR).socket_dir, "BIANZHI_VAR": str(VAR)}


def peer_python() -> str:
    """The peer's own environment, by its own lock with hashes."""
    python = VENV / "bin" / "python"
    if not python.exists():
        uv = str(ROOT / "var/uv/bin/uv") if (ROOT / "var/uv/bin/uv").exists() else "uv"
        subprocess.run([uv, "venv", "-q", str(VENV)], check=True)
        subprocess.run(
            [
                uv,
                "pip",
                "install",
                "-q",
                "--require-hashes",
                "-r",
                str(HERE / "requirements.txt"),
                "--python",
                str(python),
            ],
            check=True,
        )
    return str(python)


def serve() -> list[subprocess.Popen]:
    options = ["-w", "2", "--threads", "4", "--log-level", "warning"]
    own = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "gunicorn", "-b", f"127.0.0.1:{PRODUCT}", *options, "wsgi:create_app()"],
        cwd=ROOT, env=environment(),
    )  # fmt: skip
    peer = subprocess.Popen(
        [peer_python(), "-m", "gunicorn", "-b", f"127.0.0.1:{PEER}", *options, "wsgi"],
        cwd=HERE / "peer_django", env=environment(),
    )  # fmt: skip
    for port, path in ((PRODUCT, "/login/"), (PEER, "/health")):
        for _ in range(120):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}{path}")
                break
            except OSError:
                time.sleep(0.5)
    return [own, peer]


def memory(process: subprocess.Popen) -> float:
    """Mean resident memory of a server's workers, in MB."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    sizes = [int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{c}/status").read_text())[1]) / 1024 for c in children]
    return sum(sizes) / len(sizes)


def configuration(cases: list[tuple[int, int]], applications: list[int], rounds: int) -> Path:
    """What compare.py asks of each server."""
    (VAR / "product.ids").write_text("\n".join(f"{c}/decide/{t}" for c, t in cases))
    (VAR / "peer.ids").write_text("\n".join(map(str, applications)))
    token, middleware = 'name="csrf_token"[^>]*value="([^"]+)"', 'name="csrfmiddlewaretoken" value="([^"]+)"'

    def login(path: str, field: str, user: str, password: str, pattern: str, page: str) -> dict[str, object]:
        return {"path": path, "user_field": "username", "password_field": "password", "user": user,
                "password": password, "csrf_field": field, "csrf_re": pattern, "ok_status": [302], "csrf_page": page}  # fmt: skip

    ours = {u: login("/login/", "csrf_token", u, demo.PASSWORD, token, "/") for u in ("clerk", "bianban")}
    admin = "/admin/core"
    theirs = {
        u: login("/admin/login/", "csrfmiddlewaretoken", u, PASSWORD, middleware, "/admin/password_change/")
        for u in ("chief", "clerk")
    }
    with connect("peer") as c:
        word = c.execute("SELECT name FROM person ORDER BY id LIMIT 1").fetchone()[0]
    config = {
        "limits": {"rounds": rounds, "requests": 20, "seconds": 4, "timeout": 60},
        "clients": {"approve": [1, 8], "people_unit": [1, 8], "people_all": [1, 8]},
        "servers": {
            "django": {
                "base": f"http://127.0.0.1:{PEER}", "sessions": theirs, "vars": {"app": {"file": str(VAR / "peer.ids")}},
                "routes": {
                    "people_unit": {"session": "clerk", "path": f"{admin}/person/"},
                    "people_all": {"session": "chief", "path": f"{admin}/person/"},
                    "people_search": {"session": "chief", "path": f"{admin}/person/?q={quote(word)}"},
                    "application_form": {"session": "clerk", "path": f"{admin}/application/add/"},
                    "approve": {"session": "chief", "method": "POST", "path": "/approve/{app}/",
                                "form": {"x": "1"}, "csrf_header": "X-CSRFToken", "expect": 200},
                },
            },
            "product": {
                "base": f"http://127.0.0.1:{PRODUCT}", "sessions": ours,
                "vars": {"app": {"file": str(VAR / "product.ids")}},
                "routes": {
                    "people_unit": {"session": "clerk", "path": "/list/people"},
                    "people_all": {"session": "bianban", "path": "/list/people"},
                    "people_search": {"session": "bianban", "path": f"/list/people?q={quote(word)}"},
                    "application_form": {"session": "clerk", "path": "/case/new/recruit"},
                    "approve": {"session": "bianban", "method": "POST", "path": "/case/{app}", "expect": 302,
                                "form": {"csrf_token": "{csrf}", "decision": "approve", "opinion": ""}},
                },
            },
        },
    }  # fmt: skip
    file = VAR / "compare.json"
    file.write_text(json.dumps(config, ensure_ascii=False, indent=1))
    return file


def statements() -> dict[str, dict[str, int]]:
    """SQL statements of each page, counted inside each application."""
    out = {}
    for name, python, script in (
        ("product", sys.executable, HERE / "count_product.py"), ("django", peer_python(), HERE / "count_django.py")
    ):  # fmt: skip
        done = subprocess.run(
            [python, "-W", "ignore", str(script)], env=environment(), capture_output=True, text=True, check=True
        )
        out[name] = json.loads(done.stdout.splitlines()[-1])
    return out


def report(lines: list[dict], counts: dict[str, dict[str, int]], rss: dict[str, float], people: int) -> str:
    """The table, as Markdown."""
    best = {(r["route"], r["clients"], r["server"]): r for r in lines}
    head = f"# Product beside Django's admin, {people:,} people\n\n"
    cpu = next(
        (x.split(":")[1].strip() for x in open("/proc/cpuinfo") if x.startswith("model name")), platform.machine()
    )
    head += f"{os.cpu_count()} cores ({cpu}), Python {platform.python_version()}, both with gunicorn 2 × 4, fsync on.\n"
    head += (
        "Median and 95th percentile in ms; requests a second. An approval of ours is one office's decision with its\n"
    )
    head += "reservation, chain entry and timeline; the peer's is its approve view with one audit row.\n\n"
    rows = [
        "| Page | Clients | Django p50 / p95 | Product p50 / p95 | Django req/s | Product req/s | Product is |",
        "|---|---|---|---|---|---|---|",
    ]
    import statistics as st

    for route, clients in dict.fromkeys((r["route"], r["clients"]) for r in lines):
        a, b = best[route, clients, "django"], best[route, clients, "product"]
        rate = (st.median(a["rps"]), st.median(b["rps"]))
        rows.append(
            f"| {route} | {clients} | {st.median(a['p50']):.1f} / {a['p95']:.1f} | {st.median(b['p50']):.1f} / {b['p95']:.1f}"
            f" | {rate[0]:.0f} | {rate[1]:.0f} | {rate[1] / rate[0]:.2f} × |"
        )
    rows += ["", "| SQL statements | Django | Product |", "|---|---|---|"]
    rows += [f"| {k} | {counts['django'].get(k, '—')} | {counts['product'][k]} |" for k in counts["product"]]
    rows += ["", "| Worker memory (MB) | Django | Product |", "|---|---|---|",
             f"| resident, after the run | {rss['django']:.0f} | {rss['product']:.0f} |"]  # fmt: skip
    return head + "\n".join(rows) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=120_000)
    parser.add_argument("--pending", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    VAR.mkdir(parents=True, exist_ok=True)
    catalogue.compile_all()
    begun = time.time()
    cases = load_product(asked.people, asked.pending)
    print(f"product loaded in {time.time() - begun:.0f} s")
    applications = load_peer(asked.pending)
    subprocess.run([peer_python(), "init_users.py"], cwd=HERE / "peer_django", env=environment(), check=True)
    servers = serve()
    try:
        counts = statements()
        log = VAR / "compare.jsonl"
        log.unlink(missing_ok=True)
        config = configuration(cases, applications, asked.rounds)
        subprocess.run([sys.executable, str(HERE / "compare.py"), str(config), "--json", str(log)], check=True)
        rss = {"product": memory(servers[0]), "django": memory(servers[1])}
    finally:
        for server in servers:
            server.send_signal(signal.SIGTERM)
        for server in servers:
            server.wait()
    table = report([json.loads(x) for x in log.read_text().splitlines()], counts, rss, asked.people)
    if asked.people >= 100_000:
        (HERE / "RESULTS.md").write_text(table, encoding="utf-8")
    print("\n" + table)
    embedded.stop(VAR)


if __name__ == "__main__":
    main()
