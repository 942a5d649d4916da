"""示范账户: who may try the demonstration, under which hats; what each stands for is found by name."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, text

from app.cli import seeds
from app.security import passwords

PASSWORD = "Bianzhi-2026"  # noqa: S105 - the demonstration's, printed at its start


@dataclass(frozen=True, slots=True)
class Stands:
    """What a demonstration account stands for; ``place`` is a unit's name, an office's kind or a region's name."""

    name: str
    kind: str
    label: str
    place: str = ""
    region: str = "440600"


# The districts: the stem of their accounts' names, how people are called there, code.
DISTRICTS = {
    "chancheng": ("禅城", "440604"),
    "nanhai": ("南海", "440605"),
    "shunde": ("顺德", "440606"),
    "gaoming": ("高明", "440608"),
    "sanshui": ("三水", "440607"),
}
PEOPLE = {
    "clerk": Stands("李申报", "unit_clerk", "佛山市教育局 申报员", "佛山市教育局"),
    "clerk2": Stands("陈申报", "unit_clerk", "佛山市财政局 申报员（调出单位）", "佛山市财政局"),
    "clerk3": Stands("冯申报", "unit_clerk", "佛山市第一中学 申报员（事业单位）", "佛山市第一中学"),
    "juzhang": Stands("黄局长", "unit_head", "佛山市财政局 单位负责人", "佛山市财政局"),
    "bianban": Stands("张编办", "office_member", "市委编办 经办人", "establishment"),
    "bianban2": Stands("周复核", "office_member", "市委编办 复核人", "establishment"),
    "bianban3": Stands("吴主任", "office_head", "市委编办 负责人", "establishment"),
    "zuzhi": Stands("王组织", "office_member", "市委组织部 经办人", "organisation"),
    "renshe": Stands("赵人社", "office_member", "市人社局 经办人", "human_resources"),
    "caizheng": Stands("钱财政", "office_member", "市财政局 经办人（经费确认）", "finance"),
    "shebao": Stands("孙社保", "office_member", "市社保局 经办人（参保确认）", "social_insurance"),
    "zhenjie": Stands("梁镇街", "town_officer", "祖庙街道 编制专干（只读）", "祖庙街道"),
    "jijian": Stands("郑监督", "inspector", "全市 纪检监察、审计（只读）", "佛山市"),
    "geren": Stands("本人", "person", "市教育局一名工作人员（本人）", "佛山市教育局"),
    "sysadmin": Stands("系管理", "system_admin", "系统管理员"),
    "secadmin": Stands("安管理", "security_admin", "安全保密管理员"),
    "auditor": Stands("审计员", "auditor", "安全审计员"),
}
FIRST = next(iter(DISTRICTS))
ACCOUNTS = (
    *((username, stands.label) for username, stands in PEOPLE.items()),
    (FIRST, "禅城区 经办人（编办，另有组织部、人社、财政、社保身份）"),
    (f"{FIRST}2", "禅城区委编办 负责人"),
    (f"{FIRST}_clerk", "禅城区教育局 申报员"),
    ("nanhai …", "南海 nanhai、顺德 shunde、高明 gaoming、三水 sanshui：各有同样三个账户"),
)
# The column an account's place goes to, and how that is found by name.
PLACES = {
    "unit_clerk": ("unit_id", "SELECT id FROM unit WHERE name = :place"),
    "unit_head": ("unit_id", "SELECT id FROM unit WHERE name = :place"),
    "office_head": ("office_id", "SELECT id FROM office WHERE kind = :place AND region_code = :region"),
    "office_member": ("office_id", "SELECT id FROM office WHERE kind = :place AND region_code = :region"),
    "town_officer": ("region_code", "SELECT code FROM region WHERE name = :place"),
    "inspector": ("region_code", "SELECT code FROM region WHERE name = :place"),
    "person": (
        "person_id",
        "SELECT p.id FROM person p JOIN unit u ON u.id = p.unit_id WHERE u.name = :place ORDER BY p.id LIMIT 1",
    ),
}


def hats() -> Iterator[tuple[str, Stands]]:
    """Every hat of the demonstration with its user, the one that a sign-in begins with first."""
    yield from PEOPLE.items()
    for stem, (name, code) in DISTRICTS.items():
        for kind in seeds.OFFICES:  # one person answers for all offices of a district, under one hat at a time
            yield stem, Stands(f"{name}经办", "office_member", "", kind, code)
        yield f"{stem}2", Stands(f"{name}主任", "office_head", "", "establishment", code)
        yield f"{stem}_clerk", Stands(f"{name}申报", "unit_clerk", "", f"{name}区教育局", code)


def accounts(connection: Connection) -> None:
    """The users and their hats; what a city lacks (a small one without a district's bureau) has no account."""
    password = passwords.hashed(PASSWORD)
    for username, stands in hats():
        column, query = PLACES.get(stands.kind, ("unit_id", None))
        place = None
        if query:
            place = connection.execute(text(query), {"place": stands.place, "region": stands.region}).scalar()
            if place is None:
                continue
        user = seeds.ensure_user(connection, username, stands.name, password)
        connection.execute(
            text(
                f"INSERT INTO account (user_id, kind, {column}, started_on) SELECT :u, :k, :place, DATE '2024-01-01'"
                f" WHERE NOT EXISTS (SELECT 1 FROM account WHERE user_id = :u AND kind = :k AND {column} IS NOT DISTINCT FROM :place)"
            ),
            {"u": user, "k": stands.kind, "place": place},
        )
