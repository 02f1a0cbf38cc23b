"""Whether replies are checked against the schema at all: a run without it must say so."""

import pytest

from tests.emulator.ews.soap import SCHEMA, Server, booking, schema_path


@pytest.mark.skipif(
    schema_path() is None, reason="no messages.xsd: set CALLSHEET_EWS_SCHEMA to the folder that holds it"
)
def test_replies_are_validated(server: Server) -> None:
    assert SCHEMA is not None
    answer = server.create(booking())
    assert answer.codes == ("NoError",)
    for element in answer.all("t:ItemId"):
        element.attrib.pop("Id")
    assert not SCHEMA.validate(answer.one("m:CreateItemResponse"))
