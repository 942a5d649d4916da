"""Tables to download: a workbook or CSV, in which no spreadsheet finds a formula to run."""

import csv
import io
from typing import Any

from flask import send_file

# What a cell begins with that a spreadsheet would run.
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")


def workbook(title: str, head: list[str], lines: list[list[Any]]) -> Any:
    """A workbook to download; text cells only, so no formula runs."""
    import xlsxwriter

    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"strings_to_formulas": False, "strings_to_urls": False})
    sheet, bold = book.add_worksheet(), book.add_format({"bold": True})
    for column, label in enumerate(head):
        cells = [str(line[column]) if line[column] is not None else "" for line in lines]
        sheet.set_column(column, column, min(40, 4 + 2 * max(map(len, [label, *cells[:200]]))))
        sheet.write_string(0, column, label, bold)
        for line, cell in enumerate(cells, 1):
            sheet.write_string(line, column, cell)
    sheet.freeze_panes(1, 0)
    book.close()
    buffer.seek(0)
    return send_file(
        buffer,
        download_name=f"{title}.xlsx",
        as_attachment=True,
        mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )


def download(title: str, head: list[str], lines: list[list[Any]], form: str) -> Any:
    """The same table as a workbook or as CSV in UTF-8 with its mark."""
    if form == "xlsx":
        return workbook(title, head, lines)
    cells = [["" if cell is None else str(cell) for cell in line] for line in lines]
    return send_file(as_csv(head, cells), download_name=f"{title}.csv", as_attachment=True, mimetype="text/csv")


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return "'" + cell if cell.startswith(RISKY) else cell


def as_csv(head: list[str], rows: list[list[str]]) -> io.BytesIO:
    """CSV in UTF-8 with its mark, as the usual spreadsheets expect it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(head)
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return io.BytesIO(out.getvalue().encode("utf-8-sig"))
