"""A desk with a broker and nothing else: the queues are declared, Exchange is not there."""

from dataclasses import dataclass

import pytest

from consumer.amqp.topology import declare
from deploy.sandbox.installation import clean_environment


@dataclass
class BrokerDesk:
    """Where an operator works who needs the broker alone."""

    settings: dict[str, str]
    amqp_url: str


@pytest.fixture
async def desk(amqp_url: str) -> BrokerDesk:
    await declare(amqp_url, 16, [("30s", 30.0)])
    return BrokerDesk({**clean_environment(), "CALLSHEET_AMQP_URL": amqp_url}, amqp_url)
