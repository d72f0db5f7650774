"""`.env` as people write it: read as they mean it, or refused with the line."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from refillspot.exceptions import ConfigurationError
from refillspot.services.env_file import find_env_file, read_env_file
from refillspot.services.environment import VARIABLES, read_environment

if TYPE_CHECKING:
    from pathlib import Path

    from tests.programs import Launcher

SECRET = "s3cret"  # noqa: S105  # of a test

COMPOSE = {
    "VAR=VAL": "VAL",
    'VAR="VAL"': "VAL",
    "VAR='VAL'": "VAL",
    "VAR=VAL # comment": "VAL",
    "VAR=VAL# not a comment": "VAL# not a comment",
    'VAR="VAL # not a comment"': "VAL # not a comment",
    'VAR="VAL" # comment': "VAL",
    "VAR='$OTHER'": "$OTHER",
    "VAR='${OTHER}'": "${OTHER}",
    r"VAR='Let\'s go!'": "Let's go!",
    r'VAR="{\"hello\": \"json\"}"': '{"hello": "json"}',
    r'VAR="some\tvalue"': "some\tvalue",
    r"VAR='some\tvalue'": r"some\tvalue",
    "export VAR=VAL": "VAL",
}
"""The examples of docker compose's rules, https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/."""


def read(directory: Path, text: str | bytes) -> dict[str, str]:
    """Return the variables of this project that a `.env` says."""
    (directory / ".env").write_bytes(text if isinstance(text, bytes) else text.encode())
    return dict(read_environment({}, directory).values)


def refusal(directory: Path, text: str | bytes) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(directory, text)
    assert SECRET not in str(caught.value)
    return str(caught.value).replace(str(directory), "")


@pytest.mark.parametrize(("line", "value"), COMPOSE.items())
def test_what_docker_compose_documents_is_read_likewise(line: str, value: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(line, encoding="utf-8")

    assert read_env_file(tmp_path / ".env", VARIABLES).values == {"VAR": value}


@pytest.mark.parametrize(
    "password", ["pa#ss", "pa$$word#1", "it's", 'say "x"', "a b", "비밀 번호", r"back\slash", "=&?@:/"]
)
def test_any_password_in_single_quotes_is_itself(password: str, tmp_path: Path) -> None:
    quoted = password.replace("\\", "\\\\").replace("'", r"\'")

    assert read(tmp_path, f"REDIS_PASSWORD='{quoted}'  # of both\r\n") == {"REDIS_PASSWORD": password}


@given(st.lists(st.tuples(st.sampled_from(["FOO", "BAR", "BAZ"]), st.text(st.characters(codec="utf-8")))))
def test_what_is_read_is_what_python_dotenv_reads(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("dotenv") / ".env"
    path.write_bytes("\n".join(f"{name}={text}" for name, text in pairs).encode())
    try:
        values = read_env_file(path, VARIABLES).values
    except ConfigurationError:
        return

    theirs = dotenv_values(path, interpolate=False, encoding="utf-8-sig")

    assert values == {name: value for name, value in theirs.items() if value is not None}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"DB_HOST=db\n\n# x\nDB_PASSWORD='{SECRET}\n", 4),
        (f'DB_PASSWORD="{SECRET}\nDB_HOST=db\n', 1),
        (f"DB_HOST=db\n\n\nDB_PASSWORD='{SECRET}\nREDIS_PASSWORD='x'\n", 4),
        (f"FOO='{SECRET}\nDB_HOST=db\nBAR='\n", 1),  # python-dotenv reads one value of three lines
        (f"DB_PASSWORD='{SECRET}\nx'\n", 1),
        (f"DB_PASSWORD='{SECRET}' {SECRET}\n", 1),
        ("DB_HOST db\n", 1),
        ("DB_HOST\n", 1),
        ("\r\n\r\nDB_HOST: db\r\n", 3),
        ("set DB_HOST=db\n", 1),
        ('$env:DB_HOST="db"\n', 1),
        ("DB_HOST＝db\n", 1),
        (f"DB_HOST=db\nDB_PASSWORD={SECRET}\0\n", 2),
        ("\nDB_HOST=db\u200b\n", 2),  # copied from a page
        (f"DB_PASSWORD='{SECRET}\u202e'\n", 1),
        ("DB_HOST=db\u2028DB_PORT=1\n", 1),
        ("# 주석\nDB_HOST=서버\n".encode("cp949"), 1),
    ],
)
def test_a_line_that_cannot_be_read_is_an_error_with_its_number(text: str | bytes, line: int, tmp_path: Path) -> None:
    assert re.search(rf"\.env.* line {line}\b", refusal(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("db_host=x\n", "line 1: DB_HOST"),
        ("\nDB-HOST=x\n", "it is not NAME=value"),
        ("POSTGRES_PASSWORD=x\n", "POSTGRES_PASSWORD is not read; write DB_PASSWORD"),
        ("PGHOST=x\n", "PGHOST is not read; write DB_HOST"),
        ("REDIS_URI=redis://x\n", "REDIS_URI is not read; write REDIS_URL"),
        ("DATABASE_HOST=x\n", "DATABASE_HOST is not read; write DB_HOST"),
        ("PG_DATABASE=x\n", "PG_DATABASE is not read; write DB_NAME"),
        ("POSTGRES_URI=postgresql://x\n", "POSTGRES_URI is not read; write DATABASE_URL"),
        ("postgresql_user=x\n", "postgresql_user is not read; write DB_USER"),
        ("REDIS_DB=1\n", "REDIS_DB is not read; write REDIS_URL"),
        ("REDIS_CACHE_URL=redis://x\n", "REDIS_CACHE_URL is not read; write CACHE_REDIS_URL"),
        ("KAKAO_REST_API_KEY=x\n", "KAKAO_REST_API_KEY is not read; write KAKAO_API_KEY"),
        ("DATABSE_URL=postgresql://x\n", "DATABSE_URL is not read; write DATABASE_URL"),
    ],
)
def test_a_name_that_is_nearly_right_is_pointed_out(text: str, told: str, tmp_path: Path) -> None:
    assert told.replace("line 1: DB_HOST", "line 1: db_host is not read; write DB_HOST") in refusal(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        "DB_HOST=x\nPOSTGRES_HOST=x\nCOMPOSE_PROJECT_NAME=y\n",
        "DATABASE_URL=postgresql://x\nPGHOST=x\nPOSTGRES_IMAGE=postgres:15\n",
        "POSTGRES_HOST=\nFOO_HOST=x\nexport LANG\n",
        "POSTGRES_IMAGE=postgres:15\nPOSTGRES_INITDB_ARGS=x\nCACHE_REDIS_PORT=6381\nPGSSLMODE=require\n",
        'KEY="-----BEGIN\nmany lines\nEND-----"\n',
    ],
)
def test_names_of_others_are_left_alone(text: str, tmp_path: Path) -> None:
    read(tmp_path, text)


def test_what_is_not_read_in_the_environment_is_a_remark(tmp_path: Path) -> None:
    def remarks(**environ: str) -> tuple[str, ...]:
        return read_environment(environ, tmp_path).remarks

    assert remarks(PGHOST="x") == ("PGHOST in the environment is not read: write DB_HOST",)
    assert remarks(db_host="x") == ("db_host in the environment is not read: write DB_HOST",)
    assert remarks(PGHOST="x", DATABASE_URL="postgresql://x") == ()
    assert remarks(HOME="/x", PATH="/bin", PGSSLMODE="require", LANG="C", CONTACT="a@b.c") == ()


def test_the_language_is_not_read_from_dotenv_and_that_is_said(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("REFILLSPOT_LANG=ko\n", encoding="utf-8")

    assert read_environment({}, tmp_path).remarks == ("REFILLSPOT_LANG is read from the environment, not from .env",)


@pytest.mark.parametrize(
    "environ",
    [
        {"http_proxy": f"http://me:{SECRET}@["},
        {"HTTPS_PROXY": "http://"},
        {"all_proxy": "proxy:port"},
        {"https_proxy": "http://proxy:99999"},
        {"REFILLSPOT_HOME": "~nobody-of-this-name/x"},
    ],
)
def test_a_proxy_or_a_home_that_is_none_is_an_error(environ: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(environ))) as caught:
        read_environment(environ, tmp_path)
    assert SECRET not in str(caught.value)


def test_a_proxy_may_be_written_without_its_scheme(tmp_path: Path) -> None:
    read_environment({"http_proxy": "proxy:3128", "HTTPS_PROXY": "http://me:p@proxy", "all_proxy": ""}, tmp_path)


def test_of_a_name_that_is_there_twice_the_last_counts_and_that_is_said(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DB_HOST=a\nDB_NAME=n\nDB_NAME=n\nDB_HOST=b\n", encoding="utf-8")

    environment = read_environment({}, tmp_path)

    assert environment.values["DB_HOST"] == "b"
    assert environment.remarks == ("DB_HOST in .env has two values; the last one, in line 4, counts",)


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, "DB_HOST=db\n".encode("utf-16")) == "/.env is not UTF-8 text. Save it as UTF-8."


def test_a_directory_of_that_name_is_an_error_unless_it_is_a_virtual_environment(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(ConfigurationError, match="is a directory"):
        find_env_file([tmp_path])
    (tmp_path / ".env" / "pyvenv.cfg").touch()

    assert find_env_file([tmp_path]) is None


def test_the_ending_that_notepad_adds_is_pointed_out(tmp_path: Path) -> None:
    (tmp_path / ".env.txt").touch()

    with pytest.raises(ConfigurationError, match=r"is called \.env\.txt"):
        find_env_file([tmp_path])


def test_a_link_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".env").symlink_to(tmp_path / "gone")

    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        read_environment({}, tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".env").touch(mode=0o000)

    with pytest.raises(ConfigurationError, match="cannot be read: Permission denied"):
        read_environment({}, tmp_path)


def test_a_crawl_does_not_go_to_the_embedded_servers_when_a_quote_is_not_closed(
    launcher: Launcher, environment: dict[str, str], tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    (tmp_path / "scrapy.cfg").write_bytes((pytestconfig.rootpath / "scrapy.cfg").read_bytes())
    (tmp_path / ".env").write_text(f"DB_HOST=db.example.org\nDB_PASSWORD='{SECRET}\n", encoding="utf-8")
    for name in ("DATABASE_URL", "REDIS_URL", "CACHE_REDIS_URL"):
        del environment[name]

    for command in (["crawl", "diningcode", "-a", "district=강남구"], ["crawls", "list"]):
        ended = launcher.run("scrapy", *command, environment=environment, directory=tmp_path)

        assert ended.returncode == 2
        assert ended.stderr.splitlines()[-1].startswith(
            f"Error: {tmp_path}/.env, line 2: a quotation mark is not closed"
        )
        assert SECRET not in ended.stderr
        assert not (tmp_path / ".refillspot").exists()
