"""The same tables as the other peer's (peer_django/schema.sql), as Flask-AppBuilder's own models."""

from flask_appbuilder import Model
from sqlalchemy import BigInteger, Column, Date, DateTime, ForeignKey, Integer, LargeBinary, String, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import relationship


class Region(Model):
    __tablename__ = "region"
    id = Column(Integer, primary_key=True)
    parent_id = Column(Integer, ForeignKey("region.id"))
    name = Column(String(100), nullable=False)

    def __repr__(self):
        return self.name


class Unit(Model):
    __tablename__ = "unit"
    id = Column(Integer, primary_key=True)
    region_id = Column(Integer, ForeignKey("region.id"), nullable=False)
    region = relationship("Region")
    parent_id = Column(Integer, ForeignKey("unit.id"))
    parent = relationship("Unit", remote_side=[id])
    name = Column(String(200), nullable=False)
    kind = Column(String(40), nullable=False)

    def __repr__(self):
        return self.name


class Person(Model):
    __tablename__ = "person"
    id = Column(BigInteger, primary_key=True)
    unit_id = Column(Integer, ForeignKey("unit.id"), nullable=False)
    unit = relationship("Unit")
    name = Column(String(60), nullable=False)
    national_id = Column(String(18), nullable=False)
    sex = Column(String(4), nullable=False)
    birth_date = Column(Date, nullable=False)
    ethnicity = Column(String(20), nullable=False)
    political = Column(String(20), nullable=False)
    education = Column(String(20), nullable=False)
    degree = Column(String(20))
    category = Column(String(20), nullable=False)
    rank = Column(String(30), nullable=False)
    post = Column(String(30), nullable=False)
    joined_on = Column(Date, nullable=False)
    entered_on = Column(Date)
    entry_mode = Column(String(20), nullable=False)
    phone = Column(String(20))
    status = Column(String(10), nullable=False)
    updated_at = Column(DateTime(timezone=True), server_default=func.now())

    def __repr__(self):
        return self.name


class Slot(Model):
    __tablename__ = "slot"
    id = Column(BigInteger, primary_key=True)
    unit_id = Column(Integer, ForeignKey("unit.id"), nullable=False)
    unit = relationship("Unit")
    category = Column(String(20), nullable=False)
    number = Column(String(20), nullable=False)
    status = Column(String(10), nullable=False)

    def __repr__(self):
        return self.number


class Occupancy(Model):
    __tablename__ = "occupancy"
    id = Column(BigInteger, primary_key=True)
    slot_id = Column(BigInteger, ForeignKey("slot.id"), nullable=False)
    slot = relationship("Slot")
    person_id = Column(BigInteger, ForeignKey("person.id"), nullable=False)
    person = relationship("Person")
    since = Column(Date, nullable=False)
    until = Column(Date)


class Application(Model):
    __tablename__ = "application"
    id = Column(BigInteger, primary_key=True)
    kind = Column(String(20), nullable=False)
    unit_id = Column(Integer, ForeignKey("unit.id"), nullable=False)
    unit = relationship("Unit")
    person_id = Column(BigInteger, ForeignKey("person.id"), nullable=False)
    person = relationship("Person")
    category = Column(String(20), nullable=False)
    status = Column(String(20), nullable=False)
    created_at = Column(DateTime(timezone=True), nullable=False)
    decided_at = Column(DateTime(timezone=True))
    decided_by = Column(String(60))


class Task(Model):
    __tablename__ = "task"
    id = Column(BigInteger, primary_key=True)
    application_id = Column(BigInteger, ForeignKey("application.id"), nullable=False)
    department = Column(String(40), nullable=False)
    status = Column(String(10), nullable=False)
    due = Column(Date, nullable=False)
    done_at = Column(DateTime(timezone=True))


class Audit(Model):
    __tablename__ = "audit"
    id = Column(BigInteger, primary_key=True)
    chain = Column(Integer)
    at = Column(DateTime(timezone=True), server_default=func.clock_timestamp())
    actor = Column(String(60), nullable=False)
    action = Column(String(40), nullable=False)
    payload = Column(JSONB, nullable=False)
    prev_hash = Column(LargeBinary)
    hash = Column(LargeBinary)


class AuditHead(Model):
    __tablename__ = "audit_head"
    chain = Column(Integer, primary_key=True)
    hash = Column(LargeBinary, nullable=False)
