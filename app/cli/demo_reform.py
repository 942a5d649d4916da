"""示范城市的改革方案: the district's large departments of 2009, drafted over the bodies that the demonstration has."""

import json

from sqlalchemy import Connection, text

from app.cli import settings
from app.domain.workdays import city_today

DISTRICT = "顺德区"
# What is merged into what, and the name that the body then bears (after 顺德 2009).
LARGE = {
    "委办公室": ("", "人民政府办公室"),
    "委宣传部": ("", "文化广电旅游体育局"),
    "委政法委员会": ("", "司法局"),
    "委统战部": ("委社会工作部", "民政局"),
    "发展和改革局": ("发展规划和统计局", "统计局"),
    "工业和信息化局": ("经济促进局", "科学技术局", "农业农村局", "商务局"),
    "人力资源和社会保障局": ("", "医疗保障局"),
    "自然资源局": ("国土城建和水利局", "住房和城乡建设局", "水利局"),
    "市场监督管理局": ("市场安全监管局", "应急管理局"),
    "生态环境局": ("环境运输和城市管理局", "交通运输局"),
}
FEW = ("委统战部", "发展和改革局", "市场监督管理局")


def reforms(connection: Connection) -> None:
    """One reform with two variants, drafted by the city's establishment office through its own functions."""
    user = connection.execute(text("SELECT id FROM ab_user WHERE username = 'bianban'")).scalar()
    units: dict[str, int] = dict(
        connection.execute(
            text("SELECT name, id FROM unit WHERE node = 'legal' AND status = 'active' AND starts_with(name, :d)"), {"d": DISTRICT}
        ).all()
    )  # fmt: skip
    if user is None or connection.execute(text("SELECT count(*) FROM reform")).scalar():
        return
    with (
        settings.databases() as (database, signin),
        database.transaction(signin.open_session(int(user))) as s,
    ):
        title = {"t": "顺德区党政机构改革（参照 2009 年大部制）"}
        reform = s.execute(text("SELECT reform_begin(:t)"), title).scalar_one()
        first = s.execute(text("SELECT id FROM reform_variant WHERE reform_id = :r"), {"r": reform}).scalar_one()
        add = text("SELECT reform_variant_add(:r, '方案二（先并三对）', NULL)")
        second = s.execute(add, {"r": reform}).scalar_one()
        put = text("SELECT reform_step_put(:v, NULL, :k, CAST(:f AS jsonb), 1, '')")
        for variant, chosen in ((first, tuple(LARGE)), (second, FEW)):
            for into in chosen:
                name, *merged = LARGE[into]
                stays = units.get(DISTRICT + into)
                steps = [
                    ("merge_unit", {"unit": str(units[DISTRICT + m]), "into": str(stays), "seats": "along", "cases": "carry",
                                    "until_on": f"{city_today().year + 3}-12-31"})
                    for m in merged
                    if DISTRICT + m in units and stays
                ]  # fmt: skip
                if name and stays:
                    steps.append(("change_unit", {"unit": str(stays), "name": DISTRICT + name, "short_name": name}))
                for kind, facts in steps:
                    s.execute(put, {"v": variant, "k": kind, "f": json.dumps(facts, ensure_ascii=False)})
