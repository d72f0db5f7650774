"""How fast the replica is, and how long its long answers hold up others: `python -m bench.replica_speed 10000`.

What follows the number of stores is passed on to the replica, such as `--prerender`.

Needs wrk. A list in five requests, store pages in random order, each asked once as long as there are new ones.
"""

from __future__ import annotations

import http.client
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import quote, urlsplit

from refillspot.regions import districts

SECONDS = 8
WORDS = ("무한리필", "뷔페", "무제한", "샐러드바")
LUA = """local n,l,s=0,0,0
function request()
 n=n+1
 local h={["Content-Type"]="application/x-www-form-urlencoded"}
 if n%5==0 then l=l%#lists+1; return wrk.format("POST","/API/isearch/",h,lists[l]) end
 s=s%#refs+1
 return wrk.format("POST","/API/profile/",h,"v_rid="..refs[s])
end
"""


def main() -> None:
    number = int(sys.argv[1])
    command = [sys.executable, "-m", "replica", "--until-stdin-closes"]
    command += ["--refill-stores", str(number // 5), "--ordinary-stores", str(number - number // 5), *sys.argv[2:]]
    started = time.perf_counter()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if not process.stdin or not process.stdout:
            raise OSError("no pipes")
        url = next(word for word in process.stdout.readline().split() if word.startswith("http://"))
        say(f"{number} stores: start", f"{time.perf_counter() - started:.2f} s, RSS {read_rss(process.pid)}")
        refs = [store["ref"] for store in json.loads(read(url, "GET", "/_truth"))["stores"]]
        for label in ("cold", "warm"):
            say(f"wrk, {label}", run_wrk(url, refs))
        say("RSS after", read_rss(process.pid))
        hold(url, "log", "GET", "/_log")
        hold(url, "truth", "GET", "/_truth")
        hold(url, "clock, a year on", "POST", "/_clock", '{"days": 365}')
        hold(url, "changes of the year", "GET", "/_changes")
        process.stdin.close()


def run_wrk(url: str, refs: list[str]) -> str:
    lists = [
        f"query={quote(f'서울 {district.name} {dong.name} {word}')}&size=100&page=1"
        for district in districts()
        for dong in district.dongs
        for word in WORDS
    ]
    for texts in (refs, lists):
        random.Random(1).shuffle(texts)  # noqa: S311  # the same mix each time
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "mix.lua"
        texts = [
            f"{name}={{{','.join(map(json.dumps, texts))}}}\n" for name, texts in (("lists", lists), ("refs", refs))
        ]
        script.write_text("".join(texts) + LUA, encoding="utf-8")
        wrk = ["wrk", "-t1", "-c16", f"-d{SECONDS}s", "--latency", "-s", str(script), url]
        lines = subprocess.run(wrk, capture_output=True, text=True, check=True).stdout.splitlines()
    return "; ".join(
        " ".join(line.split()) for line in lines if "Requests/sec" in line or "99%" in line or "Non-2xx" in line
    )


def hold(url: str, label: str, method: str, path: str, body: str | None = None) -> None:
    """Say how long an answer takes, and the longest that another request waited meanwhile."""
    size = 0

    def ask() -> None:
        nonlocal size
        size = len(read(url, method, path, body))

    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    waits = []
    slow = threading.Thread(target=ask)
    started = time.perf_counter()
    slow.start()
    while slow.is_alive():
        asked = time.perf_counter()
        connection.request("GET", "/robots.txt")
        connection.getresponse().read()
        waits.append(time.perf_counter() - asked)
    took = time.perf_counter() - started
    connection.close()
    waited = f"others: {len(waits)} answered, median {sorted(waits)[len(waits) // 2] * 1000:.1f} ms"
    say(label, f"{size:,} bytes in {took:.2f} s; {waited}, longest {max(waits) * 1000:.1f} ms")


def read(url: str, method: str, path: str, body: str | None = None) -> bytes:
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    connection.request(method, path, body)
    answer = connection.getresponse().read()
    connection.close()
    return answer


def read_rss(process: int) -> str:
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return next(line.split(":")[1].strip() for line in lines if line.startswith("VmRSS"))


def say(what: str, figures: str) -> None:
    print(f"{what}: {figures}", flush=True)


if __name__ == "__main__":
    main()
