"""Sends every datagram back to where it came from."""

import socket

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("", 7))
while True:
    data, sender = server.recvfrom(65535)
    server.sendto(data, sender)
