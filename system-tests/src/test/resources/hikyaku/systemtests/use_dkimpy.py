"""Messages that go out over a relay, and what dkimpy says of their signatures."""
import json
import queue
import smtplib
import socketserver
import ssl
import sys
import threading

import dkim

submission_port, relay_port = map(int, sys.argv[1:3])
sender, password, keys_file = sys.argv[3:6]
records = {key["record"] + ".": key["text"].encode() for key in json.load(open(keys_file))}
taken = queue.Queue()


class Relay(socketserver.StreamRequestHandler):
    """Takes every message."""

    def handle(self):
        self.reply(b"220 relay")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"DATA":
                self.reply(b"354 go on")
                text = []
                for line in self.rfile:
                    if line == b".\r\n":
                        break
                    text.append(line[1:] if line.startswith(b".") else line)
                taken.put(b"".join(text))
                self.reply(b"250 taken")
            elif verb == b"EHLO":
                self.reply(b"250-relay\r\n250-8BITMIME\r\n250 SMTPUTF8")
            elif verb == b"QUIT":
                return self.reply(b"221 bye")
            else:
                self.reply(b"250 ok")

    def reply(self, line):
        self.wfile.write(line + b"\r\n")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def published(name, timeout=5):
    return records.get(name.decode() if isinstance(name, bytes) else name)


def verdict(message, number):
    try:
        return dkim.DKIM(message).verify(idx=number, dnsfunc=published)
    except dkim.ValidationError:
        return False


def verdicts(message):
    return [verdict(message, number) for number in range(2)]


FROM = b"From: U <" + sender.encode() + b">\r\n"
MESSAGES = [
    FROM + b"Subject: plain\r\n\r\nhello\r\n",
    FROM + b"Subject: no line ending\r\n\r\nhello",
    FROM + b"Subject: no body\r\n\r\n",
    FROM + b"Subject:   folded\r\n\tand  \t spaced \r\n\r\n a \t b  \r\n\r\n.\r\n..\r\n\r\n \r\n\r\n",
    FROM + "To: a@b.test\r\nTO:\t c@d.test\r\nSubject: Gr\u00fc\u00dfe\r\nContent-Type: text/plain; "
           "charset=utf-8\r\n\r\nSch\u00f6ne Gr\u00fc\u00dfe\r\n".encode(),
    b"bcc: hidden@else.test\r\n" + FROM + b"Date: Mon, 1 Jan 2024 00:00:00 +0000\r\n"
    b"Message-ID: <1@c>\r\nList-Unsubscribe: <mailto:x@y.test>\r\n\r\n" + b"line\r\n" * 20000,
]

with Server(("127.0.0.1", relay_port), Relay) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with smtplib.SMTP("127.0.0.1", submission_port, timeout=120) as smtp:
        smtp.starttls(context=ssl._create_unverified_context())
        smtp.login(sender, password)
        for text in MESSAGES:
            smtp.sendmail(sender, ["a@else.test"], text, mail_options=["BODY=8BITMIME"])
            message = taken.get(timeout=120)
            assert message.count(b"DKIM-Signature:") == 2, message
            assert verdicts(message) == [True, True], message
            # What must not go unnoticed.
            for changed in (message.replace(b"\r\nFrom: U", b"\r\nFrom: V", 1),
                            b"From: other@else.test\r\n" + message,
                            message.replace(b"Date: ", b"Reply-To: x@else.test\r\nDate: ", 1),
                            message + b"more\r\n"):
                assert changed != message
                assert verdicts(changed) == [False, False], changed
    server.shutdown()
