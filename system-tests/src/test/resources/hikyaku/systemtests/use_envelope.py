"""Submits a message whose envelope asks for something."""
import smtplib
import ssl
import sys

host, user, password, authority, subject, mail, rcpt, recipient = sys.argv[1:9]
trusting = ssl.create_default_context(cafile=authority)
head = f"From: {user}\r\nSubject: {subject}\r\nMessage-ID: <{subject}@users.example>\r\n"

with smtplib.SMTP(host, 587, timeout=120) as smtp:
    smtp.starttls(context=trusting)
    smtp.login(user, password)
    smtp.ehlo_or_helo_if_needed()
    options = mail.split()
    if not recipient.isascii():
        smtp.command_encoding = "utf-8"
        options.append("SMTPUTF8")
    code, said = smtp.mail(user, options)
    assert code == 250, (code, said)
    code, said = smtp.rcpt(recipient, rcpt.split())
    assert code == 250, (code, said)
    if "BINARYMIME" in mail:
        content = (head + "MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\n"
                   "Content-Transfer-Encoding: binary\r\n\r\n").encode() + b"\0\n\rb"
        smtp.send(b"BDAT %d LAST\r\n" % len(content) + content)
        code, said = smtp.getreply()
    else:
        code, said = smtp.data((head + "\r\nOne line.\r\n").encode())
    assert code == 250, (code, said)
