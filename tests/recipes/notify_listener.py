#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Is the service manager of a test: prints what comes to a notify socket.

    notify_listener.py PATH      makes the socket and prints a line for each line of each datagram
    notify_listener.py PATH TEXT sends it a datagram
"""

import socket
import sys


def main() -> None:
    path = sys.argv[1]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as own:
        if len(sys.argv) > 2:
            own.sendto(sys.argv[2].encode(), path)
            return
        own.bind(path)
        print("listening", flush=True)
        while True:
            for line in own.recv(65536).decode(errors="replace").splitlines():
                print(line, flush=True)


main()
