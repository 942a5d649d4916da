"""建库 by people: one member of 编办 brings a file in, another decides; regions see their own files only."""

import io
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.exchange.roster import WorkbookRefused, loads, read_content
from app.exchange.roster.layout import HEADERS
from app.ledger.verify import Verifier
from app.views import intake
from tests.data.make_cases import Book
from tests.exchange.roster.test_bad_input import small, wrong_digit
from tests.security.conftest import Client
from tests.world import World

Open = Callable[..., Client]


@pytest.fixture(scope="module", autouse=True)
def people(world: World) -> None:
    for name in ("jia", "yi"):
        world.account(name, "office_member", office=("establishment", "440600"))
        world.account(f"shunde_{name}", "office_member", office=("establishment", "440606"))
    world.account("zuzhi", "office_member", office=("organisation", "440600"))
    world.account("nanhai", "office_member", office=("establishment", "440605"))


def bring(user: Client, book: Book | bytes, tmp_path: Path, name: str = "名册.xlsx") -> Any:
    content = book.save(tmp_path).read_bytes() if isinstance(book, Book) else book
    user.get("/intake/")
    return user.post("/intake/", {"file": (io.BytesIO(content), name)}, content_type="multipart/form-data")


def brought(user: Client, book: Book, tmp_path: Path) -> str:
    answer = bring(user, book, tmp_path)
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return str(answer.location)


def page(user: Client, path: str) -> str:
    answer = user.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def two_units(name: str) -> Book:
    """A body, one below it, and one with an error."""
    book = small(name, quota=1, people=3)
    book.unit("C", f"下属{name}中心", parent="U")
    book.line("C", "11", 2)
    book.person("C", "11")
    book.unit("W", f"有误{name}局")
    book.line("W", "11", 2)
    book.person("W", "11")
    book.rows["人员"][-1]["出生日期"] = "1950-01-01"
    return book


def test_a_file_enters_only_by_a_second_officials_word_unit_by_unit(world: World, client: Open, tmp_path: Path) -> None:
    book = two_units("双签")
    one, two = client("jia"), client("yi")
    path = brought(one, book, tmp_path)
    shown = page(one, path)
    assert "有误双签局" in shown
    assert "第 6 行“出生日期”" in shown
    assert shown.count(" 人") == 2  # of the unit held back no count is given: not all of its rows could be read
    assert "超编" in shown
    assert world.value("SELECT count(*) FROM unit WHERE name LIKE '%双签%'") == 0
    # Before it is filed nobody decides; then not the one who filed.
    page(two, path)
    assert two.post(f"{path}/approve", {"opinion": "同意"}).status_code == 409
    assert one.post(f"{path}/file").status_code == 302
    assert f"{path}/approve" not in page(one, path)
    assert one.post(f"{path}/approve", {"opinion": "同意"}).status_code == 403
    assert world.value("SELECT count(*) FROM unit WHERE name LIKE '%双签%'") == 0
    assert f"{path}/approve" in page(two, path)
    assert two.post(f"{path}/approve", {"opinion": ""}).status_code == 422
    assert two.post(f"{path}/approve", {"opinion": "同意建库"}).status_code == 302
    done = page(two, path)
    assert "已复核入库" in done
    parent = "SELECT p.name FROM unit u JOIN unit p ON p.id = u.parent_id WHERE u.name = '下属双签中心'"
    assert world.value(parent) == "坏例双签局"
    assert world.value("SELECT count(*) FROM unit WHERE name = '有误双签局'") == 0
    assert world.value("SELECT count(*) FROM alarm a JOIN unit u ON u.id = a.unit_id WHERE u.name = '坏例双签局'") == 1
    states = "SELECT string_agg(state, ',' ORDER BY id) FROM import_batch WHERE unit_name LIKE '%双签%'"
    assert world.value(states) == "entered,quarantine,entered"
    cases = "SELECT string_agg(DISTINCT a.state || left(a.number, 2), '') FROM application a JOIN import_batch b ON b.case_id = a.id WHERE b.unit_name LIKE '%双签%'"
    assert world.value(cases) == "doneJK"
    assert two.post(f"{path}/approve", {"opinion": "再来"}).status_code == 409
    case = world.value("SELECT max(case_id) FROM import_batch WHERE unit_name = '下属双签中心'")
    assert "同意建库" in page(one, f"/case/{case}")
    with world.superuser.connect() as connection:
        assert list(Verifier(connection, world.keys).findings()) == []


def test_no_identity_number_is_kept_in_clear(world: World, client: Open, tmp_path: Path) -> None:
    book = two_units("密存")
    path = brought(client("jia"), book, tmp_path)
    client_ = client("jia")
    client_.get(path)
    client_.post(f"{path}/file")
    numbers = [str(row["证件号码"]) for row in book.rows["人员"]]
    with world.superuser.connect() as connection:
        for table in ("intake", "import_batch", "application", "case_facts", "application_event", "audit_event"):
            kept = str(connection.execute(text(f"SELECT * FROM {table}")).all())
            assert [n for n in numbers if n in kept] == [], table
    assert [n for n in numbers if n in page(client_, path)] == []


def test_a_rejected_or_withdrawn_file_leaves_nothing_but_its_record(world: World, client: Open, tmp_path: Path) -> None:
    one, two = client("jia"), client("yi")
    for step, state in (("reject", "rejected"), ("withdraw", "withdrawn")):
        path = brought(one, small(f"不入{step}"), tmp_path)
        page(one, path)
        one.post(f"{path}/file")
        page(two, path)
        assert two.post(f"{path}/{step}", {"opinion": "数字不符"}).status_code == 302
        name = f"坏例不入{step}局"
        assert world.row("SELECT state, batch FROM import_batch WHERE unit_name = :n", n=name) == (state, None)
        case = "SELECT a.state, r.status FROM import_batch b JOIN application a ON a.id = b.case_id JOIN case_record r ON r.case_id = a.id WHERE b.unit_name = :n"
        assert world.row(case, n=name) == (state, "closed")
        assert world.value("SELECT count(*) FROM unit WHERE name = :n", n=name) == 0


def test_a_case_withdrawn_on_its_own_page_hinders_no_step_of_its_file(
    world: World, client: Open, tmp_path: Path
) -> None:
    one, two = client("jia"), client("yi")
    for step, left in (("reject", "rejected"), ("approve", "quarantine")):
        path = brought(one, small(f"单撤{step}"), tmp_path)
        page(one, path)
        one.post(f"{path}/file")
        case = world.value("SELECT max(case_id) FROM import_batch")
        page(one, f"/case/{case}")
        assert one.post(f"/case/{case}/act?kind=withdraw").status_code == 302
        page(two, path)
        assert two.post(f"{path}/{step}", {"opinion": "意见"}).status_code == 302
        assert world.value("SELECT state FROM import_batch WHERE case_id = :c", c=case) == left
        assert world.value("SELECT count(*) FROM unit WHERE name = :n", n=f"坏例单撤{step}局") == 0
        page(two, path)


def test_two_files_with_one_person_filed_at_once_enter_him_once(world: World, client: Open, tmp_path: Path) -> None:
    first, second = small("先批", people=1), small("后批", people=1)
    second.rows["人员"][0] = {**first.rows["人员"][0]}
    one, two = client("jia"), client("yi")
    paths = [brought(one, book, tmp_path) for book in (first, second)]
    for path in paths:
        page(one, path)
        assert one.post(f"{path}/file").status_code == 302
    for path in paths:
        page(two, path)
        assert two.post(f"{path}/approve", {"opinion": "同意"}).status_code == 302
    assert world.value("SELECT count(*) FROM unit WHERE name IN ('坏例先批局', '坏例后批局')") == 1
    held = page(two, paths[1])
    assert "“人员”表第 2 行“证件号码”" in held
    assert "已在 坏例先批局 占编" in held
    status = "SELECT r.status FROM import_batch b JOIN case_record r ON r.case_id = b.case_id WHERE b.unit_name = '坏例后批局'"
    assert world.value(status) == "closed"


def test_two_files_with_one_person_approved_in_parallel_enter_him_once(
    world: World, client: Open, tmp_path: Path
) -> None:
    first, second = small("并甲", people=1), small("并乙", people=1)
    second.rows["人员"][0] = {**first.rows["人员"][0]}
    one = client("jia")
    ids = []
    for book in (first, second):
        path = brought(one, book, tmp_path)
        page(one, path)
        assert one.post(f"{path}/file").status_code == 302
        ids.append(int(path.rsplit("/", 1)[1]))
    identity = world.identity("yi")
    start = threading.Barrier(2)

    def go(intake_id: int) -> None:
        start.wait()
        list(loads.approve(world.database, identity, intake_id, "同意", "local"))

    threads = [threading.Thread(target=go, args=(i,)) for i in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    states = "SELECT string_agg(state, ',' ORDER BY state) FROM import_batch WHERE unit_name LIKE '坏例并_局'"
    assert world.value(states) == "entered,quarantine"
    assert world.value("SELECT count(*) FROM unit WHERE name LIKE '坏例并_局'") == 1


def test_a_district_loads_its_own_region_only_and_others_do_not_see_its_files(
    world: World, client: Open, tmp_path: Path
) -> None:
    book = small("区属")
    for row in book.rows["单位"]:
        row["行政区划代码"] = "440606"
    foreign = Book("越区")
    foreign.unit("X", "越区局", "440605")
    shunde = client("shunde_jia")
    assert "440605" in page(shunde, brought(shunde, foreign, tmp_path))
    path = brought(shunde, book, tmp_path)
    page(shunde, path)
    assert shunde.post(f"{path}/file").status_code == 302
    # The city sees, but the district's own office decides; another district and another office see nothing.
    city = client("jia")
    assert "坏例区属局" in page(city, path)
    assert city.post(f"{path}/approve", {"opinion": "同意"}).status_code == 403
    nanhai = client("nanhai")
    for tail in ("", "/errors"):
        assert nanhai.get(path + tail).status_code == 404
    assert nanhai.post(f"{path}/approve", {"opinion": "同意"}).status_code == 404
    assert "区属" not in page(nanhai, "/intake/")
    zuzhi = client("zuzhi")
    for tail in ("/intake/", "/intake/template", path, f"{path}/errors"):
        assert zuzhi.get(tail).status_code == 403
    for user in ("zuzhi", "nanhai"):
        with world.database.transaction(world.identity(user)) as session:
            assert session.execute(text("SELECT count(*) FROM import_batch")).scalar_one() == 0
            assert session.execute(text("SELECT count(*) FROM intake")).scalar_one() == 0
    second = client("shunde_yi")
    page(second, path)
    assert second.post(f"{path}/approve", {"opinion": "同意"}).status_code == 302
    assert world.value("SELECT region_code FROM unit WHERE name = '坏例区属局'") == "440606"


def test_a_body_in_the_ledger_is_named_as_parent_by_its_credit_code(world: World, client: Open, tmp_path: Path) -> None:
    from stdnum.cn import uscc

    body = "11440600MB2C0000"
    code = next(
        c for c in (body + d + e for d in "0123456789" for e in "0123456789ABCDEFGHJKLMNPQRTUWXY") if uscc.is_valid(c)
    )
    above, below = small("母体"), small("子体")
    above.rows["单位"][0]["统一社会信用代码"] = code
    below.rows["单位"][0]["上级编码"] = code
    one, two = client("jia"), client("yi")
    for book in (above, below):
        path = brought(one, book, tmp_path)
        page(one, path)
        assert one.post(f"{path}/file").status_code == 302
        page(two, path)
        assert two.post(f"{path}/approve", {"opinion": "同意"}).status_code == 302
    parent = "SELECT p.name FROM unit u JOIN unit p ON p.id = u.parent_id WHERE u.name = '坏例子体局'"
    assert world.value(parent) == "坏例母体局"


def test_what_is_no_roster_is_refused_with_the_reason_and_leaves_nothing(
    world: World, client: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = client("jia")
    before = world.value("SELECT count(*) FROM intake")
    for content, says in (
        (b"%PDF-1.7", "不是 .xlsx"),
        (b"", "不是 .xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "口令"),
        (b"PK\x03\x04" + bytes(intake.MOST_BYTES), "超过 10 MB"),
    ):
        answer = bring(user, content, tmp_path)
        assert answer.status_code == 422
        assert says in answer.get_data(as_text=True)
    assert bring(user, bytes(21 * 1024 * 1024), tmp_path).status_code == 413
    user.get("/intake/")
    assert user.post("/intake/", {}, content_type="multipart/form-data").status_code == 422
    monkeypatch.setattr(intake, "MOST_ROWS", 3)
    answer = bring(user, small("过多"), tmp_path)
    assert answer.status_code == 422
    assert "最多 3 行" in answer.get_data(as_text=True)
    with intake.alone():  # somebody else's file is being read
        assert bring(user, small("忙时"), tmp_path).status_code == 503
    assert world.value("SELECT count(*) FROM intake") == before


def test_the_template_has_the_headers_and_lists_and_is_itself_readable(client: Open) -> None:
    content = client("jia").get("/intake/template").get_data()
    with pytest.raises(WorkbookRefused) as refused:
        read_content(content)
    assert refused.value.reason == "no_rows"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        people = archive.read("xl/worksheets/sheet3.xml").decode()
    lists = sum(c.kind in ("code", "word") for c in intake.LAYOUT["人员"])
    assert people.count("<dataValidation ") == lists
    assert len(HEADERS["人员"]) > lists > 0


def test_the_errors_come_as_a_workbook_by_sheet_row_and_column(client: Open, tmp_path: Path) -> None:
    from python_calamine import CalamineWorkbook

    book = small("差错表")
    wrong_digit(book)
    number = str(book.rows["人员"][0]["证件号码"])
    user = client("jia")
    path = brought(user, book, tmp_path)
    content = user.get(f"{path}/errors").get_data()
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert rows[1][1:4] == ["人员", "2", "证件号码"]
    assert "校验位" in str(rows[1][5])
    assert number not in str(rows)
