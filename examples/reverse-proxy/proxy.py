"""Hands each request to the next of the workers that $WORKERS names."""

import itertools
import os
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

workers = itertools.cycle(os.environ["WORKERS"].split())


class Proxy(BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            with urllib.request.urlopen(f"http://{next(workers)}{self.path}", timeout=5) as answer:
                status, body = answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            status, body = refused.code, refused.read()
        except OSError as lost:
            status, body = 502, f"no worker: {lost}\n".encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("", 8080), Proxy).serve_forever()
