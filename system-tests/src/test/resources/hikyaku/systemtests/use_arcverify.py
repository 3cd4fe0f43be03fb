"""Mail that a script sends on over a relay, and what dkimpy says of the seals on it."""
import json
import queue
import re
import smtplib
import socketserver
import sys
import threading

import dkim

smtp_port, relay_port, dns_port = map(int, sys.argv[1:4])
recipient, keys_file = sys.argv[4:6]
records = {key["record"] + ".": key["text"].encode() for key in json.load(open(keys_file))}
taken = queue.Queue()


class Relay(socketserver.StreamRequestHandler):
    """Takes every message."""

    def handle(self):
        self.reply(b"220 relay")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"MAIL":
                sender = line
            if verb == b"DATA":
                self.reply(b"354 go on")
                text = []
                for line in self.rfile:
                    if line == b".\r\n":
                        break
                    text.append(line[1:] if line.startswith(b".") else line)
                taken.put((sender, b"".join(text)))
                self.reply(b"250 taken")
            elif verb == b"EHLO":
                self.reply(b"250-relay\r\n250-8BITMIME\r\n250 SMTPUTF8")
            elif verb == b"QUIT":
                return self.reply(b"221 bye")
            else:
                self.reply(b"250 ok")

    def reply(self, line):
        self.wfile.write(line + b"\r\n")


class Names(socketserver.BaseRequestHandler):
    """Knows the texts of keys, and that there is nothing else."""

    def handle(self):
        query, socket = self.request
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        question = query[12:at + 5]
        text = records.get(".".join(labels).lower() + ".")
        if text is None or query[at + 1:at + 3] != b"\0\x10":
            code = 3 if text is None else 0
            answer = query[:2] + bytes([0x81, 0x80 | code]) + b"\0\1\0\0\0\0\0\0" + question
        else:
            data = b"".join(bytes([len(text[i:i + 255])]) + text[i:i + 255]
                            for i in range(0, len(text), 255))
            answer = (query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + question
                      + b"\xc0\x0c\0\x10\0\1\0\0\0\x3c" + len(data).to_bytes(2, "big") + data)
        socket.sendto(answer, self.client_address)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def published(name, timeout=5):
    return records.get(name.decode() if isinstance(name, bytes) else name)


def sent_on(text):
    """What goes on of a message; as one that has not been here, or it were a loop."""
    text = re.sub(rb"(?m)^Delivered-To: .*\r\n", b"", text)
    with smtplib.SMTP("127.0.0.1", smtp_port, timeout=120) as smtp:
        smtp.sendmail("jo@author.example", [recipient], text)
    sender, message = taken.get(timeout=120)
    assert sender.startswith(b"MAIL FROM:<SRS0="), sender
    return message


def verdict(message):
    result, data, _ = dkim.ARC(message).verify(dnsfunc=published)
    return result, [(each["instance"], each["cv"], each["as-valid"]) for each in data]


LETTERS = [
    b"From: jo@author.example\r\nSubject: plain\r\n\r\nhello\r\n",
    b"From: jo@author.example\r\nsubject:   folded\r\n\tand  \t spaced \r\nTo: a@b.test\r\n"
    b"TO:\t c@d.test\r\nDKIM-Signature: v=1; a=rsa-sha256; d=author.example; s=none; h=from;\r\n"
    b" bh=AAAA; b=AAAA\r\n\r\n a \t b  \r\n\r\n.\r\n\r\n",
]

with Server(("127.0.0.1", relay_port), Relay) as server, \
        socketserver.ThreadingUDPServer(("127.0.0.1", dns_port), Names) as names:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    threading.Thread(target=names.serve_forever, daemon=True).start()
    for letter in LETTERS:
        first = sent_on(letter)
        assert verdict(first) == (b"pass", [(1, b"none", True)]), first
        second = sent_on(first)
        assert verdict(second) == (b"pass", [(2, b"pass", True), (1, b"none", True)]), second
        # What must not go unnoticed.
        for changed in (second.replace(b"From: jo", b"From: mo", 1),
                        second.replace(b"dmarc=none", b"dmarc=pass", 1),
                        second.replace(b"cv=pass", b"cv=none", 1),
                        second + b"more\r\n"):
            assert changed != second
            assert verdict(changed)[0] == b"fail", changed
        # A chain that is broken is ended once, by a seal that holds.
        ended = sent_on(second + b"more\r\n")
        assert verdict(ended)[0] is None, ended
        # That seal covers its own set alone (RFC 8617 5.1.2), which dkimpy knows when it signs only.
        alone = re.sub(rb"(?m)^ARC-[A-Za-z-]+: i=[12];.*\r\n(?:[ \t].*\r\n)*", b"", ended)
        arc = dkim.ARC(alone)
        newest = arc.verify_instance(arc.sorted_arc_headers()[1], 3, dnsfunc=published)
        assert newest["as-valid"] and newest["ams-valid"] and newest["cv"] == b"fail", newest
        assert ended.count(b"ARC-Seal:") == 3, ended
        assert sent_on(ended).count(b"ARC-Seal:") == 3
    names.shutdown()
    server.shutdown()
