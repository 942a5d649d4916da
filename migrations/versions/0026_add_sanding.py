"""The bodies' documents: signboards, limits on their number, 三定, earlier history."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "unit_signboard", *key("unit_signboard"), number("unit_id"), words("kind"), words("name"),
        number("partner_id", nullable=True), sa.Column("counts_as_one", sa.Boolean(), nullable=False),
        *document(), *period(), path(), refers("unit_signboard", "unit_id", "unit.id"),
        refers("unit_signboard", "partner_id", "unit.id"),
        checks("unit_signboard", "kind", "kind in ('co_located', 'two_names', 'plate')"),
        checks("unit_signboard", "partner", "(kind = 'co_located') = (partner_id is not null)"),
        checks("unit_signboard", "plate", "kind <> 'plate' or counts_as_one"),
        checks("unit_signboard", "other", "partner_id <> unit_id"),
        checks("unit_signboard", "period", "ended_on >= started_on"),
    )  # fmt: skip
    index("unit_signboard", "unit", "unit_id", "id")
    index("unit_signboard", "partner", "partner_id", where="partner_id is not null")
    index("unit_signboard", "scope", "scope_path", "id")
    one_open("unit_signboard", "unit_id", "name")
    op.create_table(
        "sanding", *key("sanding"), number("unit_id"), words("content"), *document(), *period(), number("case_id"), path(),
        refers("sanding", "unit_id", "unit.id"), refers("sanding", "case_id", "application.id"),
        checks("sanding", "period", "ended_on >= started_on"),
    )  # fmt: skip
    index("sanding", "unit", "unit_id", "started_on")
    index("sanding", "scope", "scope_path", "id")
    one_open("sanding", "unit_id")
    op.create_table(
        "organ_limit", *key("organ_limit"), words("region_code"), words("category"),
        sa.Column("most", sa.Integer(), nullable=False), *document(), *period(), number("case_id"),
        refers("organ_limit", "region_code", "region.code"), refers("organ_limit", "case_id", "application.id"),
        checks("organ_limit", "most", "most >= 0"), checks("organ_limit", "period", "ended_on >= started_on"),
    )  # fmt: skip
    index("organ_limit", "region", "region_code", "category", "id")
    one_open("organ_limit", "region_code", "category")
    op.create_table(
        "unit_past", *key("unit_past"), number("unit_id"), sa.Column("on_day", sa.Date(), nullable=False),
        *(words(c) for c in ("document_no", "document_name", "unit_name", "parent_name", "detail")), number("case_id"),
        path(), refers("unit_past", "unit_id", "unit.id"), refers("unit_past", "case_id", "application.id"),
    )  # fmt: skip
    index("unit_past", "unit", "unit_id", "on_day")
    index("unit_past", "scope", "scope_path", "id")


def downgrade() -> None:
    for table in ("unit_past", "organ_limit", "sanding", "unit_signboard"):
        op.drop_table(table)


def number(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def words(name: str) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=False)


def key(table: str) -> tuple[sa.Column, sa.PrimaryKeyConstraint]:
    column = sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)
    return column, sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))


def document() -> tuple[sa.Column, ...]:
    return words("document_no"), words("issuer")


def period() -> tuple[sa.Column, ...]:
    """When it held, and when that was known."""
    return (
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_to", sa.DateTime(timezone=True), nullable=True),
    )


def path() -> sa.Column:
    return sa.Column("scope_path", sa.Text(collation="C"), nullable=False)


def refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{table}_{column}"))


def checks(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def index(table: str, name: str, *columns: str, where: str | None = None) -> None:
    op.create_index(f"ix_{table}_{name}", table, list(columns), postgresql_where=sa.text(where) if where else None)


def one_open(table: str, *columns: str) -> None:
    """One row at a time holds on."""
    op.create_index(
        f"uq_{table}_open", table, list(columns), unique=True,
        postgresql_where=sa.text("ended_on is null and recorded_to is null"),
    )  # fmt: skip
