"""What a picture can write: the font that comes with matplotlib, and what else the machine has.

DejaVu has no Chinese, Japanese or Korean; a font that has is too large to ship. Known ones are used
where they are installed.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

_ALWAYS = "DejaVu Sans"
# Of the common systems: Linux distributions, macOS, Windows.
_OTHERS = (
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Noto Sans CJK KR",
    "Noto Sans JP",
    "Noto Sans SC",
    "Noto Sans KR",
    "Source Han Sans",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Droid Sans Fallback",
    "IPAGothic",
    "TakaoGothic",
    "VL Gothic",
    "UnDotum",
    "NanumGothic",
    "Hiragino Sans",
    "PingFang SC",
    "Apple SD Gothic Neo",
    "Arial Unicode MS",
    "Yu Gothic",
    "Meiryo",
    "Microsoft YaHei",
    "SimHei",
    "Malgun Gothic",
    "Nirmala UI",
    "Noto Sans Devanagari",
    "Noto Sans Bengali",
    "Noto Sans Tamil",
    "Noto Sans Thai",
)


class FontStack:
    """Made for one picture: fonts may be installed while the program runs."""

    def __init__(self) -> None:
        from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font

        installed = {entry.name for entry in fontManager.ttflist}
        self.families = [_ALWAYS, *(name for name in _OTHERS if name in installed)]
        self._signs: list[Collection[int]] = [
            get_font(findfont(FontProperties(family=name))).get_charmap() for name in self.families
        ]

    def has(self, text: str) -> bool:
        """Whether every sign of ``text`` can be written."""
        return all(
            sign.isspace() or any(ord(sign) in signs for signs in self._signs) for sign in text
        )

    def of_size(self, size: float) -> Any:
        """The font properties for a text of a size in points."""
        from matplotlib.font_manager import FontProperties

        return FontProperties(family=self.families, size=size)
