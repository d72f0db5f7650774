"""A week in one line, as owners type it: "매일 11:00 - 22:00(토,일 12:00 - 21:00) / 매주 월요일 휴무"."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from replica.hours import Week

LETTERS = "월화수목금토일"
# {times} is what is open, {off} the weekly closing, where there is one.
SHAPES = (
    "{times} / {off}", "{off} {times}", "{off}, {times}", "{times}({off})", "{times} {off}", "{off} | {times}",
    "{off}. {times}", "{off}<br>{times}", "{times} / {off} / 명절 당일 휴무", "{times} / {off}, 명절 휴무",
    "{times} / 정기휴무: {day}요일",
    "{times} / 정기휴무 (매주 {day}요일)", "명절 휴무 {times} / {off}",
)  # fmt: skip
# With no weekly closing; none of them takes a weekday away.
ALWAYS = (
    "{times}", "{times} / 연중무휴", "{times} / 명절 당일 휴무", "명절 휴무 {times}", "공휴일 휴무 {times}",
    "{times}(명절 10:00 - 17:00)", "{times} / 명절 휴무 확인 후 방문", "{times} / 매월 15일 휴무",
    "{times} / 여름휴가 8월 3일~6일", "{times} / 비정기휴무",
)  # fmt: skip
OFF = ("매주 {}요일 휴무", "{}요일 휴무", "매주 {}요일 정기휴무", "{}요일은 쉽니다")
BREAKS = ("({} - {} 브레이크타임)", "(쉬는시간 {}~{})", "(휴식{} - {})", " 브레이크타임 {}~{}", "({} {} 브레이크타임)")
FORMS = len(SHAPES) * len(OFF) * len(BREAKS)


def write_line(week: Week) -> str:
    """Return the line; `week.form` counts from 1."""
    shape, rest = divmod(week.form - 1, len(OFF) * len(BREAKS))
    off, pause = divmod(rest, len(BREAKS))
    closed = [LETTERS[day] for day, span in enumerate(week.spans) if not span]
    times = _write_times(week, BREAKS[pause])
    if len(closed) != 1:
        return ALWAYS[shape % len(ALWAYS)].format(times=times)
    return SHAPES[shape].format(times=times, off=OFF[off].format(closed[0]), day=closed[0])


def _write_times(week: Week, pause: str) -> str:
    days, ends = (next(span for span in spans if span) for spans in (week.spans[:5], week.spans[5:]))
    pause = pause.format(*week.break_time) if week.break_time else ""
    last = f"(라스트오더 {week.last_order})" if week.last_order else ""
    if ends == days:
        return f"매일 {days[0]} - {days[1]}{pause}{last}"
    return (
        f"평일 {days[0]} - {days[1]}{pause}{last} 주말 {ends[0]} - {ends[1]}{pause}{last if ends[1] == days[1] else ''}"
    )
