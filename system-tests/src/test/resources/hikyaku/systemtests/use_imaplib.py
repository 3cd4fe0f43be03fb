"""An IMAP session by Python's imaplib: mailboxes, messages, flags, and two sessions at once."""
import imaplib
import ssl
import sys

port, tls_port, user, password = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
trusting = ssl._create_unverified_context()


def ok(answer):
    status, data = answer
    assert status == "OK", answer
    return data


first = imaplib.IMAP4("127.0.0.1", port, timeout=120)
assert "IMAP4REV1" in first.capabilities and "STARTTLS" in first.capabilities, first.capabilities
# idle() of Python 3.14 looks for it here, and not again after the login.
assert "IDLE" in first.capabilities, first.capabilities
ok(first.starttls(trusting))
try:
    first.login(user, "wrong")
    raise AssertionError("a wrong password was taken")
except imaplib.IMAP4.error as error:
    assert "AUTHENTICATIONFAILED" in str(error), error
ok(first.authenticate("PLAIN", lambda _: b"\0" + user.encode() + b"\0" + password.encode()))
assert b"INBOX" in b"".join(ok(first.list()))
ok(first.create("Work"))
ok(first.subscribe("Work"))
assert any(b"Work" in line for line in ok(first.lsub()))
ok(first.create("Work/Deep"))
ok(first.rename("Work/Deep", "Work/Deeper"))
ok(first.namespace())

message = b"Subject: appended\r\nFrom: a@test.example\r\n\r\nbody of it\r\n"
ok(first.append("INBOX", "(\\Seen)", '"22-Nov-2026 10:00:00 +0000"', message))
eight_bit = "Subject: zwei\r\n\r\nGrüße aus Köln\r\n".encode("utf-8")
ok(first.append("INBOX", None, None, eight_bit))
assert ok(first.select("INBOX")) == [b"2"]
assert ok(first.search(None, "SEEN")) == [b"1"]
assert ok(first.search(None, "SUBJECT", "zwei")) == [b"2"]
data = ok(first.fetch("1:2", "(UID RFC822.SIZE BODY.PEEK[])"))
bodies = [part[1] for part in data if isinstance(part, tuple)]
assert bodies == [message, eight_bit], bodies
data = ok(first.fetch("1", "(FLAGS INTERNALDATE ENVELOPE BODYSTRUCTURE)"))
assert b"appended" in data[0] and b'"22-Nov-2026 10:00:00 +0000"' in data[0], data

second = imaplib.IMAP4_SSL("127.0.0.1", tls_port, ssl_context=trusting, timeout=120)
ok(second.login(user, password))
assert ok(second.select("INBOX")) == [b"2"]
ok(first.store("2", "+FLAGS", "(\\Flagged important)"))
ok(second.noop())
data = ok(second.fetch("2", "(FLAGS)"))
assert b"\\Flagged" in data[0] and b"important" in data[0], data

ok(first.uid("COPY", "1:2", "Work"))
assert ok(second.status("Work", "(MESSAGES UIDNEXT UNSEEN)"))
ok(first.uid("MOVE", "2", "Work/Deeper"))
ok(second.noop())
assert second.response("EXPUNGE")[1] == [b"2"]
ok(first.store("1", "+FLAGS", "(\\Deleted)"))
first.response("EXPUNGE")
assert ok(first.expunge()) == [b"1"]
assert ok(first.select("Work/Deeper", readonly=True)) == [b"1"]
status, _ = first.store("1", "+FLAGS", "(\\Seen)")
assert status == "NO", status
ok(first.close())
ok(first.unsubscribe("Work"))
ok(first.delete("Work/Deeper"))
status, _ = first.select("Work/Deeper")
assert status == "NO"
assert first.logout()[0] == "BYE"
assert second.logout()[0] == "BYE"
