"""译文: the templates' ``_()``, which a page asks some hundreds of times.

Flask-Babel finds request, domain, locale and catalogue anew for each text; here what a text came to is kept by locale.
"""

from typing import Any

from babel import Locale
from flask import Flask, g
from flask_babel import get_locale, get_translations
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

# Far more than the templates have; a text that is put together at run time cannot fill the memory.
AT_MOST = 20_000


def install_words(app: Flask) -> None:
    """Put the kept translations in the place of Flask-Babel's in this application's templates."""
    kept: dict[tuple[Locale | None, bool, str], str] = {}

    @pass_context
    def translated(context: Context, text: str, **variables: Any) -> str:
        # The locale of this moment: Flask-Babel keeps it in ``g``, and ``force_locale`` changes it there.
        locale = getattr(g.get("_flask_babel"), "babel_locale", None) or get_locale()
        key = (locale, bool(context.eval_ctx.autoescape), text)
        said = kept.get(key)
        if said is None:
            said = get_translations().ugettext(text)
            if key[1]:
                said = Markup(said)  # noqa: S704 - as Jinja does: what a template says is the template's own
            if len(kept) < AT_MOST:
                kept[key] = said
        return said % variables

    app.jinja_env.globals["_"] = app.jinja_env.globals["gettext"] = translated
