#!/usr/bin/env python3
"""Checks the code of a printed paper without the system that issued it.

    python verify_paper.py PUBLIC_KEY.pem "BZ1|…"      (or the text on standard input)

Needs Python 3.11 and the package cryptography, nothing else. Says what was signed, to be compared with the paper. That a
paper was not made void since, only the system's page /check/ knows. Exit status: 0 signed by this key, 1 not, 2 unreadable.
"""

import argparse
import base64
import sys
import unicodedata
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

LABELS = ("文书", "文号", "日期", "开具部门", "单位", "人员", "内容摘要")


def main() -> int:
    """Check one code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("key", type=Path)
    parser.add_argument("code", nargs="?")
    asked = parser.parse_args()
    key = load_pem_public_key(asked.key.read_bytes())
    said = asked.code if asked.code is not None else sys.stdin.read()
    parts = unicodedata.normalize("NFC", said).replace("\r", "").replace("\n", "").strip().split("|")
    if not isinstance(key, Ed25519PublicKey) or len(parts) != len(LABELS) + 2 or parts[0] != "BZ1":
        print("不是文书二维码的文字，或公钥不对。")  # noqa: T201
        return 2
    try:
        signature = base64.b64decode(parts[-1] + "=" * (-len(parts[-1]) % 4), altchars=b"-_", validate=True)
        key.verify(signature, "|".join(parts[:-1]).encode())
    except (InvalidSignature, ValueError):
        print("签名不符：内容被改动，或不是该系统开具。")  # noqa: T201
        return 1
    print("签名相符。")  # noqa: T201
    for label, value in zip(LABELS, parts[1:-1], strict=True):
        if value:
            print(f"{label}：{value}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
