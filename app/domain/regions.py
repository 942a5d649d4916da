"""行政区划: Foshan, its five districts and thirty-two towns (GB/T 2260 and the statistical division codes)."""

from dataclasses import dataclass


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
        "003大良街道 004容桂街道 005伦教街道 006勒流街道 101陈村镇 102均安镇 103杏坛镇 104龙江镇 105乐从镇 106北滘镇"
    ),
    ("440607", "三水区"): "001西南街道 004云东海街道 101大塘镇 103乐平镇 104白坭镇 105芦苞镇 106南山镇",
    ("440608", "高明区"): "002荷城街道 100杨和镇 101明城镇 102更合镇",
}


def foshan() -> tuple[Division, ...]:
    """The city first, each district before its towns."""
    out = [Division("440600", "city", "佛山市", None, "4406")]
    for (code, name), towns in _TOWNS.items():
        out.append(Division(code, "district", name, "440600", code))
        out += [Division(code + t[:3], "town", t[3:], code, code + t[:3]) for t in towns.split()]
    return tuple(out)
