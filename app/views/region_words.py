"""地区的叫法: one way of saying, everywhere, whether a division is meant by itself or with what lies inside it."""

from flask_babel import gettext as _

from app.domain.regions import foshan


def _kind(code: str) -> str:
    """City, district or town, as the code is built (GB/T 2260; nine digits are a town's)."""
    return "town" if len(code) > 6 else "city" if code.endswith("00") else "district"


def own(code: str, name: str) -> str:
    """The bodies of the division itself: 佛山市本级, 禅城区本级; a town has nothing below it."""
    return name if _kind(code) == "town" else _("%(name)s itself", name=name)


def reached(code: str, name: str) -> str:
    """What a filter and a place in the tree reach: the city's own bodies, a district with its towns, a town."""
    return _("%(name)s with its towns", name=name) if _kind(code) == "district" else own(code, name)


def whole(code: str, name: str) -> str:
    """The division with everything inside it."""
    return _("%(name)s with its districts and towns", name=name) if _kind(code) == "city" else reached(code, name)


def filters(*, towns: bool = True) -> dict[str, str]:
    """The divisions to filter by, by what the place of their units begins with."""
    return {
        d.code if d.kind == "city" else d.prefix: reached(d.code, d.name) for d in foshan() if towns or d.kind != "town"
    }
