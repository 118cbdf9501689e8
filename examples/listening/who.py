import os


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    # one socket takes IPv4 and IPv6, and has IPv4 addresses in the form ::ffff:192.0.2.1
    caller = environ["REMOTE_ADDR"].removeprefix("::ffff:")
    return [f"{os.environ['NAME']} sees {caller}\n".encode()]
