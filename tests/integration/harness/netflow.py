"""NetFlow v5 whose flows carry their number, so that each of them can be asked for."""
import struct
import time

RECORDS = 30  # of a datagram


def datagram(index):
    """Records number 30 * index + 1 and on: the number is the byte count, the datagram's index the AS."""
    header = struct.pack("!HHIIIIBBH", 5, RECORDS, 1000, int(time.time()), 0, index * RECORDS & 0xFFFFFFFF, 0, 0, 0)
    records = b""
    for number in range(index * RECORDS + 1, (index + 1) * RECORDS + 1):
        records += struct.pack("!4s4s4sHHIIIIHHxBBBHHBBxx", b"\xc0\x00\x02\x01", b"\xc6\x33\x64\x01", b"\0" * 4, 1, 2, 1,
                               number, 900, 950, 1024, 443, 0x10, 6, 0, index & 0xFFFF, 64500, 24, 24)
    return header + records
