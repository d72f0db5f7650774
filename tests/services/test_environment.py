from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from refillspot.services.environment import is_placeholder, read_environment

if TYPE_CHECKING:
    from pathlib import Path


def test_dotenv_with_bom_crlf_korean_and_dollar(tmp_path: Path) -> None:
    lines = [
        "DB_HOST=db",
        "# 주석",
        "DB_PASSWORD=pa$HOME${x}비밀",
        "KAKAO_API_KEY=your_kakao_api_key_here",
        "QUOTED='a # b'",
        "",
    ]
    (tmp_path / ".env").write_bytes("\r\n".join(lines).encode("utf-8-sig"))

    values = read_environment({}, tmp_path).values

    assert values == {"DB_HOST": "db", "DB_PASSWORD": "pa$HOME${x}비밀", "QUOTED": "a # b"}


def test_the_process_environment_wins_and_its_empty_value_hides(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "DB_HOST=file\nDB_NAME=file\nDATABASE_URL=postgresql://localhost/x\n", encoding="utf-8"
    )

    environment = read_environment({"DB_HOST": "process", "DATABASE_URL": ""}, tmp_path)

    assert environment.values == {"DB_HOST": "process", "DB_NAME": "file"}
    assert environment.origin(["DB_HOST", "DB_NAME"]) == "DB_NAME in .env and DB_HOST in the environment"


def test_dotenv_and_home_are_found_from_a_folder_inside_the_project(tmp_path: Path) -> None:
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    (tmp_path / "scrapy.cfg").touch()
    (tmp_path / ".env").write_text("DB_HOST=project\n", encoding="utf-8")

    environment = read_environment({}, inside)

    assert environment.values == {"DB_HOST": "project"}
    assert environment.home == tmp_path.resolve() / ".refillspot"


def test_dotenv_of_the_current_directory_comes_first(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "scrapy.cfg").touch()
    (tmp_path / ".env").write_text("DB_HOST=project\n", encoding="utf-8")
    (tmp_path / "a" / ".env").write_text("DB_HOST=here\n", encoding="utf-8")

    assert read_environment({}, tmp_path / "a").values == {"DB_HOST": "here"}


def test_home_can_be_named(tmp_path: Path) -> None:
    assert read_environment({"REFILLSPOT_HOME": "/srv/x"}, tmp_path).home.as_posix() == "/srv/x"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "  ",
        "your_kakao_api_key_here",
        "your_password_here",
        "YOUR-KEY",
        "changeme",
        "Change_Me",
        "<password>",
        "postgresql://user:your_password_here@localhost/db",
        "postgresql://user:<password>@localhost/db",
    ],
)
def test_placeholders(value: str) -> None:
    assert is_placeholder(value)


@pytest.mark.parametrize("value", ["x", "yours", "postgres", "a<b", "postgresql://changeme:changeme@localhost/db"])
def test_what_is_not_a_placeholder(value: str) -> None:
    assert not is_placeholder(value)


def test_the_example_as_it_is_holds_no_secret(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    (tmp_path / ".env").write_bytes((pytestconfig.rootpath / ".env.example").read_bytes())

    values = read_environment({}, tmp_path).values

    assert values == {
        "DB_HOST": "localhost",
        "DB_PORT": "5432",
        "DB_NAME": "refill_spot",
        "DB_USER": "postgres",
        "REDIS_HOST": "localhost",
        "REDIS_PORT": "6379",
        "CACHE_REDIS_URL": "redis://localhost:6380/0",
    }
