"""Pages are sent compressed, whole, and of a length that tells nothing."""

import gzip

from flask import Flask, Response

from app.views.assets import SMALL, pack_page, packed_page

PAGE = ("<p>编制</p>" * 500).encode()


def test_a_packed_page_is_the_page_again() -> None:
    assert gzip.decompress(packed_page(PAGE)) == PAGE
    assert gzip.decompress(packed_page(b"")) == b""


def test_the_length_of_a_packed_page_changes_from_answer_to_answer() -> None:
    assert len({len(packed_page(PAGE)) for _ in range(60)}) > 10


def test_only_pages_are_packed_and_only_for_readers_who_take_it() -> None:
    app = Flask(__name__)
    for accepted, body, kind, packed in (
        ("gzip, br", PAGE, "text/html", True),
        ("", PAGE, "text/html", False),
        ("gzip", PAGE[:SMALL], "text/html", False),
        ("gzip", PAGE, "application/json", False),
    ):
        with app.test_request_context(headers={"Accept-Encoding": accepted}):
            answer = pack_page(Response(body, mimetype=kind))
        assert (answer.headers.get("Content-Encoding") == "gzip") is packed, (accepted, kind)
        assert int(answer.headers["Content-Length"]) == len(answer.get_data())
        if packed:
            assert gzip.decompress(answer.get_data()) == body
