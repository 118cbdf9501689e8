"""A public port, 8080, and one for the administrator, 8081."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def answering(text):
    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    return Page


public = ThreadingHTTPServer(("", 8080), answering(b"the shop\n"))
threading.Thread(target=public.serve_forever).start()
ThreadingHTTPServer(("", 8081), answering(b"the shop's books\n")).serve_forever()
