"""行政区划: Foshan, its five districts and thirty-two towns.

City and districts: GB/T 2260. Towns: the 统计用区划代码 of the National Bureau of Statistics (as of 2022-10-31);
its entries for farms and prisons (400 and above) are no towns and are left out.
"""

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Division:
    """One division; ``prefix`` begins the scope path of everything inside it."""

    code: str
    kind: str
    name: str
    parent: str | None
    prefix: str


_TOWNS = {
    ("440604", "禅城区"): "010石湾镇街道 011张槎街道 012祖庙街道 100南庄镇",
    ("440605", "南海区"): "011桂城街道 121九江镇 122西樵镇 123丹灶镇 124狮山镇 125大沥镇 126里水镇",
    ("440606", "顺德区"): (
        "003伦教街道 004勒流街道 005大良街道 006容桂街道 101陈村镇 102北滘镇 103乐从镇 104龙江镇 105杏坛镇 106均安镇"
    ),
    ("440607", "三水区"): "001西南街道 004云东海街道 101大塘镇 103乐平镇 104白坭镇 105芦苞镇 106南山镇",
    ("440608", "高明区"): "004荷城街道 106杨和镇 107明城镇 108更合镇",
}


@cache
def foshan() -> tuple[Division, ...]:
    """The city first, each district before its towns."""
    out = [Division("440600", "city", "佛山市", None, "4406")]
    for (code, name), towns in _TOWNS.items():
        out.append(Division(code, "district", name, "440600", code))
        out += [Division(code + t[:3], "town", t[3:], code, code + t[:3]) for t in towns.split()]
    return tuple(out)


def span(prefix: str) -> tuple[str, str]:
    """Every path that begins so, as a half-open range by code point (``range_end`` in the kernel)."""
    return prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1)
