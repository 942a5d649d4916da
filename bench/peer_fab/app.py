"""The second peer: a plain Flask-AppBuilder application, as its documentation teaches.

ModelViews over the tables, a base filter for the own unit, an action for the approval. The search and the form of
applications use what the documentation gives for large tables (``search_columns``, a select asked by AJAX), as the other
peer's use autocompletion; ``StockPersonView`` and ``StockApplicationView`` show the same without them.
"""

import os

from approving import approve
from flask import Flask, flash, g, redirect
from flask_appbuilder import AppBuilder, ModelView, action
from flask_appbuilder.fields import AJAXSelectField
from flask_appbuilder.fieldwidgets import Select2AJAXWidget
from flask_appbuilder.models.sqla.base import SQLA
from flask_appbuilder.models.sqla.filters import FilterEqualFunction
from flask_appbuilder.models.sqla.interface import SQLAInterface
from models import Application, Occupancy, Person, Slot, Unit
from sqlalchemy import text
from wtforms.validators import DataRequired

db = SQLA()
builder = AppBuilder()
COLUMNS = ["name", "national_id", "sex", "unit", "category", "rank", "post", "joined_on", "status"]


def own_unit():
    """A clerk's unit, kept in the last name as the other peer keeps it."""
    return int(g.user.last_name)


class UnitView(ModelView):
    datamodel = SQLAInterface(Unit)
    list_columns = ["name", "kind", "region", "parent"]


class StockPersonView(ModelView):
    datamodel = SQLAInterface(Person)
    list_columns = COLUMNS
    page_size = 50


class PersonView(StockPersonView):
    datamodel = SQLAInterface(Person)
    search_columns = ["name", "national_id", "status"]


class OwnPersonView(PersonView):
    datamodel = SQLAInterface(Person)
    base_filters = [["unit_id", FilterEqualFunction, own_unit]]


class SlotView(ModelView):
    datamodel = SQLAInterface(Slot)
    list_columns = ["number", "unit", "category", "status"]


class OccupancyView(ModelView):
    datamodel = SQLAInterface(Occupancy)
    list_columns = ["slot", "person", "since", "until"]


class StockApplicationView(ModelView):
    datamodel = SQLAInterface(Application)
    list_columns = ["kind", "unit", "person", "category", "status", "created_at"]
    page_size = 50

    @action("approve", "批准", "确定批准?", "fa-check")
    def approve(self, items):
        """Approve what is ticked."""
        items = items if isinstance(items, list) else [items]
        done = [approve(db.session, a.id, g.user.username) for a in items]
        flash(f"已批准 {sum(x is not None for x in done)} 件", "info" if all(done) else "danger")
        return redirect(self.get_redirect())


applications = SQLAInterface(Application)


def asked(name):
    """A related row by AJAX instead of a list of them all."""
    widget = Select2AJAXWidget(endpoint=f"/applicationview/api/column/add/{name}")
    return AJAXSelectField(name, datamodel=applications, col_name=name, validators=[DataRequired()], widget=widget)


class ApplicationView(StockApplicationView):
    datamodel = applications
    search_columns = ["kind", "category", "status"]
    add_form_extra_fields = {"unit": asked("unit"), "person": asked("person")}


def create_app():
    """The application; with BENCH_INIT in the environment it also makes its tables, permissions and users."""
    app = Flask(__name__)
    first = "BENCH_INIT" in os.environ
    app.config.update(
        SECRET_KEY="bench-only-not-secret",
        SQLALCHEMY_DATABASE_URI=f"postgresql+psycopg://postgres@/peer_fab?host={os.environ['BENCH_SOCKET']}",
        AUTH_TYPE=1,
        BABEL_DEFAULT_LOCALE="zh",
        LANGUAGES={"zh": {"flag": "cn", "name": "中文"}},
        FAB_UPDATE_PERMS=first,
    )
    app.add_url_rule("/health", "health", lambda: "ok")
    with app.app_context():
        db.init_app(app)
        builder.init_app(app, db.session)
        for view in (UnitView, PersonView, OwnPersonView, StockPersonView, SlotView, OccupancyView, ApplicationView,
                     StockApplicationView):  # fmt: skip
            builder.add_view(view, view.__name__, category="编制")
        if first:
            unit = db.session.execute(text("SELECT id FROM unit WHERE name = '佛山市教育局'")).scalar_one()
            for name, last in (("chief", "all"), ("clerk", str(unit))):
                if not builder.sm.find_user(name):
                    builder.sm.add_user(name, "bench", last, f"{name}@example.invalid", builder.sm.find_role("Admin"),
                                        password="bench-pass-1")  # fmt: skip
    return app
