"""`python -m tests.fuzz all --seconds 1800`: atheris leads bytes to where no input has been before.

A tool of its own, not a dependency: `pip install atheris==3.0.0` into an environment beside this project's. An input
that raises what is not documented, or takes more than its seconds of the processor, is kept in the directory and told;
the run goes on.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import atheris

with atheris.instrument_imports(include=["refillspot"]):
    from tests.fuzz.targets import TARGETS, seeds
from tests.parsing.hostile import KNOWN, vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

MOST_SECONDS = 5.0  # of the processor, for one input; code that counts its branches is some five times as slow
LONGEST = 20_000  # bytes
TELL_SECONDS = 60.0
NAMES = (
    "v_rid nm branch addr road_addr phone category lat lng score user_score review_cnt open_status image image_list "
    "poi_section total_cnt list params rcount keyword term restaurant rn categories detail menu price description best "
    "address tag facility status bhour bhour_seo duration time result_code result_data key images origin class= li.tel "
    "<li> </li> <ul> <div> <b> <h1> tit char tags Restaurant_MenuList Restaurant_Menu busi-hours l-txt r-txt @type "
    "hasMenu MenuItem offers servesCuisine localStorage.setItem( 'listData' DATABASE_URL= REDIS_URL= DB_PORT= export"
)


class TooSlowError(Exception):
    pass


@dataclass
class Figures:
    """What a run came to."""

    directory: Path
    began: float = field(default_factory=time.monotonic)
    told: float = 0.0
    runs: int = 0
    slowest: dict[str, tuple[float, int]] = field(default_factory=dict)
    """{target: seconds of the processor and bytes of its slowest input}."""
    findings: set[str] = field(default_factory=set)

    def note(self, name: str, data: bytes, seconds: float) -> None:
        self.runs += 1
        if seconds > self.slowest.get(name, (0.0, 0))[0]:
            self.slowest[name] = seconds, len(data)
            (self.directory / f"slowest-{name}").write_bytes(data)
        if time.monotonic() - self.told > TELL_SECONDS:
            self.told = time.monotonic()
            print(self, flush=True)

    def find(self, name: str, data: bytes, error: BaseException) -> None:
        place = traceback.extract_tb(error.__traceback__)[-1]
        what = f"{name}: {type(error).__name__} at {place.filename}:{place.lineno}"
        if what not in self.findings:
            self.findings.add(what)
            (self.directory / f"finding-{len(self.findings)}").write_bytes(data)
            print(f"{what}: {str(error)[:200]}", flush=True)

    def __str__(self) -> str:
        slowest = ", ".join(
            f"{name} {took:.2f} s ({size} bytes)" for name, (took, size) in sorted(self.slowest.items())
        )
        passed = time.monotonic() - self.began
        return f"{passed:.0f} s, {self.runs} executions, {len(self.findings)} findings; slowest: {slowest}"


def bounded(names: Sequence[str], figures: Figures) -> Callable[[bytes], None]:
    """Return what atheris calls: of several targets the first byte chooses one."""

    def run(data: bytes) -> None:
        number, body = (data[0] % len(names), data[1:]) if len(names) > 1 and data else (0, data)
        began = time.thread_time()
        signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)  # stops a regular expression too
        try:
            TARGETS[names[number]](body)
        except Exception as error:  # noqa: BLE001  # that is what is looked for
            figures.find(names[number], data, error)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            figures.note(names[number], data, time.thread_time() - began)

    return run


def too_slow(_number: int, _frame: FrameType | None) -> NoReturn:
    raise TooSlowError(f"more than {MOST_SECONDS:.0f} s of the processor")


def write_dictionary(path: Path) -> Path:
    words = [*NAMES.split(), *KNOWN, *vocabulary()]
    escaped = ("".join(rf"\x{byte:02x}" for byte in word.encode()) for word in words)
    path.write_text("".join(f'"{word}"\n' for word in escaped), "ascii")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=["all", *TARGETS])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--directory", type=Path, help="where findings and the slowest inputs are kept")
    given = parser.parse_args()
    names = list(TARGETS) if given.target == "all" else [given.target]
    directory = given.directory or Path(tempfile.mkdtemp(prefix="fuzz-"))
    corpus = directory / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        for seed_number, seed in enumerate(seeds(name)):
            (corpus / f"{name}-{seed_number}").write_bytes((bytes([number]) if len(names) > 1 else b"") + seed)
    signal.signal(signal.SIGPROF, too_slow)
    print(f"findings and slowest inputs: {directory}", flush=True)
    options = [f"-max_total_time={given.seconds}", f"-max_len={LONGEST}", "-len_control=0", "-timeout=120"]
    options += [f"-dict={write_dictionary(directory / 'words')}", f"-artifact_prefix={directory}/"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], bounded(names, Figures(directory)))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
