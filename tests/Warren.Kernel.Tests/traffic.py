"""Real packets for the kernel tests: servers, clients, flows that go on, crafted frames, captures.

Every command says on standard output what happens as it happens, a line each, so that a test waits for
lines and never for time. Addresses with a colon are IPv6; [::] listens for both families.
"""

import os
import select
import socket
import struct
import sys
import time

PROTOCOLS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


def endpoint(protocol, address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = socket.socket(family, PROTOCOLS[protocol])
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    return made


def bulk(address, port):
    """A TCP server: takes what a caller sends after 'u' and tells how much it was, or sends after 'd' as much as it is asked for."""
    listening = endpoint("tcp", address)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((address, int(port)))
    listening.listen(8)
    print("ready", flush=True)
    while True:
        caller, _ = listening.accept()
        try:
            way, _, size = caller.makefile("rb").readline().decode().strip().partition(" ")
            if way == "d":
                caller.sendall(bytes(int(size)))
            else:
                caller.sendall(b"go")
                caller.sendall(f" {drain(caller, int(size))}".encode())
        except OSError as e:
            print(e, flush=True)
        caller.close()


def drain(made, size):
    moved = 0
    while moved < size:
        part = made.recv(65536)
        if not part:
            break
        moved += len(part)
    return moved


def transfer(address, port, way, size, patience):
    """Sends (u) or fetches (d) so many bytes, and prints how many arrived."""
    made = connected("tcp", address, port, float(patience))
    moved = 0
    try:
        made.sendall(f"{way} {size}\n".encode())
        if way == "d":
            moved = drain(made, int(size))
        else:
            made.recv(2)
            made.sendall(bytes(int(size)))
            moved = int(made.recv(64))
    except OSError as e:
        print(e, flush=True)
    print(f"moved {moved}", flush=True)


def advertise(link):
    """Says on a link that this is a router for everything: one router advertisement (RFC 4861)."""
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as made:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        prefix = struct.pack("!BBBBIII16s", 3, 4, 64, 0xC0, 86400, 14400, 0, socket.inet_pton(socket.AF_INET6, "2001:db8:77::"))
        made.sendto(struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0) + prefix, ("ff02::1", 0, 0, socket.if_nametoindex(link)))
    print("sent", flush=True)


def flood(address, port, first, last):
    """A datagram from each of its own ports to one port: a flow each."""
    for source in range(int(first), int(last) + 1):
        made = endpoint("udp", address)
        made.bind(("", source))
        try:
            made.sendto(b"x", (address, int(port)))
        except OSError:
            pass
        made.close()
    print("flooded", flush=True)


def serve(protocol, address, ports, text):
    """Answers with its text, the caller's address and its own port; a TCP caller gets it again for every line."""
    first, _, last = ports.partition("-")
    listening = []
    for port in range(int(first), int(last or first) + 1):
        made = endpoint(protocol, address)
        if protocol == "tcp":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address, port))
        if protocol == "tcp":
            made.listen(64)
        listening.append(made)
    print("ready", flush=True)
    answer_all(listening, text)


def inherit(text):
    """As serve, on the sockets that it is handed: sd_listen_fds(3). First says their names, their numbers and what else is open."""
    if int(os.environ["LISTEN_PID"]) != os.getpid():
        sys.exit("they are for another process")
    numbers = range(3, 3 + int(os.environ["LISTEN_FDS"]))
    descriptors = sorted(int(name) for name in os.listdir("/proc/self/fd"))[:-1]
    print("ready", os.environ["LISTEN_FDNAMES"], descriptors, flush=True)
    answer_all([socket.socket(fileno=number) for number in numbers], text)


def answer_all(listening, text):
    callers = {}

    def answer(peer, made):
        return f"{text} {peer[0]} at {made.getsockname()[1]}\n".encode()

    while True:
        for made in select.select([*listening, *callers], [], [])[0]:
            try:
                if made in callers:
                    if made.recv(4096):
                        made.sendall(answer(callers[made], made))
                    else:
                        del callers[made]
                        made.close()
                elif made.type == socket.SOCK_STREAM:
                    caller, peer = made.accept()
                    callers[caller] = peer
                    print(f"from {peer[0]} at {made.getsockname()[1]}", flush=True)
                    caller.sendall(answer(peer, made))
                else:
                    _, peer = made.recvfrom(4096)
                    print(f"from {peer[0]} at {made.getsockname()[1]}", flush=True)
                    made.sendto(answer(peer, made), peer)
            except OSError:
                callers.pop(made, None)
                made.close()


def connected(protocol, address, port, patience, source=""):
    made = endpoint(protocol, address)
    made.settimeout(patience)
    if source:
        made.bind((source, 0))
    made.connect((address, int(port)))
    return made


def ask(protocol, address, port, patience, source=""):
    """Prints the answer, or: refused, silent, unreachable."""
    try:
        made = connected(protocol, address, port, float(patience), source)
        if protocol == "udp":
            made.send(b"?")
        heard = made.recv(4096)
        print(heard.decode().strip() if heard else "closed")
    except TimeoutError:
        print("silent")
    except (ConnectionRefusedError, ConnectionResetError):
        print("refused")
    except OSError as e:
        print(f"unreachable ({e.strerror})")


def hold(protocol, address, port):
    """A flow that goes on: prints 'flowing' at the first answer, and 'stopped' with the time of the last one."""
    made = connected(protocol, address, port, 5)
    last = None
    misses = 0
    if protocol == "tcp":
        made.recv(4096)
    while misses < 25:
        try:
            made.settimeout(0.04)
            made.send(b"?")
            if not made.recv(4096):
                break
            if last is None:
                print("flowing", flush=True)
            last = time.monotonic()
            misses = 0
            select.select([], [], [], 0.01)
        except TimeoutError:
            misses += 1
        except ConnectionRefusedError:
            misses += 1
            select.select([], [], [], 0.02)
        except OSError:
            break
    print(f"stopped {last}", flush=True)


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


FLAGS = {"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16}


def inject(link, mac, protocol, source, destination, flags=""):
    """One crafted frame: source and destination are ADDRESS:PORT, flags are TCP's, as in SYN+ACK."""
    (source, source_port), (destination, destination_port) = (each.split(":") for each in (source, destination))
    addresses = socket.inet_aton(source) + socket.inet_aton(destination)
    ports = struct.pack("!HH", int(source_port), int(destination_port))
    if protocol == "tcp":
        bits = sum(FLAGS[flag] for flag in flags.split("+") if flag)
        head, tail, number = ports + struct.pack("!IIBBH", 7, 9, 5 << 4, bits, 1024), b"\0\0", 6
    else:
        head, tail, number = ports + struct.pack("!H", 9), b"?", 17
    if protocol == "tcp":
        whole = head + b"\0\0" + tail
        whole = head + struct.pack("!H", checksum(addresses + struct.pack("!BBH", 0, number, len(whole)) + whole)) + tail
    else:
        whole = head + b"\0\0" + tail
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(whole), 1, 0, 64, number, 0) + addresses
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as made:
        made.bind((link, 0))
        own = made.getsockname()[4]
        made.send(bytes.fromhex(mac.replace(":", "")) + own + b"\x08\x00" + ip + whole)
    print("sent")


def capture(link):
    """Prints what arrives on a link: protocol, source, destination, TCP flags. Only IPv4."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as made:
        made.bind((link, 3))
        print("ready", flush=True)
        while True:
            frame, where = made.recvfrom(65535)
            outgoing = 4
            if where[1] != 0x0800 or where[2] == outgoing:
                continue
            ip = frame[14:]
            source, destination = socket.inet_ntoa(ip[12:16]), socket.inet_ntoa(ip[16:20])
            rest = ip[(ip[0] & 15) * 4 :]
            if ip[9] in (6, 17):
                ports = struct.unpack("!HH", rest[:4])
                flags = "+".join(name for name, bit in FLAGS.items() if ip[9] == 6 and rest[13] & bit)
                name = "tcp" if ip[9] == 6 else "udp"
                print(f"{name} {source}:{ports[0]} > {destination}:{ports[1]} {flags}", flush=True)
            else:
                print(f"{ip[9]} {source} > {destination}", flush=True)


def main():
    commands = {each.__name__: each for each in (serve, inherit, ask, hold, inject, capture, flood, bulk, transfer, advertise)}
    commands[sys.argv[1]](*sys.argv[2:])


main()
