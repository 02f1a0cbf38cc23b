"""RabbitMQ: topology, partitions, intake and settling."""
