"""Records with Kafka times of one's own, which kcat cannot give them: one record batch by the broker's own protocol."""
import socket
import struct

_TABLE = []
for _byte in range(256):
    for _ in range(8):
        _byte = _byte >> 1 ^ (0x82F63B78 if _byte & 1 else 0)
    _TABLE.append(_byte)


def _crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def _varint(value):
    value = value << 1 ^ value >> 63
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def _batch(records):
    """The format's version 2, without compression, producer or headers."""
    first = records[0][0]
    body = b""
    for number, (time, value) in enumerate(records):
        record = b"\0" + _varint(time - first) + _varint(number) + _varint(-1) + _varint(len(value)) + value + _varint(0)
        body += _varint(len(record)) + record
    rest = struct.pack(">hiqqqhii", 0, len(records) - 1, first, max(time for time, _ in records), -1, -1, -1, len(records)) + body
    return struct.pack(">qiibI", 0, len(rest) + 9, -1, 2, _crc32c(rest)) + rest


def _text(text):
    return struct.pack(">h", len(text)) + text.encode()


def produce(broker, topic, records):
    """(ms since 1970, value) of each record, into partition 0 of a topic that is there."""
    batch = _batch(records)
    request = (struct.pack(">hhi", 0, 3, 1) + _text("test") + struct.pack(">hhii", -1, -1, 30000, 1) + _text(topic) + struct.pack(">iii", 1, 0, len(batch)) + batch)
    host, port = broker.address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        with connection.makefile("rb") as answers:
            answer = answers.read(struct.unpack(">i", answers.read(4))[0])
    error = struct.unpack_from(">h", answer, 4 + 4 + 2 + len(topic) + 4 + 4)[0]
    if error:
        raise AssertionError(f"the broker refuses the batch with error {error}")
