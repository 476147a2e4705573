# Starts an S3-compatible server on a free port of this machine and prints the port. Ends with its parent.
import logging
import os
import sys
import threading

from moto.moto_server.threaded_moto_server import ThreadedMotoServer


def end_with_parent():
    sys.stdin.read()
    os._exit(0)


logging.getLogger("werkzeug").setLevel(logging.ERROR)
threading.Thread(target=end_with_parent, daemon=True).start()
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
threading.Event().wait()
