"""Add case secrets and index aliases"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table('case_secret',
    sa.Column('case_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('id_type', sa.Text(), nullable=False),
    sa.Column('id_cipher', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['application.id'], name=op.f('fk_case_secret_case_id')),
    sa.PrimaryKeyConstraint('case_id', name=op.f('pk_case_secret'))
    )
    op.create_table('index_alias',
    sa.Column('old_index', sa.LargeBinary(), nullable=False),
    sa.Column('new_index', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('old_index', name=op.f('pk_index_alias'))
    )
    op.create_index('ix_index_alias_new', 'index_alias', ['new_index'])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index('ix_index_alias_new', table_name='index_alias')
    op.drop_table('index_alias')
    op.drop_table('case_secret')
