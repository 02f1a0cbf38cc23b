"""What a private RabbitMQ node is told: its own folders and ports, nothing of the machine's."""

import os
import secrets
from pathlib import Path
from typing import Final, NamedTuple

USER: Final = "callsheet"

_PLUGINS: Final = "[rabbitmq_management,rabbitmq_prometheus].\n"


class BrokerPorts(NamedTuple):
    """The ports of one node, all on 127.0.0.1."""

    amqp: int
    management: int
    prometheus: int
    distribution: int
    epmd: int


def write_configuration(folder: Path, node_name: str, password: str, ports: BrokerPorts) -> dict[str, str]:
    """Write the configuration of a node into its data folder; the environment to start it with."""
    cookie = folder / ".erlang.cookie"
    if not cookie.exists():
        cookie.touch(mode=0o600)
        cookie.write_text(secrets.token_hex(20))
        cookie.chmod(0o400)
    (folder / "enabled_plugins").write_text(_PLUGINS)
    settings = folder / "rabbitmq.conf"
    settings.touch(mode=0o600)
    settings.write_text(
        f"listeners.tcp.1 = 127.0.0.1:{ports.amqp}\n"
        f"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {ports.management}\n"
        f"prometheus.tcp.ip = 127.0.0.1\nprometheus.tcp.port = {ports.prometheus}\n"
        f"default_user = {USER}\ndefault_pass = {password}\n"
        "loopback_users = none\nlog.console = true\n"
        "disk_free_limit.absolute = 200MB\nvm_memory_high_watermark.absolute = 1GB\n"
    )
    # Fresh queue lengths, so that nobody waits for them: classic queues tell theirs with the statistics, quorum
    # queues at every tick, and the management plugin looks at its own statistics as often as its finest retention
    # policy says. All of these are 5 s unless told otherwise.
    (folder / "advanced.config").write_text(
        "[{rabbit, [{collect_statistics_interval, 200}, {quorum_tick_interval, 200}]},\n"
        " {rabbitmq_management, [{sample_retention_policies,\n"
        "   [{global, [{60, 1}]}, {basic, [{60, 1}]}, {detailed, [{10, 1}]}]}]}].\n"
    )
    return {
        "PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_NODENAME": node_name,
        "RABBITMQ_CONFIG_FILE": str(settings),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_DIST_PORT": str(ports.distribution),
        "ERL_EPMD_PORT": str(ports.epmd),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_ALLOW_INPUT": "1",
        "RABBITMQ_SERVER_START_ARGS": "-noinput +B i",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2",
    }
