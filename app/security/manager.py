"""Flask-AppBuilder's security manager, reduced: our own sign-in, roles derived from the hat, no role tables.

A request's rights come from the account (hat) of its open session. Roles are Flask-AppBuilder's
built-in roles, made from the permission matrix (``matrix.LINES``) and checked without a query.
"""

from flask import Flask, g, session
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_limiter import Limiter

from app.db import Identity
from app.security import limits
from app.security.hats import Hat, Role, hat_of
from app.security.matrix import fab_roles

FAB_ROLES = fab_roles()


class BianzhiSecurityManager(SecurityManager):
    """Users come from the open session alone."""

    def load_user(self, pk: int) -> Hat | None:
        """The hat of the session's token; the cookie's user id alone opens nothing."""
        if "hat" not in g:
            token = session.get("token")
            if token:  # the request's first work goes on in this transaction (app/views/shell.py)
                g.begun = self.appbuilder.app_database.opened(Identity(token))
            g.hat = hat_of(g.begun) if token else None
        hat: Hat | None = g.hat
        return hat if hat is not None and str(hat.user_id) == str(pk) else None

    def create_limiter(self, app: Flask) -> Limiter:
        """Ours: it counts in the database."""
        return limits.make(app)

    def register_views(self) -> None:
        """Only our own sign-in view: none of Flask-AppBuilder's security pages exists."""
        from app.security.sign_in import SignInView

        self.auth_view = SignInView()
        self.appbuilder.add_view_no_menu(self.auth_view)

    def get_public_role(self) -> Role:
        """Nobody's role: sees the sign-in page."""
        return Role("Public")

    def is_item_public(self, permission_name: str, view_name: str) -> bool:
        """Nothing is public."""
        return False
