"""SQL statements of each page of the Flask-AppBuilder peer (counting.py)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "peer_fab"))
from counting import count
from peers import PASSWORD, SEARCHED, fab_server, pages

from app import create_app

count(create_app, pages(fab_server(Path(), SEARCHED)), PASSWORD)
