"""人员事实: how a person is written into a case's facts: encrypted, indexed, committed to."""

import datetime as dt
import os
from dataclasses import dataclass
from functools import lru_cache

from app.domain.crypto import KeyRing
from app.domain.id_number import mask

LOCKED = ("name", "id", "sex", "birth_on", "work_started_on", "level", "rank")
SURNAMES = {
    "单": "shan",
    "仇": "qiu",
    "解": "xie",
    "区": "ou",
    "曾": "zeng",
    "查": "zha",
    "任": "ren",
    "华": "hua",
    "朴": "piao",
}


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """A person as known on entry; dates as dates, codes as in the code lists."""

    name: str
    id_number: str
    sex: str
    birth_on: dt.date
    id_type: str = "resident"
    work_started_on: dt.date | None = None
    level: str | None = None
    rank: str | None = None
    education: str | None = None
    entry_way: str | None = None
    verified: bool = True
    proof: str | None = None

    def locked(self) -> dict[str, str | None]:
        """The fields that the ledger commits to, as text."""
        return {
            "name": self.name,
            "id": f"{self.id_type}:{self.id_number}",
            "sex": self.sex,
            "birth_on": self.birth_on.isoformat(),
            "work_started_on": self.work_started_on.isoformat() if self.work_started_on else None,
            "level": self.level,
            "rank": self.rank,
        }


# Characters are asked one by one: the dictionary of phrases would fill 60 MB of every process for nothing.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
os.environ.setdefault("PYPINYIN_NO_DICT_COPY", "true")


@lru_cache(maxsize=20000)
def _syllable(character: str) -> str:
    from pypinyin import Style, lazy_pinyin

    return "".join(lazy_pinyin(character, style=Style.NORMAL))


def pinyin(name: str) -> tuple[str, str]:
    """Full pinyin and initials of a name, surnames by their own reading."""
    syllables = [_syllable(c) for c in name]
    if name and name[0] in SURNAMES:
        syllables[0] = SURNAMES[name[0]]
    return "".join(syllables), "".join(s[0] for s in syllables if s)


def facts_of(person: PersonFacts, keys: KeyRing) -> dict[str, str | int | None]:
    """The flat facts that the kernel's registration reads; no clear ID number among them."""
    full, initials = pinyin(person.name)
    out: dict[str, str | int | None] = {
        "person_name": person.name,
        "pinyin": full,
        "pinyin_initials": initials,
        "id_type": person.id_type,
        "id_cipher": keys.encrypt(person.id_type, person.id_number).hex(),
        "person_index": keys.blind_index(person.id_type, person.id_number).hex(),
        "id_mask": mask(person.id_number),
        "verified": int(person.verified),
        "proof": person.proof,
        "sex": person.sex,
        "birth_on": person.birth_on.isoformat(),
        "work_started_on": person.work_started_on.isoformat() if person.work_started_on else None,
        "level": person.level,
        "rank": person.rank,
        "education": person.education,
        "entry_way": person.entry_way,
    }
    for field, value in person.locked().items():
        out[f"commit_{field}"] = keys.commit(field, value)
    return out
