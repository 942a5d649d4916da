"""句子: the English message id of every code, and its Chinese."""

from __future__ import annotations


def N_(message: str) -> str:  # noqa: N802 - the keyword by which the catalogue finds the message
    """Mark a message for the catalogue."""
    return message


PLACE = N_("%(sheet)s, row %(row)s, %(column)s: ")
JOIN = N_("%(sheet)s row %(row)s")

ERRORS = {
    "required": N_("the cell is empty, but this column is required; please fill it in."),
    "formula_cell": N_("a formula stands here; its value may be out of date. Please paste it as a value."),
    "failure_cell": N_("an error value of the spreadsheet stands here; please enter the value itself."),
    "extra_cell": N_("“%(found)s” stands right of the last column and is not read; please remove it."),
    "number_cell": N_("a number stands here, so digits may be lost; please format as text and enter it anew."),
    "stray_blank": N_("“%(found)s” has blanks or unseen characters at its ends; please remove them."),
    "inner_blank": N_("“%(found)s” has a blank inside, so it could not be found; please remove it."),
    "name_dot": N_("“%(found)s”: the dot stands once between two parts of a name; please correct it."),
    "name_private": N_("“%(found)s” has a home-made character; please enter it by its GB 18030 code."),
    "name_length": N_("“%(found)s” is no full name: 2 to 50 characters are allowed. Please correct it."),
    "name_letters": N_(
        "“%(found)s” is no full name: Chinese characters and the dot “·” are allowed. Please write it as on the card."
    ),
    "too_deep": N_("“%(found)s” lies more than %(allowed)s levels deep; please check the parents."),
    "too_long": N_("the text is longer than %(allowed)s characters; please shorten it."),
    "bad_identifier": N_("“%(found)s” is no code; only %(allowed)s may occur. Please correct it."),
    "unknown_code": N_("“%(found)s” is not in the code list; please choose one of: %(allowed)s."),
    "bad_count": N_("“%(found)s” is no count; a whole number or nothing (not authorised) is allowed."),
    "bad_date": N_("“%(found)s” is not a date; please write it as %(allowed)s."),
    "future_date": N_("%(found)s has not come yet (%(allowed)s); an opening state is of today or earlier."),
    "before_sixteen": N_("%(found)s lies before the sixteenth birthday (%(allowed)s); please check both dates."),
    "before_opening": N_("%(found)s lies before the unit was set up (%(allowed)s); please check both dates."),
    "bad_uscc": N_("“%(found)s” is no unified social credit code; please copy it from the certificate."),
    "not_applicable": N_("“%(found)s” has no meaning in a row of this kind; please empty the cell."),
    "id_length": N_("the document number %(found)s has the wrong length; please check it."),
    "id_characters": N_("the document number %(found)s has characters that cannot occur; please check it."),
    "id_checksum": N_(
        "the check digit of %(found)s does not hold; please check the number, or state the proof in 存疑证明."
    ),
    "id_birth": N_("the document number %(found)s holds no possible date of birth; please check it."),
    "id_birth_differs": N_(
        "the date of birth %(found)s differs from that in the document number (%(allowed)s); please check both."
    ),
    "id_sex_differs": N_(
        "the sex “%(found)s” differs from that in the document number (%(allowed)s); please check both."
    ),
    "duplicate_person": N_("%(found)s also stands in %(related)s; one person holds one seat. Keep one row."),
    "known_person": N_("%(found)s already holds a seat in %(allowed)s; apply for a transfer, or remove the row."),
    "known_unit": N_("“%(found)s” is in the ledger already (%(allowed)s); take its rows out of the file."),
    "duplicate_unit": N_("the code %(found)s also stands in %(related)s; each unit needs its own code."),
    "duplicate_line": N_("the same line also stands in %(related)s; please put them together into one row."),
    "duplicate_leader": N_("the same person and post also stand in %(related)s; please keep one row."),
    "two_main_posts": N_("the person has another main post in %(related)s; please mark one as main only."),
    "circular_parent": N_("above “%(found)s” one comes back to the unit itself; please correct the parent."),
    "unknown_unit": N_("the unit “%(found)s” is neither in the file nor in the system; please check the code."),
    "not_a_legal_unit": N_("“%(found)s” is a department; please enter the code of its legal unit."),
    "unknown_department": N_("“%(found)s” is no department of this unit; please check the code."),
    "line_missing": N_(
        "the unit has no quota line for this; add one to 编制 or correct this row. There are: %(allowed)s."
    ),
    "leader_without_seat": N_(
        "the leader holds no seat in this unit; add the person to 人员, or mark the post (%(allowed)s) with 占编单位."
    ),
    "home_unit_missing": N_("the leader takes no seat here; please say in 占编单位 where the seat is."),
    "name_differs": N_("the name “%(found)s” differs from the one with this number in %(related)s."),
}

FINDINGS = {
    "surplus": N_(
        "%(unit)s, %(key)s: authorised %(authorised)s, occupied %(occupied)s, surplus %(surplus)s; "
        "nobody may enter this line until it is absorbed."
    ),
    "not_authorised": N_(
        "%(unit)s, %(key)s: the number is not authorised (not 0), occupied %(occupied)s; please supply the document."
    ),
    "allotments_exceed": N_(
        "%(unit)s, %(key)s: departments were allotted %(allotted)s, more than the authorised %(authorised)s."
    ),
    "allotments_differ": N_(
        "%(unit)s, %(key)s: departments were allotted %(allotted)s of the authorised %(authorised)s."
    ),
    "id_unverified": N_(
        "%(sheet)s, row %(row)s: the check digit of the document number does not hold; accepted on proof (%(proof)s)."
    ),
    "parent_held": N_("%(unit)s is without error, but its parent %(parent)s is held; please mend that first."),
}

REFUSALS = {
    "no_file": N_("No file was chosen. Please choose an .xlsx workbook."),
    "too_large": N_("The file is larger than %(megabytes)s MB; please divide it by units."),
    "old_or_encrypted": N_(
        "The file is an old .xls or is protected by a password; please save it as .xlsx without one and choose it again."
    ),
    "hidden": N_("Sheet “%(sheet)s”: %(place)s is hidden. Please show all sheets, rows and columns, and check them."),
    "merged": N_("Sheet “%(sheet)s”: the cells %(place)s are merged. Please unmerge them and fill in each row."),
    "too_many_rows": N_(
        "The workbook has %(rows)s rows; a page takes %(limit)s. Please divide it by units, or have it loaded by the keeper."
    ),
    "not_a_workbook": N_("The file is no .xlsx workbook; please save it as .xlsx and choose it again."),
    "unpacks_too_large": N_("Unpacked the file exceeds %(megabytes)s MB; please divide it by units."),
    "zip_bomb": N_("The file unpacks to more than %(limit)s times its size and is not read."),
    "too_many_cells": N_("The workbook has more than %(limit)s cells; please divide it or remove stray cells."),
    "too_much_text": N_("The workbook holds more than %(limit)s characters; please divide it by units."),
    "encrypted": N_("The workbook is protected by a password; please save it without one."),
    "macros": N_("The workbook has macros; please save it as .xlsx without macros."),
    "entities": N_("The workbook declares XML entities, which no spreadsheet does; it is not read."),
    "broken_xml": N_("The workbook is damaged (%(part)s); please save it again."),
    "missing_sheet": N_("The sheet “%(sheet)s” is missing; please use the template."),
    "wrong_header": N_(
        "Sheet “%(sheet)s”, column %(column)s: “%(expected)s” is expected, “%(found)s” was found; use the template."
    ),
    "no_rows": N_("The workbook has no rows; please fill in the template."),
}

_CHINESE_ERRORS = {
    "known_person": "%(found)s 已在 %(allowed)s 占编；请改办调动，或删除此行。",
    "known_unit": "“%(found)s”已在台账中（%(allowed)s）；请从文件中删去该单位的各行。",
    "required": "此列必填，单元格为空；请补填。",
    "formula_cell": "此处是公式，其值可能已过时；请粘贴为数值后再导入。",
    "failure_cell": "此处是表格的出错值；请直接填写内容。",
    "extra_cell": "“%(found)s”在最后一列右侧，不会被读取；请删除。",
    "number_cell": "此处是数字格式，可能丢失数位；请设为文本格式后重新录入。",
    "stray_blank": "“%(found)s”首尾有空格或不可见字符；请删除。",
    "inner_blank": "“%(found)s”中间有空格，将查找不到；请删除空格。",
    "name_dot": "“%(found)s”中的间隔号应在两部分姓名之间且只有一个；请更正。",
    "name_private": "“%(found)s”含有自造字；请按 GB 18030 编码录入。",
    "name_length": "“%(found)s”不是完整的姓名，应为 2 至 50 个字；请更正。",
    "name_letters": "“%(found)s”不是完整的姓名，只能用汉字和间隔号“·”；请按证件所载填写。",
    "too_deep": "“%(found)s”的上级超过 %(allowed)s 层；请核对上级编码。",
    "too_long": "文字超过 %(allowed)s 个字；请缩短。",
    "bad_identifier": "“%(found)s”不是编码，只能含 %(allowed)s；请更正。",
    "unknown_code": "“%(found)s”不在代码表内；请从下列值中选择：%(allowed)s。",
    "bad_count": "“%(found)s”不是数额；只能填非负整数，未核定的请留空。",
    "bad_date": "“%(found)s”不是日期；请按 %(allowed)s 填写。",
    "future_date": "%(found)s 尚未到（应 %(allowed)s）；初始数据只能是今天或以前的情况。",
    "before_sixteen": "%(found)s 早于年满十六周岁之日（应 %(allowed)s）；请核对两个日期。",
    "before_opening": "%(found)s 早于单位设立日期（应 %(allowed)s）；请核对两个日期。",
    "bad_uscc": "“%(found)s”不是有效的统一社会信用代码；请按证书抄录。",
    "not_applicable": "“%(found)s”对这一行不适用；请清空此格。",
    "id_length": "证件号码 %(found)s 位数不对；请核对。",
    "id_characters": "证件号码 %(found)s 含有不应出现的字符；请核对。",
    "id_checksum": "证件号码 %(found)s 校验位不符；请核对号码，确属如此的请在“存疑证明”列写明依据。",
    "id_birth": "证件号码 %(found)s 中的出生日期不存在；请核对。",
    "id_birth_differs": "出生日期 %(found)s 与证件号码所载（%(allowed)s）不一致；请核对两处。",
    "id_sex_differs": "性别“%(found)s”与证件号码所示（%(allowed)s）不一致；请核对两处。",
    "duplicate_person": "%(found)s 与 %(related)s 重复；一人一编，请只保留一行。",
    "duplicate_unit": "单位编码 %(found)s 与 %(related)s 重复；每个单位须有各自的编码。",
    "duplicate_line": "同一编制线与 %(related)s 重复；请合并为一行。",
    "duplicate_leader": "同一人同一职务与 %(related)s 重复；请只保留一行。",
    "two_main_posts": "此人在 %(related)s 另有主职；只能有一个主职，请更正。",
    "circular_parent": "从“%(found)s”向上又回到本单位；请更正上级编码。",
    "unknown_unit": "单位“%(found)s”不在本表，也不在系统内；请核对编码。",
    "not_a_legal_unit": "“%(found)s”是内设机构；请填其所属法人单位的编码。",
    "unknown_department": "“%(found)s”不是本单位的内设机构；请核对编码。",
    "line_missing": "本单位没有相应的编制线；请在“编制”表补上，或更正此行。现有：%(allowed)s。",
    "leader_without_seat": "此人在本单位没有占编；请在“人员”表补上，或注明任职性质（%(allowed)s）并填占编单位。",
    "home_unit_missing": "此人不占本单位编制；请在“占编单位”列写明其编制所在单位。",
    "name_differs": "姓名“%(found)s”与 %(related)s 同一证件号码的姓名不一致；请核对。",
}

_CHINESE_FINDINGS = {
    "surplus": ("%(unit)s %(key)s：核定 %(authorised)s，实有 %(occupied)s，超编 %(surplus)s；消化完之前不得进人。"),
    "not_authorised": "%(unit)s %(key)s：未核定（不等于 0），实有 %(occupied)s；请补充批文。",
    "allotments_exceed": "%(unit)s %(key)s：内设机构合计 %(allotted)s，超过核定 %(authorised)s。",
    "allotments_differ": "%(unit)s %(key)s：内设机构合计 %(allotted)s，与核定 %(authorised)s 不相等。",
    "id_unverified": "%(sheet)s 第 %(row)s 行：证件号码校验位不符，凭证明（%(proof)s）暂予收录，标为未核验。",
    "parent_held": "%(unit)s 本身无误，但上级 %(parent)s 被暂存；请先更正上级。",
}

_CHINESE_REFUSALS = {
    "no_file": "没有选择文件；请选择 .xlsx 工作簿。",
    "too_large": "文件超过 %(megabytes)s MB；请按单位拆分后再导入。",
    "old_or_encrypted": "文件是旧版 .xls，或设有打开口令；请取消口令，另存为 .xlsx 后重新选择。",
    "hidden": "工作表“%(sheet)s”中 %(place)s 被隐藏；请显示全部工作表、行、列，核对后再导入。",
    "merged": "工作表“%(sheet)s”中 %(place)s 是合并单元格；请取消合并，逐行填写。",
    "too_many_rows": "工作簿有 %(rows)s 行，网页一次最多 %(limit)s 行；请按单位拆分，或交管理员用命令导入。",
    "not_a_workbook": "文件不是 .xlsx 工作簿；请另存为 .xlsx 后重新选择。",
    "unpacks_too_large": "文件解压后超过 %(megabytes)s MB；请按单位拆分后再导入。",
    "zip_bomb": "文件解压后超过其大小的 %(limit)s 倍，不予读取。",
    "too_many_cells": "工作簿超过 %(limit)s 个单元格；请拆分，或删除零散的单元格。",
    "too_much_text": "工作簿超过 %(limit)s 个字；请按单位拆分后再导入。",
    "encrypted": "工作簿有口令保护；请取消口令后另存。",
    "macros": "工作簿含有宏；请另存为不含宏的 .xlsx。",
    "entities": "工作簿内声明了 XML 实体，正常表格不会如此，不予读取。",
    "broken_xml": "工作簿已损坏（%(part)s）；请重新保存。",
    "missing_sheet": "缺少工作表“%(sheet)s”；请使用模板。",
    "wrong_header": "工作表“%(sheet)s”%(column)s 列应为“%(expected)s”，实为“%(found)s”；请使用模板，勿改列。",
    "no_rows": "工作簿没有数据行；请按模板填写。",
}

CHINESE = {
    PLACE: "“%(sheet)s”表第 %(row)s 行“%(column)s”：",
    JOIN: "“%(sheet)s”表第 %(row)s 行",
    **{ERRORS[code]: sentence for code, sentence in _CHINESE_ERRORS.items()},
    **{FINDINGS[code]: sentence for code, sentence in _CHINESE_FINDINGS.items()},
    **{REFUSALS[code]: sentence for code, sentence in _CHINESE_REFUSALS.items()},
}
"""The Chinese of every message id."""
