"""机构规格与领导职务层次: which level of leadership a body of a grade usually has.

Source: 领导职务层次 (ZB09) beside 机构级别 (ZB03); the principal bears the body's grade, a deputy the next one down (通行口径,
未核): a hint, the document that fixes the numbers holds.
"""

# 地厅级, 副地厅级, 县处级, 副县处级, 乡科级, 副乡科级.
LEVELS = {"105": "0121", "106": "0122", "107": "0131", "108": "0132", "109": "0141", "110": "0142"}
_DOWN = tuple(LEVELS.values())


def misfits(grade: str, role: str, level: str) -> bool:
    """Whether a leadership number of this role and level is not that of a body of the grade; no word where none is known."""
    usual = LEVELS.get(grade)
    if usual is None or role not in ("principal", "deputy"):
        return False
    if role == "deputy":
        place = _DOWN.index(usual) + 1
        usual = _DOWN[place] if place < len(_DOWN) else "0150"
    return level != usual
