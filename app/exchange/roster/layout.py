"""名册的版式: the four sheets, their fixed columns, and what each column may hold."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from app.domain import codes as codesets
from app.domain.codes import Codes
from app.exchange.roster.records import LEADERS, LINES, PEOPLE, UNITS

CODE, COUNT, DATE, ID_NUMBER, IDENTIFIER, NAME, TEXT, WORD = (
    "code", "count", "date", "id_number", "identifier", "name", "text", "word",
)  # fmt: skip
"""The kinds of columns. A *word* is chosen by its Chinese name; a *code* by its code or name.
A *name* is a body's; a person's is checked by ``app.domain.names`` once the document is known."""


@dataclass(frozen=True, slots=True)
class Column:
    """列: ``header`` as printed, ``field`` as named in the records, and the rule of its cells."""

    header: str
    field: str
    kind: str = TEXT
    required: bool = False
    codes: Codes = dataclasses.field(default_factory=dict)


LAYOUT: dict[str, tuple[Column, ...]] = {
    UNITS: (
        Column("单位编码", "code", IDENTIFIER, required=True),
        Column("上级编码", "parent_code", IDENTIFIER),
        Column("节点", "node", WORD, required=True, codes=codesets.NODE),
        Column("行政区划代码", "region_code", IDENTIFIER, required=True),
        Column("名称", "name", NAME, required=True),
        Column("简称", "short_name", NAME),
        Column("统一社会信用代码", "uscc", IDENTIFIER),
        Column("机构性质", "nature", CODE, codes=codesets.UNIT_NATURE),
        Column("机构类别", "category", CODE, codes=codesets.UNIT_CATEGORY),
        Column("机构级别", "grade", CODE, codes=codesets.UNIT_GRADE),
        Column("隶属关系", "subordination", CODE, codes=codesets.SUBORDINATION),
        Column("设立日期", "opened_on", DATE, required=True),
    ),
    LINES: (
        Column("单位编码", "unit_code", IDENTIFIER, required=True),
        Column("类型", "kind", WORD, required=True, codes=codesets.KIND),
        Column("编制类型代码", "category", CODE, codes=codesets.CATEGORY),
        Column("经费形式", "funding", CODE, codes=codesets.FUNDING),
        Column("结构", "structure", WORD, codes=codesets.STRUCTURE),
        Column("范围编码", "scope_code", IDENTIFIER),
        Column("正副职", "role", WORD, codes=codesets.ROLE),
        Column("职务层次", "level", CODE, codes=codesets.LEVEL),
        Column("核定数", "authorised", COUNT),
        Column("文号", "document_no", required=True),
        Column("发文机关", "issuer", required=True),
        Column("生效日期", "effective_on", DATE, required=True),
    ),
    PEOPLE: (
        Column("单位编码", "unit_code", IDENTIFIER, required=True),
        Column("内设机构编码", "department_code", IDENTIFIER),
        Column("姓名", "name", TEXT, required=True),
        Column("证件类型", "id_type", WORD, required=True, codes=codesets.ID_TYPE),
        Column("证件号码", "id_number", ID_NUMBER, required=True),
        Column("性别", "sex", CODE, required=True, codes=codesets.SEX),
        Column("出生日期", "birth_on", DATE, required=True),
        Column("民族", "ethnicity", CODE, codes=codesets.ETHNICITY),
        Column("政治面貌", "political", CODE, codes=codesets.POLITICAL),
        Column("学历", "education", CODE, codes=codesets.EDUCATION),
        Column("学位", "degree", CODE, codes=codesets.DEGREE),
        Column("籍贯", "native_place"),
        Column("参加工作时间", "work_started_on", DATE),
        Column("编制类型代码", "category", CODE, required=True, codes=codesets.CATEGORY),
        Column("经费形式", "funding", CODE, required=True, codes=codesets.FUNDING),
        Column("结构", "structure", WORD, codes=codesets.STRUCTURE),
        Column("入编日期", "started_on", DATE, required=True),
        Column("入编方式", "entry_way", CODE, codes=codesets.ENTRY_WAY),
        Column("职务层次", "level", CODE, codes=codesets.LEVEL),
        Column("职级", "rank", CODE, codes=codesets.RANK),
        Column("存疑证明", "proof"),
    ),
    LEADERS: (
        Column("单位编码", "unit_code", IDENTIFIER, required=True),
        Column("范围编码", "scope_code", IDENTIFIER),
        Column("正副职", "role", WORD, required=True, codes=codesets.ROLE),
        Column("职务层次", "level", CODE, codes=codesets.LEVEL),
        Column("证件号码", "id_number", ID_NUMBER, required=True),
        Column("姓名", "name", TEXT, required=True),
        Column("任职日期", "started_on", DATE, required=True),
        Column("主职", "main", WORD, required=True, codes=codesets.YES_NO),
        Column("任职性质", "nature", WORD, required=True, codes=codesets.NATURE_OF_POST),
        Column("占编单位", "home_unit"),
    ),
}

LEGAL_REQUIRED = ("nature", "category", "grade", "subordination")
"""What a legal body must state beyond the columns required of every node."""

LINE_REQUIRED = {"establishment": ("category", "funding"), "leadership": ("role",)}
"""What each kind of line must state beyond the columns required of every line."""

HEADERS = {sheet: tuple(column.header for column in columns) for sheet, columns in LAYOUT.items()}
HEADER_OF = {sheet: {column.field: column.header for column in columns} for sheet, columns in LAYOUT.items()}
