#!/usr/bin/env python3
"""Makes the font of printed papers from the one that npm brought (`make vendor`).

Kept: every character (all of GB 18030-2022's mandatory level and the 通用规范汉字表); dropped: hints, vertical metrics and
variants that a printed page of ours does not use. The licence goes along.
"""

import shutil
from pathlib import Path

from fontTools import subset

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "node_modules/@expo-google-fonts/noto-serif-sc"
TARGET = ROOT / "app/reports/fonts"
MAIN_BLOCK = range(0x4E00, 0x9FFF + 1)
EXTENSION_A = range(0x3400, 0x4DBF + 1)


def main() -> None:
    """Write the font and its licence."""
    options = subset.Options()
    options.hinting = False
    options.notdef_outline = True
    options.layout_features = ["kern", "locl", "ccmp"]
    options.name_IDs = ["*"]
    options.drop_tables += ["vmtx", "vhea", "STAT", "BASE", "prep", "gasp"]
    font = subset.load_font(str(PACKAGE / "400Regular/NotoSerifSC_400Regular.ttf"), options)
    characters = list(font.getBestCmap())
    missing = {*MAIN_BLOCK, *EXTENSION_A}.difference(characters)
    if missing:
        raise SystemExit(f"the font lacks {len(missing)} characters of GB 18030-2022, level 1")
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    TARGET.mkdir(parents=True, exist_ok=True)
    subset.save_font(font, str(TARGET / "NotoSerifSC-Regular.ttf"), options)
    shutil.copy(PACKAGE / "LICENSE_FONT", TARGET / "OFL.txt")


if __name__ == "__main__":
    main()
