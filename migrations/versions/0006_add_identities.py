"""Identities: ranges, classes and column groups; grants by two people; delegation; named access."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

KINDS = (
    "kind in ('unit_clerk', 'unit_head', 'office_member', 'office_head', 'person', 'town_officer',"
    " 'supervisor', 'inspector', 'system_admin', 'security_admin', 'auditor', 'service')"
)
OLD_KINDS = (
    "kind in ('unit_clerk', 'unit_head', 'office_member', 'office_head', 'person',"
    " 'system_admin', 'security_admin', 'auditor', 'service')"
)
DUTIES = ("system_admin", "security_admin", "auditor")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute('CREATE TYPE textrange AS RANGE (subtype = text, collation = "C")')
    op.add_column("account", sa.Column("region_code", sa.Text(), sa.ForeignKey("region.code"), nullable=True))
    op.add_column("account", sa.Column("delegated_from", sa.BigInteger(), sa.ForeignKey("account.id"), nullable=True))
    op.drop_constraint(op.f("ck_account_kind"), "account")
    op.create_check_constraint(op.f("ck_account_kind"), "account", KINDS)
    op.drop_constraint(op.f("ck_account_unit"), "account")
    op.create_check_constraint(
        op.f("ck_account_unit"), "account", "(kind in ('unit_clerk', 'unit_head', 'supervisor')) = (unit_id is not null)"
    )
    op.create_check_constraint(
        op.f("ck_account_region"), "account", "(kind in ('town_officer', 'inspector')) = (region_code is not null)"
    )
    for duty in DUTIES:
        op.execute(
            f"ALTER TABLE account ADD CONSTRAINT ex_account_{duty} EXCLUDE USING gist"
            " (int8range(user_id, user_id, '[]') WITH &&, daterange(started_on, ended_on) WITH &&,"
            f" int4range((kind = '{duty}')::int, (kind = '{duty}')::int + 1) WITH -|-)"
        )
    op.add_column("decision", sa.Column("delegator_id", sa.Integer(), sa.ForeignKey("ab_user.id"), nullable=True))
    op.add_column("application", sa.Column("personnel_class", sa.Text(), nullable=True))
    op.add_column("occupancy", sa.Column("personnel_class", sa.Text(), nullable=True))
    fill_classes()
    op.alter_column("occupancy", "personnel_class", nullable=False)
    op.create_index("ix_unit_not_networked", "unit", ["id"], postgresql_where=sa.text("not_networked"))
    create_tables()


def fill_classes() -> None:
    """The classes of the seats and cases that exist, as the triggers of 086_duties.sql set them."""
    of = (
        "CASE WHEN l.category IN ('11', '12', '21') THEN 'civil' WHEN l.category = '22' THEN 'public'"
        " WHEN l.category IN ('13', '14', '15', '23') THEN 'support' ELSE 'other' END"
    )
    op.execute(
        f"UPDATE occupancy o SET personnel_class = CASE WHEN o.kind = 'establishment' THEN {of} ELSE coalesce("
        " nullif(p.personnel_class, 'other'), CASE u.body WHEN 'institution' THEN 'public' ELSE 'civil' END) END"
        " FROM quota_line l, person p, unit u WHERE l.id = o.line_id AND p.id = o.person_id AND u.id = o.unit_id"
    )
    op.execute(
        "UPDATE application a SET personnel_class = coalesce("
        f"(SELECT {of} FROM quota_line l WHERE l.id = (r.facts::jsonb ->> 'line')::bigint AND l.kind = 'establishment'),"
        " (SELECT personnel_class FROM person WHERE id = (r.facts::jsonb ->> 'person')::bigint),"
        " (SELECT personnel_class FROM occupancy WHERE id = (r.facts::jsonb ->> 'occupancy')::bigint), 'other')"
        " FROM case_record r WHERE r.case_id = a.id"
        " AND r.facts::jsonb ?| ARRAY['person', 'person_index', 'occupancy']"
    )


def create_tables() -> None:
    """Rules, names, requests and counts."""
    op.create_table(
        "identity_rule",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("office_kind", sa.Text(), nullable=False),
        sa.Column("classes", sa.Text(), nullable=False),
        sa.Column("groups", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "office_kind", name=op.f("pk_identity_rule")),
    )
    op.create_table(
        "named_access",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.CheckConstraint("ended_on >= started_on", name=op.f("ck_named_access_period")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_named_access_account_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_named_access_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_named_access")),
    )
    op.create_index("ix_named_access_account", "named_access", ["account_id"])
    op.create_table(
        "grant_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("unit_id", sa.BigInteger(), nullable=True),
        sa.Column("office_id", sa.BigInteger(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("region_code", sa.Text(), nullable=True),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("proposed_by", sa.Integer(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint("state in ('open', 'approved', 'rejected')", name=op.f("ck_grant_request_state")),
        sa.CheckConstraint("(kind is null) <> (account_id is null)", name=op.f("ck_grant_request_subject")),
        sa.CheckConstraint("(state = 'open') = (decided_by is null)", name=op.f("ck_grant_request_decided")),
        sa.CheckConstraint(
            "decided_by <> proposed_by and proposed_by <> user_id and decided_by <> user_id",
            name=op.f("ck_grant_request_people"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_grant_request_user_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_grant_request_unit_id")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_grant_request_office_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_grant_request_person_id")),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_grant_request_region_code")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_grant_request_account_id")),
        sa.ForeignKeyConstraint(["proposed_by"], ["ab_user.id"], name=op.f("fk_grant_request_proposed_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["ab_user.id"], name=op.f("fk_grant_request_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grant_request")),
    )
    op.create_index("ix_grant_request_open", "grant_request", ["id"], postgresql_where=sa.text("state = 'open'"))
    op.create_index("ix_grant_request_user", "grant_request", ["user_id"])
    op.create_table(
        "lookup",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_lookup_account_id")),
        sa.PrimaryKeyConstraint("account_id", "hour", name=op.f("pk_lookup")),
    )


def downgrade() -> None:
    # Functions, triggers, policies and the view are the deployment's; they name what goes away here.
    op.execute("DROP VIEW IF EXISTS person_brief")
    for trigger, table in (
        ("person_left", "person"), ("unit_closed", "unit"), ("unit_hidden", "unit"), ("seat_class", "occupancy"),
        ("case_class", "case_record"), ("decision_delegated", "decision"),
    ):  # fmt: skip
        op.execute(f"DROP TRIGGER IF EXISTS {trigger} ON {table}")
    for table in ("lookup", "grant_request", "named_access", "identity_rule"):
        op.execute(f"DROP TABLE {table} CASCADE")
    op.drop_index("ix_unit_not_networked", table_name="unit")
    for table in ("occupancy", "application"):
        for policy in ("seen", "insert", "update"):
            op.execute(f"DROP POLICY IF EXISTS {policy} ON {table}")
    op.drop_column("occupancy", "personnel_class")
    op.drop_column("application", "personnel_class")
    op.drop_column("decision", "delegator_id")
    for duty in DUTIES:
        op.drop_constraint(f"ex_account_{duty}", "account")
    op.drop_constraint(op.f("ck_account_region"), "account")
    op.drop_constraint(op.f("ck_account_unit"), "account")
    op.execute("DELETE FROM account WHERE kind IN ('town_officer', 'supervisor', 'inspector')")
    op.create_check_constraint(
        op.f("ck_account_unit"), "account", "(kind in ('unit_clerk', 'unit_head')) = (unit_id is not null)"
    )
    op.drop_constraint(op.f("ck_account_kind"), "account")
    op.create_check_constraint(op.f("ck_account_kind"), "account", OLD_KINDS)
    op.drop_column("account", "delegated_from")
    op.drop_column("account", "region_code")
    op.execute("DROP TYPE textrange CASCADE")
