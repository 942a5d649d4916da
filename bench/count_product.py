"""SQL statements of each page of the product (counting.py), those that the peers do not have too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from counting import count
from peers import SEARCHED, pages, product_server

from app.cli import demo
from wsgi import create_app

OWN = {"home": ("clerk", "/"), "queue": ("bianban", "/queue"), "ledger": ("bianban", "/ledger")}

count(create_app, pages(product_server("", Path(), SEARCHED, demo.PASSWORD)) | OWN, demo.PASSWORD)
