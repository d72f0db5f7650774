"""Files for programs of others, by the schemas that these publish: check-jsonschema brings them along."""

from __future__ import annotations

import pytest
from check_jsonschema import main
from click.testing import CliRunner

from tests.programs import PROJECT


@pytest.mark.parametrize(("schema", "file"), [("vendor.compose-spec", "docker-compose.yml")])
def test_it_is_as_published(schema: str, file: str) -> None:
    done = CliRunner().invoke(main, ["--builtin-schema", schema, str(PROJECT / file)])

    assert done.exit_code == 0, done.output
