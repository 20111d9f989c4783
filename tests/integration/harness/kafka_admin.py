"""What an administrator does at a broker: topics with their settings, partitions added to them, records put there, and what a group has
committed."""
import unittest

from . import waiting


def _client(broker):
    try:
        from confluent_kafka.admin import AdminClient
    except ImportError:
        raise unittest.SkipTest("python3-confluent-kafka is not installed (deploy/install-deps.sh test brings it)") from None
    return AdminClient({"bootstrap.servers": broker.address})


def _done(futures):
    for future in futures.values():
        future.result(waiting.DEADLINE)


def create_topic(broker, name, partitions=1, **settings):
    """`settings` with underscores for the dots: max_message_bytes=2000."""
    client = _client(broker)
    from confluent_kafka.admin import NewTopic
    config = {key.replace("_", "."): str(value) for key, value in settings.items()}
    _done(client.create_topics([NewTopic(name, num_partitions=partitions, replication_factor=1, config=config)]))


def set_topic(broker, name, **settings):
    """These settings of the topic, and of all others the defaults."""
    client = _client(broker)
    from confluent_kafka.admin import RESOURCE_TOPIC, ConfigResource
    config = {key.replace("_", "."): str(value) for key, value in settings.items()}
    _done(client.alter_configs([ConfigResource(RESOURCE_TOPIC, name, set_config=config)]))


def add_partitions(broker, name, total):
    client = _client(broker)
    from confluent_kafka.admin import NewPartitions
    _done(client.create_partitions([NewPartitions(name, total)]))


def _watermarks(consumer, partition):
    """None while no broker leads the partition, as just after it was added."""
    from confluent_kafka import KafkaError, KafkaException
    try:
        return consumer.get_watermark_offsets(partition, timeout=waiting.DEADLINE)
    except KafkaException as failure:
        if failure.args[0].code() in (KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE,
                                      KafkaError.UNKNOWN_TOPIC_OR_PART):
            return None
        raise


def ends(broker, name):
    """How many records each partition ever had, also while more are coming."""
    _client(broker)
    from confluent_kafka import Consumer, TopicPartition
    consumer = Consumer({"bootstrap.servers": broker.address, "group.id": "sluice-test"})
    try:
        topic = consumer.list_topics(name, timeout=waiting.DEADLINE).topics[name]
        return {number: waiting.until(lambda: _watermarks(consumer, TopicPartition(name, number)),
                                      f"partition {number} of {name} has a leader")[1]
                for number in topic.partitions}
    finally:
        consumer.close()


def delete_topic(broker, name):
    client = _client(broker)
    _done(client.delete_topics([name]))
    waiting.until(lambda: name not in client.list_topics(timeout=10).topics, f"the topic {name} is gone")


def produce(broker, name, records):
    """Each of the records, spread over the partitions; all are in the topic then."""
    _client(broker)
    from confluent_kafka import Producer
    producer = Producer({"bootstrap.servers": broker.address, "linger.ms": 5, "sticky.partitioning.linger.ms": 0})
    for value in records:
        producer.produce(name, value)
        producer.poll(0)
    if producer.flush(waiting.DEADLINE):
        raise AssertionError(f"the broker does not take all records of {name}")


def _committed(consumer, partitions):
    """None while nobody coordinates the group, as just after a broker's first group came."""
    from confluent_kafka import KafkaError, KafkaException
    try:
        return consumer.committed(partitions, timeout=waiting.DEADLINE)
    except KafkaException as failure:
        if failure.args[0].code() in (KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_NOT_AVAILABLE):
            return None
        raise


def committed(broker, name, group):
    """What the group has committed of each partition; nothing of those of which it has not."""
    _client(broker)
    from confluent_kafka import Consumer, TopicPartition
    consumer = Consumer({"bootstrap.servers": broker.address, "group.id": group})
    try:
        topic = consumer.list_topics(name, timeout=waiting.DEADLINE).topics[name]
        asked = [TopicPartition(name, number) for number in topic.partitions]
        found = waiting.until(lambda: _committed(consumer, asked), f"group {group} has a coordinator")
        return {one.partition: one.offset for one in found if one.offset >= 0}
    finally:
        consumer.close()
