"""``make bench``: the product beside Django's admin and a plain Flask-AppBuilder application on the same people, through real HTTP.

All are served by gunicorn with two workers of four threads over one embedded PostgreSQL with fsync on. The peers'
tables are filled from the product's own people, so all list the same names and numbers.
"""

import argparse
import datetime as dt
import json
import os
import platform
import re
import signal
import statistics as st
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VAR = ROOT / "var" / "bench"
os.environ["BIANZHI_VAR"] = str(VAR)
os.environ.pop("DATABASE_URL", None)
sys.path.insert(0, str(ROOT))

import compare
import peers
import psycopg
from peers import PEERS, Peer
from psycopg import sql
from sqlalchemy import create_engine, text

from app.cli import catalogue, demo, deploy, embedded, settings
from app.db import Database, SignInDatabase
from app.domain.id_number import check_digit
from app.ledger import opening
from app.ledger.opening import Batch
from app.ledger.people import PersonFacts, facts_of
from app.workflow import engine

PRODUCT = 8301
COSTED = 300  # approvals of which the processor time is taken
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
    demo.load(people, idle=True)
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
    """The same people in the peers' tables, and as many pending applications; each peer has its own copy."""
    for peer in PEERS:
        drop(peer.database)
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
        ids = [r[0] for r in peer.execute("SELECT id FROM application ORDER BY id")]
    with connect("postgres") as c:
        c.execute("CREATE DATABASE peer_fab TEMPLATE peer")
    return ids


def environment() -> dict[str, str]:
    return {**os.environ, "BENCH_SOCKET": embedded.start(VAR).socket_dir, "BIANZHI_VAR": str(VAR)}


def peer_python() -> str:
    """The peers' own environment, by their own lock with hashes."""
    python, lock = VENV / "bin" / "python", HERE / "requirements.txt"
    if not python.exists() or (VENV / "lock").read_text() != lock.read_text():
        uv = str(ROOT / "var/uv/bin/uv") if (ROOT / "var/uv/bin/uv").exists() else "uv"
        subprocess.run([uv, "venv", "-q", "--clear", str(VENV)], check=True)
        install = [uv, "pip", "install", "-q", "--require-hashes", "-r", str(lock), "--python", str(python)]
        subprocess.run(install, check=True)
        (VENV / "lock").write_text(lock.read_text())
    return str(python)


def gunicorn(python: str, directory: Path, port: int, application: str, page: str = "/health") -> subprocess.Popen:
    """One server, answering."""
    command = [python, "-W", "ignore", "-m", "gunicorn", "-b", f"127.0.0.1:{port}", *peers.OPTIONS, application]
    with (VAR / f"{port}.log").open("w") as log:
        server = subprocess.Popen(command, cwd=directory, env=environment(), stdout=log, stderr=log)
    for _ in range(240):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{page}")
            break
        except OSError:
            time.sleep(0.5)
    return server


def prepare(peer: Peer) -> None:
    """A peer's own tables and users."""
    subprocess.run([peer_python(), *peer.prepare], cwd=peer.directory, env=environment(), check=True)


def serve() -> dict[str, subprocess.Popen]:
    """The product and its peers, by name."""
    out = {"product": gunicorn(sys.executable, ROOT, PRODUCT, "wsgi:create_app()", "/login/")}
    return out | {p.name: gunicorn(peer_python(), p.directory, p.port, p.application) for p in PEERS}


def processor(pids: list[int]) -> float:
    """Processor time of some processes so far, in ms."""
    fields = [Path(f"/proc/{p}/stat").read_text().rsplit(")", 1)[1].split() for p in pids]
    return 1000 * sum(int(f[11]) + int(f[12]) for f in fields) / os.sysconf("SC_CLK_TCK")


def workers(server: subprocess.Popen) -> list[int]:
    """A server's workers."""
    return [int(c) for c in Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()]


def backends(database: str) -> list[int]:
    """The database's processes for one database's clients, this one apart."""
    with connect("postgres") as c:
        return [r[0] for r in c.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s", (database,))]


def approval_cost(servers: dict[str, subprocess.Popen], config: Path) -> dict[str, tuple[float, float]]:
    """Processor time of an approval by one client, in ms: the workers' and the database's, whatever else the machine does."""
    asked, out = json.loads(config.read_text())["servers"], {}
    databases = {p.name: p.database for p in PEERS} | {"product": settings.DATABASE}
    for name, process in servers.items():
        ids = Path(asked[name]["vars"]["app"]["file"]).with_suffix(".last").read_text().split()
        server, route = compare.Server(name, asked[name] | {"vars": {"app": ids}}, 60), asked[name]["routes"]["approve"]
        for _ in range(30):  # each worker's first ones
            server.hit(server.conn(), route)
        app, base, conn = workers(process), backends(databases[name]), server.conn()
        before = processor(app), processor(base)
        done = [server.hit(conn, route) for _ in range(COSTED)]
        assert all(good for _ms, good, _size in done), name
        out[name] = ((processor(app) - before[0]) / COSTED, (processor(base) - before[1]) / COSTED)
    return out


def memory(process: subprocess.Popen) -> float:
    """Mean resident memory of a server's workers, in MB."""
    status = [Path(f"/proc/{c}/status").read_text() for c in workers(process)]
    sizes = [int(re.search(r"VmRSS:\s+(\d+)", s)[1]) / 1024 for s in status]
    return sum(sizes) / len(sizes)


def configuration(cases: list[tuple[int, int]], applications: list[int], rounds: int) -> Path:
    """What compare.py asks of each server."""
    ids = VAR / "product.ids", VAR / "peer.ids"
    for file, pool in zip(ids, ([f"{c}/decide/{t}" for c, t in cases], list(map(str, applications))), strict=True):
        last = COSTED + 50  # kept for the approvals that are costed
        file.write_text("\n".join(pool[:-last]))
        file.with_suffix(".last").write_text("\n".join(pool[-last:]))
    with connect("peer") as c:
        word = c.execute("SELECT name FROM person ORDER BY id LIMIT 1").fetchone()[0]
    config = {
        "limits": {"rounds": rounds, "requests": 20, "seconds": 4, "timeout": 60},
        "clients": {"approve": [1, 8], "people_unit": [1, 8], "people_all": [1, 8]},
        "servers": {
            "django": peers.django_server(ids[1], word),
            "fab": peers.fab_server(ids[1], word),
            "product": peers.product_server(f"http://127.0.0.1:{PRODUCT}", ids[0], word, demo.PASSWORD),
        },
    }
    file = VAR / "compare.json"
    file.write_text(json.dumps(config, ensure_ascii=False, indent=1))
    return file


def as_it_comes(config: Path) -> dict[str, float]:
    """Median seconds of three requests for each page of the plain application without what its documentation advises."""
    fab = json.loads(config.read_text())["servers"]["fab"]
    server, out = compare.Server("fab", fab | {"vars": {}}, 300), {}
    for page, path in peers.AS_IT_COMES.items():
        asked = [server.hit(server.conn(), {"session": "chief", "path": path}) for _ in range(3)]
        assert all(good for _ms, good, _size in asked), page
        out[page] = sorted(ms for ms, _good, _size in asked)[1] / 1000
    return out


def statements() -> dict[str, dict[str, int]]:
    """SQL statements of each page, counted inside each application."""
    scripts = {"product": (sys.executable, "count_product.py")} | {p.name: (peer_python(), p.counter) for p in PEERS}
    out = {}
    for name, (python, script) in scripts.items():
        command = [python, "-W", "ignore", str(HERE / script)]
        done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
        out[name] = json.loads(done.stdout.splitlines()[-1])
    return out


def report(
    lines: list[dict], counts: dict[str, dict[str, int]], rss: dict[str, float],
    cost: dict[str, tuple[float, float]], slow: dict[str, float], people: int, load: tuple[float, float],
) -> str:  # fmt: skip
    """The tables, as Markdown."""
    best = {(r["route"], r["clients"], r["server"]): r for r in lines}
    names = {p.name: p.title for p in PEERS} | {"product": "Product"}
    cpu = next(
        (x.split(":")[1].strip() for x in open("/proc/cpuinfo") if x.startswith("model name")), platform.machine()
    )
    rows = [
        f"# Product beside its peers, {people:,} people", "",
        f"{dt.datetime.now(dt.UTC):%Y-%m-%d}, {os.cpu_count()} processors ({cpu}), Python {platform.python_version()},"
        f" load {load[0]:.1f} before and {load[1]:.1f} after, all with gunicorn 2 × 4, fsync on.",
        "Median and 95th percentile in ms, requests a second (R/s); an approval is one POST.", "",
        "| Page | Clients | " + " | ".join(f"{t} p50 / p95 | R/s" for t in names.values())
        + " | " + " | ".join(f"× {p.title}" for p in PEERS) + " |",
        "|---" * (2 + 2 * len(names) + len(PEERS)) + "|",
    ]  # fmt: skip
    for route, clients in dict.fromkeys((r["route"], r["clients"]) for r in lines):
        rate = {n: st.median(best[route, clients, n]["rps"]) for n in names}
        cells = [
            f"{st.median(r['p50']):.1f} / {r['p95']:.1f} | {rate[n]:.0f}"
            for n, r in ((n, best[route, clients, n]) for n in names)
        ]
        cells += [f"{rate['product'] / rate[p.name]:.2f} ×" for p in PEERS]
        rows.append(f"| {route} | {clients} | " + " | ".join(cells) + " |")
    head = "| | " + " | ".join(names.values()) + " |"
    rows += ["", head.replace("| |", "| SQL statements |", 1), "|---" * (1 + len(names)) + "|"]
    rows += [f"| {k} | " + " | ".join(str(counts[n].get(k, "—")) for n in names) + " |" for k in counts["product"]]
    rows += [
        "",
        head.replace("| |", "| Processor time of an approval, 1 client (ms) |", 1),
        "|---" * (1 + len(names)) + "|",
        "| workers | " + " | ".join(f"{cost[n][0]:.1f}" for n in names) + " |",
        "| database | " + " | ".join(f"{cost[n][1]:.1f}" for n in names) + " |",
        "| together | " + " | ".join(f"{sum(cost[n]):.1f}" for n in names) + " |",
    ]
    rows += ["", head.replace("| |", "| Worker memory (MB) |", 1), "|---" * (1 + len(names)) + "|",
             "| resident, after the run | " + " | ".join(f"{rss[n]:.0f}" for n in names) + " |", "",
             "Flask-AppBuilder as it comes (every unit, every person offered in a list), one client, median: "
             + ", ".join(f"{page} {seconds:.2f} s" for page, seconds in slow.items()) + "."]  # fmt: skip
    return "\n".join(rows) + "\n"


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
    for peer in PEERS:
        prepare(peer)
    servers, before = serve(), os.getloadavg()[1]
    try:
        counts = statements()
        log = VAR / "compare.jsonl"
        log.unlink(missing_ok=True)
        config = configuration(cases, applications, asked.rounds)
        subprocess.run([sys.executable, str(HERE / "compare.py"), str(config), "--json", str(log)], check=True)
        rss = {name: memory(server) for name, server in servers.items()}
        cost, after = approval_cost(servers, config), os.getloadavg()[1]
        slow = as_it_comes(config)
    finally:
        for server in servers.values():
            server.send_signal(signal.SIGTERM)
        for server in servers.values():
            server.wait()
    lines = [json.loads(x) for x in log.read_text().splitlines()]
    table = report(lines, counts, rss, cost, slow, asked.people, (before, after))
    if asked.people >= 100_000:
        results = HERE / "RESULTS.md"  # what was measured otherwise stands below, under headings of its own
        kept = results.read_text(encoding="utf-8").partition("\n## ")
        results.write_text(f"{table}{kept[1]}{kept[2]}", encoding="utf-8")
    print("\n" + table)
    embedded.stop(VAR)


if __name__ == "__main__":
    main()
