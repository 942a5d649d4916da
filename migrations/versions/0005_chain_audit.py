"""Audit by month partitions and chains, archives of months that have left, verification runs"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0005'
down_revision = '0004'


def number(fact: str) -> sa.Computed:
    return sa.Computed(
        f"CASE WHEN facts ->> '{fact}' ~ '^[0-9]{{1,18}}$' THEN (facts ->> '{fact}')::bigint END", persisted=True
    )


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table('audit_pending',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('account_id', sa.BigInteger(), nullable=True),
    sa.Column('operator', sa.Text(), nullable=False),
    sa.Column('address', sa.Text(), nullable=True),
    sa.Column('facts', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_pending'))
    )
    # What was recorded until now is linked when the kernel is installed (025_audit.sql).
    op.execute(
        "INSERT INTO audit_pending (recorded_at, kind, user_id, account_id, operator, address, facts)"
        " SELECT at, kind, user_id, account_id, operator, address, facts FROM audit_event ORDER BY id"
    )
    op.drop_table('audit_event')
    op.execute("CREATE SCHEMA audit")
    op.create_table('audit_event',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('account_id', sa.BigInteger(), nullable=True),
    sa.Column('operator', sa.Text(), nullable=False),
    sa.Column('address', sa.Text(), nullable=True),
    sa.Column('facts', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('case_id', sa.BigInteger(), number('case'), nullable=True),
    sa.Column('unit_id', sa.BigInteger(), number('unit'), nullable=True),
    sa.Column('person_id', sa.BigInteger(), number('person'), nullable=True),
    sa.Column('format', sa.Integer(), nullable=False),
    sa.Column('chain', sa.Integer(), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('prev_hash', sa.Text(), nullable=False),
    sa.Column('hash', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', 'recorded_at', name=op.f('pk_audit_event')),
    postgresql_partition_by='RANGE (recorded_at)'
    )
    op.execute("CREATE TABLE audit.event_other PARTITION OF audit_event DEFAULT")
    op.create_index('ix_audit_event_time', 'audit_event', ['recorded_at', 'id'])
    op.create_index('ix_audit_event_kind', 'audit_event', ['kind', 'recorded_at', 'id'])
    op.create_index('ix_audit_event_user', 'audit_event', ['user_id', 'recorded_at', 'id'])
    for what in ('case', 'unit', 'person'):
        op.create_index(f'ix_audit_event_{what}', 'audit_event', [f'{what}_id', 'recorded_at', 'id'],
            postgresql_where=sa.text(f'{what}_id IS NOT NULL'))
    op.create_index('ix_audit_event_chain', 'audit_event', ['chain', 'sequence'])
    op.create_table('audit_archive',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('partition', sa.Text(), nullable=False),
    sa.Column('chain', sa.Integer(), nullable=False),
    sa.Column('first_sequence', sa.Integer(), nullable=False),
    sa.Column('last_sequence', sa.Integer(), nullable=False),
    sa.Column('prev_hash', sa.Text(), nullable=False),
    sa.Column('hash', sa.Text(), nullable=False),
    sa.Column('file_hash', sa.Text(), nullable=False),
    sa.Column('archived_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_archive'))
    )
    op.create_table('verification_run',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('operator', sa.Text(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('chains', sa.BigInteger(), nullable=False),
    sa.Column('entries', sa.BigInteger(), nullable=False),
    sa.Column('differences', sa.Integer(), nullable=False),
    sa.Column('findings', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('seal_root', sa.Text(), nullable=True),
    sa.CheckConstraint("kind in ('full', 'since')", name=op.f('ck_verification_run_kind')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_verification_run'))
    )
    op.create_index('ix_verification_run_time', 'verification_run', ['ended_at'])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ('verification_run', 'audit_archive'):
        op.drop_table(table)
    op.execute("DROP TABLE IF EXISTS audit_pending CASCADE")
    op.execute(
        "CREATE TABLE audit_kept AS SELECT id, recorded_at AS at, kind, user_id, account_id, operator, address, facts"
        " FROM audit_event"
    )
    op.drop_table('audit_event')
    op.execute("DROP SCHEMA audit CASCADE")
    op.create_table('audit_event',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('account_id', sa.BigInteger(), nullable=True),
    sa.Column('operator', sa.Text(), nullable=False),
    sa.Column('address', sa.Text(), nullable=True),
    sa.Column('facts', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_event'))
    )
    op.create_index('ix_audit_event_at', 'audit_event', ['at'], unique=False)
    op.execute(
        "INSERT INTO audit_event (at, kind, user_id, account_id, operator, address, facts)"
        " SELECT at, kind, user_id, account_id, operator, address, facts FROM audit_kept ORDER BY id"
    )
    op.execute("DROP TABLE audit_kept")
    op.execute("DELETE FROM ledger_chain WHERE chain_kind = 'audit'")
