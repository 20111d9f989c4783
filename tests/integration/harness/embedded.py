#!/usr/bin/python3
"""Statements by the engine inside this process, which ends with them: `embedded.py LIBRARY STATEMENT... -- ARGUMENT...`, the
arguments those of clickhouse-local. Prints a JSON list with [rows as text, error] for each. By this a file of users takes
effect as on a server: the engine's own user `default` has the rights that the file gives to it."""
import ctypes
import json
import os
import sys


def load(path):
    library = ctypes.CDLL(path)
    for name, result, *arguments in (
            ("chdb_connect", ctypes.POINTER(ctypes.c_void_p), ctypes.c_int, ctypes.POINTER(ctypes.c_char_p)),
            ("chdb_query", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p),
            ("chdb_result_buffer", ctypes.c_void_p, ctypes.c_void_p),
            ("chdb_result_length", ctypes.c_size_t, ctypes.c_void_p),
            ("chdb_result_error", ctypes.c_char_p, ctypes.c_void_p)):
        getattr(library, name).restype = result
        getattr(library, name).argtypes = arguments
    return library


def ask(library, connection, statement):
    result = library.chdb_query(connection, statement.encode(), b"TSV")
    error = library.chdb_result_error(result)
    if error:
        return ["", error.decode()]
    return [ctypes.string_at(library.chdb_result_buffer(result), library.chdb_result_length(result)).decode(), ""]


def run(path, statements, arguments):
    library = load(path)
    words = [word.encode() for word in ("clickhouse", *arguments)]
    connection = library.chdb_connect(len(words), (ctypes.c_char_p * len(words))(*words))
    if not connection:
        return 1
    print(json.dumps([ask(library, connection[0], statement) for statement in statements]), flush=True)
    # The engine has threads that outlive the interpreter.
    os._exit(0)


if __name__ == "__main__":
    end = sys.argv.index("--")
    sys.exit(run(sys.argv[1], sys.argv[2:end], sys.argv[end + 1:]))
