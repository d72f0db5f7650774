"""Telephone numbers of Korea, in national format."""

from __future__ import annotations

import re

from refillspot.parsing.text import plain_text

_GAP = r"[ .\-]{0,3}"
_AREA = r"50[2-8]|2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|80|1[016-9]"  # the leading 0 apart: it is often lost
# The heads in use; a year or an opening time ("1600-2200") mostly is none of them.
_NATIONWIDE = r"15(?:22|33|44|66|77|88|99)|16(?:00|44|6[0168]|70|88)|18(?:00|11|33|44|55|66|77|99)"
_NUMBER = re.compile(
    rf"""(?<![0-9])(?<![0-9][.\-])
    (?:
        (?P<prefix>\+?82{_GAP}(?:\(0\))?0?|\(?0?){_GAP}
        (?P<area>{_AREA})(?P<after>\)?{_GAP})(?P<exchange>[1-9][0-9]{{2,3}}){_GAP}(?P<line>[0-9]{{4}})
      | (?P<nationwide>{_NATIONWIDE})[ .\-]{{0,3}}(?P<nationwide_line>[0-9]{{4}})
    )(?![0-9])""",
    re.VERBOSE,
)


def parse_phone(text: str) -> str | None:
    """Return the first good number in `text`, "02-555-1234"; None when there is none.

    Reads landlines, mobiles, 050x virtual numbers (also without their leading 0), 15xx-18xx and "+82 2 555 1234".
    """
    for match in _NUMBER.finditer(plain_text(text)):
        if nationwide := match["nationwide"]:
            return f"{nationwide}-{match['nationwide_line']}"
        # Without 0 and without a gap these are just nine digits, no number to call.
        if match["prefix"].strip("(") or match["after"]:
            return f"0{match['area']}-{match['exchange']}-{match['line']}"
    return None
