"""ClickHouse from its library: `clickhouse-server.py LIBRARY PORT FOLDER` answers HTTP on this port of 127.0.0.1 until it is killed.

The library has the whole engine, and an HTTP server that is started by a statement; what follows keeps it from returning.
"""

import ctypes
import sys
import threading
import time
import urllib.request

STATEMENTS = (
    "SYSTEM START LISTEN HTTP;"
    "SELECT sleepEachRow(3) FROM system.numbers SETTINGS function_sleep_max_microseconds_per_block = 0"
)


def tell_when_ready(port):
    while True:
        try:
            if urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=1).read() == b"Ok.\n":
                return print("Ready for connections", flush=True)
        except OSError:
            time.sleep(0.02)


def serve(library, port, folder):
    arguments = [
        "clickhouse",
        f"--path={folder}",
        "--listen-host=127.0.0.1",
        f"--http-port={port}",
        f"--query={STATEMENTS}",
    ]
    threading.Thread(target=tell_when_ready, args=[port], daemon=True).start()
    c_arguments = (ctypes.c_char_p * len(arguments))(*map(str.encode, arguments))
    ctypes.CDLL(library).query_stable_v2(len(arguments), c_arguments)
    sys.exit(f"ClickHouse ended: is port {port} free, and folder {folder} writable?")


serve(*sys.argv[1:])
