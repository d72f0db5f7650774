"""What people see: terminals of 80 columns, encodings that lack letters, pipes that nobody reads."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    from tests.crawl.conftest import Crawl

PRINTS = """
import sys
from refillspot.readable import prepare_streams, say
prepare_streams()
say("무한리필")
say("beside", file=sys.stderr)
sys.exit(3)
"""


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", ">&7", "2>&7", ">&7 2>&7"])
def test_nobody_reads_and_the_exit_code_is_the_usual_one(closed: str) -> None:
    """Streams are closed, or lead into a pipe whose reader has left."""
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        ["/bin/bash", "-c", f'exec 7>&{writing}; "$@" {closed}', "-", sys.executable, "-E", "-c", PRINTS],
        pass_fds=[writing], capture_output=True, text=True, check=False,
    )  # fmt: skip
    os.close(writing)

    assert ended.returncode == 3
    assert ended.stdout == ("" if closed.startswith(">") else "무한리필\n")
    assert ended.stderr == ("" if "2>" in closed else "beside\n")


def test_a_crawl_goes_on_whose_log_nobody_reads_any_more(crawl: Crawl, database_url: str) -> None:
    with crawl.start("-a", "district=금천구", "-a", "limit=3") as process:
        process.wait_for_line("Spider opened")
        process.stderr.close()
        assert process.wait() == 0

    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT state, stored FROM refillspot.crawls").fetchall() == [("complete", 3)]
