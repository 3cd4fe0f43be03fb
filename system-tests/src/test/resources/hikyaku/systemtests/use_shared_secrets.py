"""APOP by poplib and CRAM-MD5 by imaplib."""
import imaplib
import poplib
import sys

pop_port, imap_port = int(sys.argv[1]), int(sys.argv[2])
user, secret, other, password = sys.argv[3:7]


def apop(name, key):
    pop = poplib.POP3("127.0.0.1", pop_port, timeout=120)
    assert b"<" in pop.getwelcome(), pop.getwelcome()
    try:
        pop.apop(name, key)
        assert pop.stat() == (0, 0)
        pop.quit()
        return True
    except poplib.error_proto as error:
        assert "[AUTH]" in str(error), error
        pop.close()
        return False


def cram_md5(name, key):
    imap = imaplib.IMAP4("127.0.0.1", imap_port, timeout=120)
    assert "AUTH=CRAM-MD5" in imap.capabilities, imap.capabilities
    try:
        imap.login_cram_md5(name, key)
        return True
    except imaplib.IMAP4.error as error:
        assert "AUTHENTICATIONFAILED" in str(error), error
        return False
    finally:
        imap.shutdown()


for login in (apop, cram_md5):
    assert login(user, secret), login
    assert not login(user, secret + "x"), login
    # The password is no secret for these, and who has no secret has no such login.
    assert not login(other, password), login
