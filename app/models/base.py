"""What every table shares: one registry, named constraints, the column kinds."""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated

from flask_appbuilder import Model
from sqlalchemy import BigInteger, Date, DateTime, Identity, Integer, LargeBinary, Text, func
from sqlalchemy.dialects.postgresql import DATEMULTIRANGE, JSONB, Range
from sqlalchemy.orm import Mapped, mapped_column

# Flask-AppBuilder's own tables live in the same metadata, so one migration chain serves both.
Model.metadata.naming_convention = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}

Base = Model

intpk = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
ref = Annotated[int, mapped_column(BigInteger)]
integer = Annotated[int, mapped_column(Integer)]
string = Annotated[str, mapped_column(Text)]
# Compared by code point, so that one half-open range is one subtree (see docs/architecture.md).
path = Annotated[str, mapped_column(Text(collation="C"))]
blob = Annotated[bytes, mapped_column(LargeBinary)]
day = Annotated[dt.date, mapped_column(Date)]
day_set = Annotated[Sequence[Range[dt.date]], mapped_column(DATEMULTIRANGE, server_default="{}")]
instant = Annotated[dt.datetime, mapped_column(DateTime(timezone=True))]
now = Annotated[dt.datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]
document = Annotated[dict[str, object], mapped_column(JSONB)]


class TwoAxes:
    """两条时间轴: when something held, and since when (and until when) that was known. Such a row is never rewritten."""

    started_on: Mapped[day]
    ended_on: Mapped[day | None]
    recorded_at: Mapped[instant]
    recorded_to: Mapped[instant | None]
