"""Mail in by Python's smtplib, and what arrives."""
import email
import email.message
import email.policy
import poplib
import smtplib
import ssl
import sys

smtp_port, submission_port, submissions_port, pop_port = map(int, sys.argv[1:5])
sender, recipient, password = sys.argv[5:8]
trusting = ssl._create_unverified_context()

# From elsewhere, with STARTTLS, to two recipients of which one is not ours.
with smtplib.SMTP("127.0.0.1", smtp_port, timeout=120) as smtp:
    smtp.ehlo("client.test.example")
    for extension in ("pipelining", "size", "8bitmime", "smtputf8", "chunking",
                      "enhancedstatuscodes", "starttls", "limits"):
        assert smtp.has_extn(extension), (extension, smtp.esmtp_features)
    assert not smtp.has_extn("auth"), "no AUTH where mail comes in from others"
    smtp.starttls(context=trusting)
    refused = smtp.sendmail("a@elsewhere.example", [recipient, "b@elsewhere.example"],
                            b"Subject: one\r\n\r\n.\r\n..\r\nend\r\n",
                            mail_options=["BODY=8BITMIME"])
    assert list(refused) == ["b@elsewhere.example"], refused
    assert refused["b@elsewhere.example"][0] == 550, refused

# By a user: a message with attachments, in UTF-8 throughout.
message = email.message.EmailMessage()
message["From"] = sender
message["To"] = recipient
message["Subject"] = "Zwei Grüße"
message.set_content("Ein Text.\n.\nUnd Schluß.\n")
message.add_attachment(bytes(range(256)) * 400, maintype="application", subtype="octet-stream",
                       filename="bytes.bin")
with smtplib.SMTP("127.0.0.1", submission_port, timeout=120) as smtp:
    smtp.starttls(context=trusting)
    try:
        smtp.sendmail(sender, recipient, b"Subject: x\r\n\r\n")
        raise AssertionError("sent without a login")
    except smtplib.SMTPException:
        pass
    smtp.rset()
    smtp.login(sender, password)
    smtp.send_message(message)
with smtplib.SMTP_SSL("127.0.0.1", submissions_port, context=trusting, timeout=120) as smtp:
    try:
        smtp.login(sender, "wrong")
        raise AssertionError("a wrong password was taken")
    except smtplib.SMTPAuthenticationError as error:
        assert error.smtp_code == 535, error
    smtp.login(sender, password)
    smtp.send_message(message)

pop = poplib.POP3("127.0.0.1", pop_port, timeout=120)
pop.user(recipient)
pop.pass_(password)
assert pop.stat()[0] == 3, pop.stat()
_, lines, _ = pop.retr(1)
assert lines[-3:] == [b".", b"..", b"end"], lines
assert lines[0] == b"Return-Path: <a@elsewhere.example>", lines[0]
for number in (2, 3):
    got = email.message_from_bytes(b"\r\n".join(pop.retr(number)[1]) + b"\r\n",
                                   policy=email.policy.default)
    assert got["Subject"] == "Zwei Grüße", got["Subject"]
    text = got.get_body().get_content().replace("\r\n", "\n")
    assert text == "Ein Text.\n.\nUnd Schluß.\n"
    assert next(got.iter_attachments()).get_content() == bytes(range(256)) * 400
pop.quit()
