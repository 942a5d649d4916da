"""Everybody who may ask, and what each may reach: one own object of each kind, one of somebody else's, one that is not."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import text

from tests.security.conftest import Client
from tests.world import Body, World, person

CITY, DISTRICT = "440600", "440604"
ABSENT = 99_000_000
# Each name here stands at the head of a side's people: what of it is seen tells whose rows came through.
SIDES = {"市局": "甲", "校方": "乙", "区局": "丙", "区校": "丁", "镇府": "戊", "暗局": "己"}


@dataclass(frozen=True, slots=True)
class Role:
    """Who asks: the matrix's role, the own side and a foreign one."""

    username: str
    role: str
    own: str
    foreign: str


ROLES = (
    Role("stranger", "", "市局", "暗局"),
    Role("clerk", "unit", "市局", "区局"),
    Role("head", "unit", "市局", "区局"),
    Role("bianban", "office", "市局", "暗局"),
    Role("zuzhi", "office", "市局", "暗局"),
    Role("renshe", "office", "校方", "暗局"),
    Role("qu-bianban", "office", "区局", "市局"),
    Role("qu-zuzhi", "office", "区局", "市局"),
    Role("qu-renshe", "office", "区校", "校方"),
    Role("caizheng", "reader", "市局", "暗局"),
    Role("shebao", "reader", "市局", "暗局"),
    Role("zhen", "reader", "镇府", "区局"),
    Role("zhuguan", "supervisor", "市局", "区局"),
    Role("jijian", "reader", "区局", "市局"),
    Role("geren", "person", "市局", "区局"),
    Role("xitong", "system_admin", "市局", "暗局"),
    Role("anquan", "security_admin", "市局", "暗局"),
    Role("shenji", "auditor", "市局", "暗局"),
)
# Nobody has brought a list in here; with rows: tests/exchange/payroll/test_pages.py.
LISTED = ("batch_id", "difference_id")
ROSTER = ("round_id", "verification_id", "mark_id")
REFORM = ("reform_id", "variant_id", "step_id")
BY_NAME = {r.username: r for r in ROLES}


@dataclass
class Cast:
    """The city with its people: a body of each side with a running case."""

    bodies: dict[str, Body]
    cases: dict[str, int]
    tasks: dict[str, dict[str, int]]
    intakes: dict[str, int]
    files: dict[str, int]
    notices: dict[str, dict[str, int]]
    rosters: dict[str, dict[str, int]]
    reforms: dict[str, dict[str, int]]
    alarms: dict[str, int]
    shared: dict[str, int]

    def ids(self, role: Role, which: str) -> dict[str, int]:
        """Numbers for a route's arguments: of the own side, of the foreign one, or of nothing."""
        if which == "absent":
            return dict.fromkeys(
                (
                    "unit_id",
                    "case_id",
                    "task_id",
                    "person_id",
                    "intake_id",
                    "file_id",
                    "paper_id",
                    "notice_id",
                    "alarm_id",
                    "meeting_id",
                    *LISTED,
                    *ROSTER,
                    *REFORM,
                    *self.shared,
                ),
                ABSENT,
            )
        side = role.own if which == "own" else role.foreign
        tasks = self.tasks[side]
        kind = "establishment" if "bianban" in role.username else "personnel"
        return {
            "unit_id": self.bodies[side].id,
            "meeting_id": ABSENT,  # held in tests/workflow/test_commission.py
            "person_id": self.bodies[side].people[0],
            "case_id": self.cases[side],
            "task_id": tasks[kind],
            "intake_id": self.intakes.get(side, ABSENT),
            "file_id": self.files[side],
            "paper_id": ABSENT,
            **dict.fromkeys(LISTED, ABSENT),
            "notice_id": self.notices[side][kind],
            "alarm_id": self.alarms[side],
            **self.rosters[side],
            # A reform is its office's: to the city, a district's is a foreign one too.
            **self.reforms["qu-bianban" if ("qu" in role.username) == (which == "own") else "bianban"],
            **self.shared,
        }


def draft(world: World) -> int:
    """A draft of a definition, written by a system administrator."""
    with world.owner.begin() as connection:
        return int(
            connection.execute(
                text("INSERT INTO process_draft (process, based_on, definition, edited_by) SELECT v.process, v.id,"
                     " v.definition, u.id FROM process_version v, ab_user u WHERE v.process = 'recruit'"
                     " AND u.username = 'xitong' LIMIT 1 RETURNING id")
            ).scalar_one()
        )  # fmt: skip


def build(world: World) -> Cast:
    """Open the bodies, begin their cases, name the accounts."""
    town = world.value("SELECT code FROM region WHERE kind = 'town' AND parent_code = :d ORDER BY code LIMIT 1",
                       d=DISTRICT)  # fmt: skip
    bodies: dict[str, Body] = {}
    for side, region, kind, category in (
        ("市局", CITY, "organ", "11"), ("校方", CITY, "institution", "22"), ("区局", DISTRICT, "organ", "11"),
        ("区校", DISTRICT, "institution", "22"), ("镇府", town, "organ", "11"), ("暗局", CITY, "organ", "11"),
    ):  # fmt: skip
        mark = SIDES[side]
        bodies[side] = world.body(f"{side}{mark}{mark}", region=region, kind=kind, quotas={category: 5},
                                  people={category: 2}, departments=(f"{mark}{mark}科",))  # fmt: skip
    cases = {s: world.recruit(b, facts=person(f"{SIDES[s]}{SIDES[s]}新")) for s, b in bodies.items()}
    tasks = {s: {k: world.task(c, k) for k in ("establishment", "personnel")} for s, c in cases.items()}
    with world.superuser.begin() as connection:
        connection.execute(text("UPDATE unit SET not_networked = true WHERE id = :u"), {"u": bodies["暗局"].id})
    accounts(world, bodies, town)
    files = {side: attachment(world, case) for side, case in cases.items()}
    intakes = {}
    with world.owner.begin() as connection:
        for side, region in (("市局", CITY), ("区局", DISTRICT)):
            intakes[side] = int(
                connection.execute(
                    text("INSERT INTO intake (file_name, file_hash, state, office_id, report, loaded_by, scope_path)"
                         " SELECT 'x.xlsx', :r, 'rejected', o.id, jsonb_build_object('errors', cast('[]' AS jsonb)), u.id, r.prefix FROM office o, ab_user u, region r"
                         " WHERE o.kind = 'establishment' AND o.region_code = :r AND r.code = :r"
                         " AND u.username = 'bianban' RETURNING id"), {"r": region},
                ).scalar_one()
            )  # fmt: skip
    shared = {
        "user_id": world.value("SELECT id FROM ab_user WHERE username = 'clerk'"),
        "account_id": world.value("SELECT a.id FROM account a JOIN ab_user u ON u.id = a.user_id"
                                  " WHERE u.username = 'caizheng'"),
        "request_id": 1,
        "rule_id": 1,
        "draft_id": draft(world),
        "event_id": world.value("SELECT min(id) FROM audit_event"),
        "seal_id": 1,
    }  # fmt: skip
    notices = {
        s: {k: world.value("SELECT min(id) FROM notice WHERE task_id = :t", t=t) for k, t in of.items()}
        for s, of in tasks.items()
    }
    return Cast(
        bodies,
        cases,
        tasks,
        intakes,
        files,
        notices,
        rosters(world, bodies),
        reforms(world),
        alarms(world, bodies),
        shared,
    )


def alarms(world: World, bodies: dict[str, Body]) -> dict[str, int]:
    """An open alarm of each body."""
    raised = "SELECT k_alarm_raise('AL40', 'unit:' || cast(:u AS bigint), '{}', :s, :u)"
    with world.owner.begin() as c:
        return {
            side: c.execute(text(raised), {"u": b.id, "s": b.scope_path}).scalar_one() for side, b in bodies.items()
        }


def reforms(world: World) -> dict[str, dict[str, int]]:
    """A reform of the city's and of the district's establishment office, with a variant of one step."""
    out = {}
    for name in ("bianban", "qu-bianban"):
        with world.database.transaction(world.identity(name)) as s:
            reform = s.execute(text("SELECT reform_begin('甲改革')")).scalar_one()
            variant = s.execute(text("SELECT id FROM reform_variant WHERE reform_id = :r"), {"r": reform}).scalar_one()
            put = "SELECT reform_step_put(:v, NULL, 'open_unit', CAST('{\"name\": \"乙局\"}' AS jsonb), 1, '')"
            step = s.execute(text(put), {"v": variant}).scalar_one()
        out[name] = dict(zip(REFORM, (reform, variant, step), strict=True))
    return out


def rosters(world: World, bodies: dict[str, Body]) -> dict[str, dict[str, int]]:
    """A year's verification of each body, with a difference marked, in the round of its city or district."""
    out: dict[str, dict[str, int]] = {}
    with world.superuser.begin() as connection:
        for side, body in bodies.items():
            region = CITY if body.scope_path.startswith(CITY) else DISTRICT
            made = connection.execute(
                text("WITH r AS (INSERT INTO verification_round (year, region_code, office_id, due_on, units, opened_by)"
                     " SELECT 2025, :r, id, kernel_today(), 1, 1 FROM office WHERE kind = 'establishment' AND region_code = :r"
                     " ON CONFLICT (region_code, year) DO UPDATE SET units = verification_round.units + 1 RETURNING id),"
                     " v AS (INSERT INTO verification (round_id, unit_id, year, due_on, scope_path)"
                     " SELECT r.id, :u, 2025, kernel_today(), :s FROM r RETURNING id, round_id),"
                     " m AS (INSERT INTO verification_mark (verification_id, person_id, person_name, kind, marked_by, scope_path)"
                     " SELECT v.id, p.id, p.name, 'left', 1, :s FROM v, person p WHERE p.id = :p RETURNING id)"
                     " SELECT v.round_id, v.id, m.id FROM v, m"),
                {"r": region, "u": body.id, "s": body.scope_path, "p": body.people[0]},
            ).one()  # fmt: skip
            out[side] = dict(zip(ROSTER, made, strict=True))
    out["暗局"]["round_id"] = ABSENT  # the city's own round is not somebody else's
    return out


def attachment(world: World, case_id: int) -> int:
    """A file's row; its content lies in no store."""
    with world.owner.begin() as connection:
        return int(
            connection.execute(
                text("INSERT INTO attachment (application_id, paper, name, kind, size, sha256, scanned, uploaded_by, scope_path)"
                     " SELECT id, '', person_name || '.pdf', 'pdf', 9, sha256(person_name::bytea), false, created_by, scope_path"
                     " FROM application WHERE id = :c RETURNING id"), {"c": case_id},
            ).scalar_one()
        )  # fmt: skip


def accounts(world: World, bodies: dict[str, Body], town: str) -> None:
    """Everybody of ``ROLES``, each with one account."""
    unit = bodies["市局"].id
    for username, kind in (("clerk", "unit_clerk"), ("head", "unit_head"), ("zhuguan", "supervisor")):
        world.account(username, kind, unit=unit)
    for username, office, region in (
        ("bianban", "establishment", CITY), ("zuzhi", "organisation", CITY), ("renshe", "human_resources", CITY),
        ("caizheng", "finance", CITY), ("shebao", "social_insurance", CITY), ("qu-bianban", "establishment", DISTRICT),
        ("qu-zuzhi", "organisation", DISTRICT), ("qu-renshe", "human_resources", DISTRICT),
    ):  # fmt: skip
        world.account(username, "office_member", office=(office, region))
    world.account("zhen", "town_officer", region=town)
    world.account("jijian", "inspector", region=DISTRICT)
    world.account("geren", "person", person_id=bodies["市局"].people[0])
    for username, kind in (("xitong", "system_admin"), ("anquan", "security_admin"), ("shenji", "auditor")):
        world.account(username, kind)


def browser(app: Flask, world: World, username: str) -> Client:
    """A browser with an open session, made without the cost of a password; a stranger's has none."""
    made = Client(app.test_client())
    if username == "stranger":
        made.get("/login/")
        return made
    who = world.value("SELECT id FROM ab_user WHERE username = :u", u=username)
    with made.client.session_transaction() as kept:
        kept["token"], kept["_user_id"], kept["_fresh"] = world.identity(username).token, str(who), True
    made.get("/account/")
    return made


def foreign_marks(role: Role) -> Iterator[str]:
    """Words that stand on no answer to this role."""
    mark = SIDES[role.foreign] * 2
    yield from (f"{mark}0", f"{mark}1", f"{mark}新", f"{mark}科")


ARGUMENTS: dict[str, Any] = {
    "process": "recruit", "source": "payroll", "figure": "people", "act": "propose", "name": "people", "kind": "close_unit", "region": CITY, "locale": "en", "filename": "x", "form": "csv",
}  # fmt: skip
