"""A POP3 session by Python's poplib: every command it has."""
import poplib
import smtplib
import ssl
import sys

port, tls_port, lmtp_port, user, password = (
    int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5])
trusting = ssl._create_unverified_context()


def deliver(subject, body):
    with smtplib.LMTP("127.0.0.1", lmtp_port) as lmtp:
        lmtp.sendmail("a@elsewhere.example", [user],
                      ("Subject: %s\r\n\r\n%s" % (subject, body)).encode("utf-8"))


def refused(call, code):
    try:
        call()
    except poplib.error_proto as error:
        assert code in str(error), error
    else:
        raise AssertionError("not refused")


deliver("one", "first\r\n.\r\n..dots\r\n")
deliver("two", "1\r\n2\r\n3\r\n")
deliver("three", "Grüße\r\n")

pop = poplib.POP3("127.0.0.1", port, timeout=120)
capabilities = pop.capa()
assert {"TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "UTF8", "EXPIRE", "USER",
        "IMPLEMENTATION", "SASL", "STLS"} <= set(capabilities), capabilities
assert capabilities["EXPIRE"] == ["NEVER"]
pop.user(user)
refused(lambda: pop.pass_("wrong"), "[AUTH]")
pop.stls(trusting)
assert "STLS" not in pop.capa()
pop.utf8()
pop.user(user)
pop.pass_(password)
count, octets = pop.stat()
assert count == 3, count
_, listing, _ = pop.list()
assert len(listing) == 3
total = 0
for number in range(1, 4):
    _, lines, _ = pop.retr(number)
    size = int(listing[number - 1].split()[1])
    assert sum(len(line) + 2 for line in lines) == size, (number, size)
    total += size
assert total == octets
_, lines, _ = pop.retr(1)
assert lines[-3:] == [b"first", b".", b"..dots"], lines
_, lines, _ = pop.top(2, 1)
assert lines[-1] == b"1", lines
_, ids, _ = pop.uidl()
assert len({line.split()[1] for line in ids}) == 3
assert pop.uidl(2).split()[2] == ids[1].split()[1]
pop.dele(1)
refused(lambda: pop.retr(1), "-ERR")
pop.rset()
pop.dele(2)
pop.noop()
pop.quit()

# Over TLS from the start: unique ids are as they were; who leaves without QUIT deletes nothing.
pop = poplib.POP3_SSL("127.0.0.1", tls_port, context=trusting, timeout=120)
pop.user(user)
pop.pass_(password)
_, later, _ = pop.uidl()
assert [line.split()[1] for line in later] == [ids[0].split()[1], ids[2].split()[1]]
pop.dele(1)
pop.close()
pop = poplib.POP3_SSL("127.0.0.1", tls_port, context=trusting, timeout=120)
pop.user(user)
pop.pass_(password)
assert pop.stat()[0] == 2
pop.quit()
