"""建库 by 编办: files that wait for a second official"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0003'
down_revision = '0002'

STATES = "state in ('entered', 'quarantine', 'checked', 'filed', 'rejected', 'withdrawn')"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table('intake',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('file_name', sa.Text(), nullable=False),
    sa.Column('file_hash', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('office_id', sa.BigInteger(), nullable=False),
    sa.Column('report', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('loaded_by', sa.Integer(), nullable=False),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('filed_by', sa.Integer(), nullable=True),
    sa.Column('filed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.Integer(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('opinion', sa.Text(), nullable=True),
    sa.Column('scope_path', sa.Text(collation='C'), nullable=False),
    sa.CheckConstraint("state in ('checked', 'filed', 'done', 'rejected', 'withdrawn')", name=op.f('ck_intake_state')),
    sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_intake_office_id')),
    sa.ForeignKeyConstraint(['loaded_by'], ['ab_user.id'], name=op.f('fk_intake_loaded_by')),
    sa.ForeignKeyConstraint(['filed_by'], ['ab_user.id'], name=op.f('fk_intake_filed_by')),
    sa.ForeignKeyConstraint(['decided_by'], ['ab_user.id'], name=op.f('fk_intake_decided_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_intake'))
    )
    op.create_index('ix_intake_scope', 'intake', ['scope_path', 'id'], unique=False)
    op.add_column('import_batch', sa.Column('intake_id', sa.BigInteger(), nullable=True))
    op.add_column('import_batch', sa.Column('report', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False))
    op.add_column('import_batch', sa.Column('batch', sa.Text(), nullable=True))
    op.create_foreign_key(op.f('fk_import_batch_intake_id'), 'import_batch', 'intake', ['intake_id'], ['id'])
    op.create_index('ix_import_batch_intake', 'import_batch', ['intake_id', 'id'], unique=False)
    op.drop_constraint(op.f('ck_import_batch_state'), 'import_batch', type_='check')
    op.create_check_constraint(op.f('ck_import_batch_state'), 'import_batch', STATES)


def downgrade() -> None:
    op.execute("DELETE FROM import_batch WHERE state NOT IN ('entered', 'quarantine')")
    op.drop_constraint(op.f('ck_import_batch_state'), 'import_batch', type_='check')
    op.create_check_constraint(op.f('ck_import_batch_state'), 'import_batch', "state in ('entered', 'quarantine')")
    op.drop_index('ix_import_batch_intake', table_name='import_batch')
    op.drop_constraint(op.f('fk_import_batch_intake_id'), 'import_batch', type_='foreignkey')
    for column in ('batch', 'report', 'intake_id'):
        op.drop_column('import_batch', column)
    op.drop_index('ix_intake_scope', table_name='intake')
    op.drop_table('intake')
