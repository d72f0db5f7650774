"""What other users of this machine can do to the embedded servers: nothing.  Only root can be a second user."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING

import psycopg
import pytest
import redis

from refillspot.exceptions import ServiceUnavailableError
from refillspot.services import embedded, ownership

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import psutil

    from refillspot.services import ServiceAddresses

    Processes = Callable[[Path], list[psutil.Process]]
    Execute = Callable[[ServiceAddresses, str], list[tuple[object, ...]]]

NEIGHBOURS = {"nobody": 65534, "another": 12345}
AS_NEIGHBOUR = """
import json, os, pathlib, signal, socket, sys
user, sockets, paths, pids = json.load(sys.stdin)
os.setgroups([]); os.setgid(user); os.setuid(user)

def connect(path):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)

def read(path):
    os.listdir(path) if os.path.isdir(path) else open(path, "rb").close()

def write(path):
    os.utime(path)

def kill(pid):
    os.kill(pid, 0)

tries = [(connect, path) for path in sockets] + [(way, path) for way in (read, write) for path in paths]
tries += [(kill, pid) for pid in pids]
tries += [(read, f"/proc/{pid}/{what}") for pid in pids for what in ("environ", "mem", "cwd", "fd", "root")]
done = []
for way, what in tries:
    try:
        way(what)
    except PermissionError:
        continue
    except OSError as error:
        done.append(f"{way.__name__} {what}: {error}")
    else:
        done.append(f"{way.__name__} {what}")
print(json.dumps(done))
"""

as_root = pytest.mark.skipif(
    getattr(os, "geteuid", int)() != 0 or sys.platform == "win32", reason="only root can be a second user"
)


@pytest.fixture(params=list(NEIGHBOURS.values()), ids=list(NEIGHBOURS))
def neighbour(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def everything(home: Path) -> list[Path]:
    return [home, *home.rglob("*")]


def family(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [one for process in processes for one in (process, *process.children())]


def tried_by(user: int, home: Path, processes: list[psutil.Process]) -> list[str]:
    """What a user could do of all that there is to try."""
    paths = everything(home)
    sockets = [str(path) for path in paths if path.is_socket()]
    assert len(sockets) == len(processes) == 3
    given = (user, sockets, [str(path) for path in paths], [process.pid for process in family(processes)])
    tried = subprocess.run(
        [sys.executable, "-c", AS_NEIGHBOUR], input=json.dumps(given), check=True, stdout=subprocess.PIPE, text=True
    )
    done: list[str] = json.loads(tried.stdout)
    return done


def open_to_all(*paths: Path) -> None:
    """Leave them as a restore from a backup without permissions does."""
    for path in paths:
        path.chmod(0o755 if path.is_dir() else 0o644)


@as_root
def test_a_neighbour_gets_nowhere(
    embedded_home: Path, embedded_addresses: ServiceAddresses, neighbour: int, processes: Processes
) -> None:
    assert embedded_addresses

    assert tried_by(neighbour, embedded_home, processes(embedded_home)) == []


@as_root
def test_nor_after_a_restore_that_left_all_open(home: Path, processes: Processes) -> None:
    embedded.up(home)
    embedded.down(home)
    open_to_all(home, *home.iterdir())

    embedded.up(home)

    done = {name: tried_by(user, home, processes(home)) for name, user in NEIGHBOURS.items()}
    assert done == {"nobody": [], "another": []}


@as_root
def test_under_root_no_server_has_the_files_of_root(home: Path, execute: Execute, processes: Processes) -> None:
    addresses = embedded.up(home)

    users = {user for process in family(processes(home)) for user in process.uids()}
    assert users == {ownership.server_id()}
    with pytest.raises(psycopg.errors.ExternalRoutineException):
        execute(addresses, "CREATE TABLE t (line text); COPY t FROM PROGRAM 'cat /etc/shadow'")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        execute(addresses, "SELECT pg_ls_dir('/root')")


@as_root
@pytest.mark.parametrize("owner", [0, 65534])
def test_data_of_an_earlier_run_by_another_account_still_serves(home: Path, execute: Execute, owner: int) -> None:
    addresses = embedded.up(home)
    execute(addresses, "CREATE TABLE kept AS SELECT 'row' AS what")
    with redis.Redis.from_url(addresses.redis_url) as client:
        client.set("kept", "key")
    embedded.down(home)
    home.chmod(0o755)
    for path in everything(home):
        os.chown(path, 0 if path == home else owner, 0 if path == home else owner, follow_symlinks=False)

    assert embedded.up(home) == addresses

    assert execute(addresses, "SELECT what FROM kept") == [("row",)]
    with redis.Redis.from_url(addresses.redis_url) as client:
        assert client.get("kept") == b"key"


@as_root
def test_where_no_other_account_may_enter_root_is_told(
    short_directory: Path, execute: Execute, caplog: pytest.LogCaptureFixture
) -> None:
    closed = short_directory / "closed"
    closed.mkdir(mode=0o700)
    home = closed / "home"
    try:
        addresses = embedded.up(home)

        assert execute(addresses, "SELECT 1") == [(1,)]
    finally:
        embedded.down(home)
    assert caplog.text.count("with the rights of root over all files") == 3


@as_root
def test_where_postgres_cannot_run_at_all_it_is_said(short_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("refillspot.services.postgres_server._has_user_namespaces", lambda: False)  # as in Docker
    closed = short_directory / "closed-too"
    closed.mkdir(mode=0o700)

    with pytest.raises(ServiceUnavailableError, match="refuses to run as root, and no other account can run it"):
        embedded.ensure_up(embedded.postgres(closed / "home"))


@as_root
@pytest.mark.parametrize("part", ["", "redis"])
def test_what_belongs_to_somebody_else_is_not_used(home: Path, part: str) -> None:
    (home / part).mkdir(parents=True)
    os.chown(home / part, 12345, 12345)

    with pytest.raises(ServiceUnavailableError, match=r"belongs to user 12345.*REFILLSPOT_HOME"):
        embedded.ensure_up(embedded.redis_queue(home))
    if not part:
        with pytest.raises(ServiceUnavailableError, match="belongs to user 12345"):
            embedded.down(home)
        os.chown(home, 0, 0)


@as_root
def test_a_link_that_somebody_else_has_put_there_is_not_followed(short_directory: Path) -> None:
    theirs, target = short_directory / "link", short_directory / "target"
    target.mkdir()
    theirs.symlink_to(target)
    os.chown(theirs, 12345, 12345, follow_symlinks=False)

    with pytest.raises(ServiceUnavailableError, match="link belongs to user 12345"):
        embedded.ensure_up(embedded.redis_queue(theirs / "home"))
    assert list(target.iterdir()) == []


@as_root
def test_what_somebody_else_could_plant_is_not_used(home: Path) -> None:
    (home / "redis").mkdir(parents=True)
    home.chmod(0o777)
    os.chown(home / "redis", 65534, 65534)

    with pytest.raises(ServiceUnavailableError, match=r"Other users could write to .*, and user nobody did"):
        embedded.ensure_up(embedded.redis_queue(home))


@as_root
@pytest.mark.parametrize("name", ["hard link", "symlink", "log", "lock"])
def test_no_file_of_root_gets_another_owner_or_content(home: Path, name: str) -> None:
    embedded.ensure_up(embedded.redis_queue(home))
    embedded.down(home)
    secret = home.parent / f"secret-{uuid.uuid4().hex}"
    secret.write_text("of root")
    planted = home / "redis" / name
    planted.unlink(missing_ok=True)
    planted.hardlink_to(secret) if name == "hard link" else planted.symlink_to(secret)

    with suppress(ServiceUnavailableError):
        embedded.ensure_up(embedded.redis_queue(home))

    assert (secret.stat().st_uid, secret.read_text()) == (0, "of root")
    planted.unlink()


def test_a_home_that_others_can_replace_is_not_used(home: Path) -> None:
    home.mkdir()
    home.chmod(0o777)

    with pytest.raises(ServiceUnavailableError, match=r"Anyone can replace .* with another directory.*chmod o-w"):
        embedded.ensure_up(embedded.redis_queue(home / "inner"))


def test_nor_is_it_the_worse_for_standing_beside_a_program_that_they_can_replace(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir()
    home.chmod(0o777)
    monkeypatch.setattr(ownership, "PROGRAM", home / "project/refillspot/services/ownership.py")

    assert embedded.ensure_up(embedded.redis_queue(home / "project"))
    embedded.down(home / "project")


def test_a_home_with_other_things_in_it_is_left_as_it_is(home: Path) -> None:
    home.mkdir()
    (home / "thesis.txt").touch()
    home.chmod(0o755)

    embedded.ensure_up(embedded.redis_queue(home))

    assert stat.S_IMODE(home.stat().st_mode) == 0o755
    assert stat.S_IMODE((home / "redis").stat().st_mode) == 0o700


def test_unless_others_could_write_into_it(home: Path) -> None:
    home.mkdir()
    (home / "thesis.txt").touch()
    home.chmod(0o775)

    with pytest.raises(ServiceUnavailableError, match=r"Other users can write to .*chmod go-w"):
        embedded.ensure_up(embedded.redis_queue(home))


def test_what_was_left_open_is_closed(home: Path) -> None:
    embedded.up(home)
    embedded.down(home)
    open_to_all(*everything(home))

    embedded.up(home)

    assert home.stat().st_mode & 0o007 == 0
    assert {path.stat().st_mode & 0o077 for path in (*home.glob("*"), home / "postgres/data")} == {0}
    assert {path.stat().st_mode & 0o777 for path in home.glob("*/log")} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in home.glob("*/*") if path.is_socket()} == {0o700}


def test_servers_learn_nothing_from_our_environment(
    home: Path, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("KAKAO_API_KEY", "DB_PASSWORD", "DATABASE_URL", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "a-secret")
    embedded.up(home)

    environments = [process.environ() for process in family(processes(home))]

    assert all("a-secret" not in environment.values() for environment in environments)


def test_no_server_listens_on_a_port(
    embedded_home: Path, embedded_addresses: ServiceAddresses, processes: Processes
) -> None:
    assert embedded_addresses

    assert [port for process in family(processes(embedded_home)) for port in process.net_connections("inet")] == []
