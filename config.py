"""Settings of the web application; secrets come from key files, never from here."""

from typing import Any

DEFAULTS: dict[str, Any] = {
    "APP_NAME": "编制",
    "APP_THEME": "",
    "FAB_CREATE_DB": False,
    "FAB_UPDATE_PERMS": False,
    "FAB_ADD_MENU_API": False,
    "FAB_ADD_SECURITY_API": False,
    "FAB_ADD_OPENAPI_VIEWS": False,
    "BABEL_DEFAULT_LOCALE": "zh_Hans",
    "BABEL_DEFAULT_TIMEZONE": "Asia/Shanghai",
    "BABEL_DEFAULT_FOLDER": "translations",
    "LANGUAGES": {"zh_Hans": {"flag": "cn", "name": "中文"}, "en": {"flag": "gb", "name": "English"}},
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "SESSION_COOKIE_NAME": "bianzhi",
    "WTF_CSRF_TIME_LIMIT": None,
    # What an installation's doors demand stands in app/cli/settings.py; a bare application demands none of it.
    "SECOND_FACTOR_KINDS": (),
    "MAIL_ON": False,
    "MAIL_DOMAINS": (),
    "LDAP": None,
    "OIDC": None,
    "RATELIMIT_ENABLED": False,
    # Whether PgBouncer stands before the database (app/db.py).
    "POOLED": False,
    # One file of 20 MB with its form around it.
    "MAX_CONTENT_LENGTH": 21 * 1024 * 1024,
    # Where files lie (app/exchange/attachments/store.py), and the virus scanner's address: none, none asked.
    "FILES": "var/files",
    "CLAMD": "",
    # So long the trial of a reform may take, in seconds: it holds the lines of its bodies meanwhile.
    "TRIAL_SECONDS": 120,
    # Directories of further fonts for characters that ours lack.
    "FONTS": (),
    "TEMPLATES_AUTO_RELOAD": False,
    "SQLALCHEMY_TRACK_MODIFICATIONS": False,
}
