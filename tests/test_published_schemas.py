"""Files for programs of others, by the schemas that these publish: check-jsonschema brings them along."""

from __future__ import annotations

import re

import pytest
from check_jsonschema import main
from click.testing import CliRunner

from tests.programs import PROJECT


@pytest.mark.parametrize(
    ("schema", "file"),
    [("vendor.compose-spec", "docker-compose.yml"), ("vendor.github-workflows", ".github/workflows/ci.yml")],
)
def test_it_is_as_published(schema: str, file: str) -> None:
    done = CliRunner().invoke(main, ["--builtin-schema", schema, str(PROJECT / file)])

    assert done.exit_code == 0, done.output


def test_an_action_is_named_by_its_commit() -> None:
    used = re.findall(r"uses: (.*)", (PROJECT / ".github/workflows/ci.yml").read_text("utf-8"))

    assert used
    assert [one for one in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}  # v[\d.]+", one)] == []
