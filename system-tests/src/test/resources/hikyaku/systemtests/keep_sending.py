"""Sends message after message by smtplib over one connection under STARTTLS, until its input ends; then one called "last"."""

import select
import smtplib
import ssl
import sys

port, recipients = int(sys.argv[1]), sys.argv[2:]
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
smtp = smtplib.SMTP("127.0.0.1", port, timeout=120)
smtp.starttls(context=context)
smtp.ehlo()


def send(subject):
    """One message to everybody, none of whom may be refused."""
    refused = smtp.sendmail(
        "sender@elsewhere.example",
        recipients,
        f"From: sender@elsewhere.example\r\nSubject: {subject}\r\n"
        f"Message-ID: <{subject}@elsewhere.example>\r\n\r\nbody of {subject}\r\n",
    )
    assert not refused, refused
    print(subject, flush=True)


number = 0
while not select.select([sys.stdin], [], [], 0.2)[0]:
    number += 1
    send(f"m{number}")
send("last")
smtp.quit()
