"""Stays in IDLE on one connection by imaplib until a message called "last" is there; prints all subjects."""

import imaplib
import ssl
import sys

port, user, password = int(sys.argv[1]), sys.argv[2], sys.argv[3]
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
imap = imaplib.IMAP4_SSL("127.0.0.1", port, ssl_context=context)
imap.login(user, password)
status, [count] = imap.select("INBOX")
assert status == "OK", status
seen, there = 0, int(count)
subjects = []


def fetch():
    """The subjects of what has come."""
    global seen
    status, data = imap.fetch(f"{seen + 1}:{there}", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
    assert status == "OK", (status, data)
    for part in data:
        if isinstance(part, tuple):
            subjects.append(part[1].decode().strip().removeprefix("Subject: "))
            print(subjects[-1], flush=True)
            seen += 1
    assert seen == there, (seen, there)


def idle():
    """Waits until more is told of than was seen. imaplib has no IDLE of its own before 3.14."""
    global there
    tag = imap._new_tag()
    imap.send(tag + b" IDLE\r\n")
    line = imap.readline()
    assert line.startswith(b"+"), line
    while there == seen:
        line = imap.readline()
        assert line.startswith(b"* "), line
        if line.rstrip().endswith(b" EXISTS"):
            there = int(line.split()[1])
    imap.send(b"DONE\r\n")
    line = imap.readline()
    while not line.startswith(tag):
        assert line.startswith(b"* "), line
        if line.rstrip().endswith(b" EXISTS"):
            there = int(line.split()[1])
        line = imap.readline()
    assert line.startswith(tag + b" OK"), line


while "last" not in subjects:
    if there == seen:
        idle()
    fetch()
imap.logout()
