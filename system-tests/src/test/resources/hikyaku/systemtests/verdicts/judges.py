"""Others that judge mail, each asked for its verdict on one message, and how verdicts are read."""
import re
import socket
import struct
import subprocess

import dkim
import spf

JUDGE = "judge.example"


def methods(fields, name):
    """The (result, properties) of a method in Authentication-Results fields, in their order."""
    found = []
    for field in fields:
        depth, quoted, plain = 0, False, ""
        for c in field:
            quoted ^= c == '"'
            depth += (c == "(") and not quoted
            if not depth and c != '"':
                plain += c
            depth -= (c == ")") and not quoted
        for part in plain.split(";")[1:]:
            words = part.split()
            if words and words[0].startswith(name + "="):
                found.append((words[0].split("=")[1],
                              dict(word.split("=", 1) for word in words[1:] if "=" in word)))
    return found


def disposition(fields):
    """What DMARC's comment says would become of a message."""
    found = re.search(r"dmarc=\w+ \([^)]*dis=(\w+)", " ".join(fields))
    return found and found.group(1).lower()


class Milter:
    """One message's way through a milter: a mail server's side of its protocol (version 6), as libmilter has it."""

    ALL_ACTIONS, ALL_STEPS = 0x1FF, 0x1FFFFF
    # What is not wanted, and what is not answered, by the letter of the step.
    SKIPPED = {"C": 0x1, "H": 0x2, "M": 0x4, "R": 0x8, "B": 0x10, "L": 0x20, "N": 0x40, "T": 0x200}
    SILENT = {"L": 0x80, "C": 0x1000, "H": 0x2000, "M": 0x4000, "R": 0x8000, "T": 0x10000,
              "N": 0x40000, "B": 0x80000}
    LEADING_SPACE = 0x100000

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=120)

    def judge(self, client, helo, sender, recipient, message):
        """The fields of Authentication-Results that it wants added, and whether it takes the message."""
        with self.socket:
            self.packet("O", struct.pack("!III", 6, self.ALL_ACTIONS, self.ALL_STEPS))
            command, said = self.read()
            assert command == "O", (command, said)
            self.steps = struct.unpack("!III", said[:12])[2]
            self.packet("D", b"Cj\0" + JUDGE.encode() + b"\0")
            family = b"6" if ":" in client else b"4"
            address = ("IPv6:" if ":" in client else "") + client
            self.step("C", helo.encode() + b"\0" + family + struct.pack("!H", 2525)
                      + address.encode() + b"\0")
            self.step("H", helo.encode() + b"\0")
            self.packet("D", b"Mi\0" + b"4ABCDEF\0")
            self.step("M", b"<" + sender.encode() + b">\0")
            self.step("R", b"<" + recipient.encode() + b">\0")
            self.step("T", b"")
            head, body = message.split(b"\r\n\r\n", 1)
            for field in re.split(rb"\r\n(?![ \t])", head):
                name, value = field.split(b":", 1)
                if not self.steps & self.LEADING_SPACE:
                    value = value.removeprefix(b" ")
                self.step("L", name + b"\0" + value.replace(b"\r\n", b"\n") + b"\0")
            self.step("N", b"")
            if body:
                self.step("B", body)
            self.packet("E", b"")
            fields = []
            while True:
                command, said = self.read()
                if command == "h":
                    fields.insert(0, said)
                elif command == "i":
                    fields.insert(0, said[4:])
                elif command in "acry":
                    pairs = [field.rstrip(b"\0").decode().split("\0", 1) for field in fields]
                    added = [value for name, value in pairs if name == "Authentication-Results"]
                    return added, command in "ac"
                else:
                    assert command in "mpq", (command, said)

    def packet(self, command, data):
        self.socket.sendall(struct.pack("!I", len(data) + 1) + command.encode() + data)

    def step(self, command, data):
        if self.steps & self.SKIPPED[command]:
            return
        self.packet(command, data)
        if not self.steps & self.SILENT[command]:
            answer, said = self.read()
            # One that has seen enough of a body says so (SMFIR_SKIP).
            assert answer == "c" or (command, answer) == ("B", "s"), (command, answer, said)

    def read(self):
        length, = struct.unpack("!I", self.exactly(4))
        packet = self.exactly(length)
        return chr(packet[0]), packet[1:]

    def exactly(self, length):
        octets = b""
        while len(octets) < length:
            more = self.socket.recv(length - len(octets))
            assert more, "the milter has closed the connection"
            octets += more
        return octets


def by_pyspf(client, helo, sender):
    return spf.check2(i=client, s=sender, h=helo, timeout=120, querytime=0)[0]


def by_libspf2(client, helo, sender):
    ended = subprocess.run(
        ["spfquery.libspf2", "-ip", client, "-helo", helo, "-sender", sender],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
    # What is wrong is told before the result.
    lines = [line.strip() for line in ended.stdout.splitlines() if line.strip()]
    result = lines[lines.index("EndError") + 1] if "EndError" in lines else lines[0]
    if result == "(invalid)":
        return "temperror" if "ErrorCode: (26) DNS lookup failure" in lines else "permerror"
    assert result in {"pass", "fail", "softfail", "neutral", "none", "temperror", "permerror"}, ended.stdout
    return result


def by_dkimpy(message, count):
    """Which signatures hold; it has too many words for those that do not."""
    def holds(index):
        try:
            return dkim.DKIM(message).verify(index)
        except dkim.DKIMException:
            return False
    return ["pass" if holds(index) else "not" for index in range(count)]
