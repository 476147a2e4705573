# Starts localstripe on a free port of this machine and prints the port. Ends with its parent.
import os
import socket
import sys
import threading

from aiohttp import web
from localstripe import resources, server

# It would write its state to a fixed place.
resources.Store.dump_to_disk = lambda self: None


def end_with_parent():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()
listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
listener.bind(("127.0.0.1", 0))
listener.listen(128)
print(listener.getsockname()[1], flush=True)
web.run_app(server.app, sock=listener, print=None)
