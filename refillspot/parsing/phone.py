"""Telephone numbers of Korea, in national format."""

from __future__ import annotations

import re

from refillspot.parsing.text import plain_text

_GAP = r"[ .·/\-]{0,3}"
_AREA = rf"50{_GAP}[2-8]|2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|80|1[016-9]"  # the leading 0 apart: it is often lost
# The heads in use; a year or an opening time ("1600-2200") mostly is none of them.
_NATIONWIDE = r"15(?:22|33|44|66|77|88|99)|16(?:00|44|6[0168]|70|88)|18(?:00|11|33|44|55|66|77|99)"
_NUMBER = re.compile(
    rf"""(?<![0-9])(?<![0-9][.\-])
    (?:
        (?P<prefix>(?:\+|00)?82{_GAP}(?:\(0\))?0?|\(?0?){_GAP}
        (?P<area>{_AREA})(?P<after>\)?{_GAP})(?P<exchange>[0-9]{{3,4}}){_GAP}(?P<line>[0-9]{{4}})
      | (?P<nationwide>{_NATIONWIDE})[ .\-]{{0,3}}(?P<nationwide_line>[0-9]{{4}})
    )(?![0-9])""",
    re.VERBOSE,
)
_BARE = re.compile(r"[0-9]{9,}")  # 0 and dashes lost, as a spreadsheet does; eight digits lack their area
_NOT_DIGITS = re.compile(r"[^0-9]")


def parse_phone(text: str) -> str | None:
    """Return the first good number in `text`, "02-555-1234"; None when there is none.

    Reads landlines, mobiles, 050x virtual numbers (also without their leading 0), 15xx-18xx and "+82 2 555 1234".
    """
    plain = plain_text(text)
    is_bare = bool(_BARE.fullmatch(plain))
    for match in _NUMBER.finditer(plain):
        if nationwide := match["nationwide"]:
            return f"{nationwide}-{match['nationwide_line']}"
        area, exchange = _NOT_DIGITS.sub("", match["area"]), match["exchange"]
        if not _is_exchange(area, exchange):
            continue
        # Without 0 and without a gap these are just nine digits, no number to call, unless they are all there is.
        if match["prefix"].strip("(") or match["after"] or is_bare:
            return f"0{area}-{exchange}-{match['line']}"
    return None


def _is_exchange(area: str, digits: str) -> bool:
    """Tell whether there can be such an exchange.

    Those of 010 have four digits, and may begin with 0; 010-0000-0000 stands for a number that is not known. Those of
    Seoul begin with neither 0 nor 1.
    """
    if area == "10":
        return len(digits) == 4 and digits != "0000"
    return digits[0] not in ("01" if area == "2" else "0")
