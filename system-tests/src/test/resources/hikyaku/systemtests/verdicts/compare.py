"""Has messages judged by this server and by others, and compares what they say.

    compare.py zone DIRECTORY
        prints what DNS is to say; keys are made in the directory
    compare.py run DIRECTORY SMTP-ADDRESSES PASSWORD
        fails unless each verdict is what its case says
"""
import concurrent.futures
import email
import imaplib
import smtplib
import ssl
import sys

import cases
import judges
import letters

OPENDKIM, OPENDMARC = 8891, 8893


class Ours:
    """This server: what it says to the message, and what stands before it in its mailbox."""

    def __init__(self, addresses, password):
        self.four, self.six = addresses.split(",")
        self.password = password

    def give(self, case, message):
        """Whether it is taken; else the reply."""
        server = self.six if ":" in case.client else self.four
        with smtplib.SMTP(server, 25, local_hostname=case.helo, timeout=120,
                          source_address=(case.client, 0)) as smtp:
            try:
                smtp.sendmail(case.sender, [letters.RECIPIENT], message)
                return None
            except smtplib.SMTPDataError as refusal:
                return f"{refusal.smtp_code} {refusal.smtp_error.decode()}"

    def fields(self):
        """Authentication-Results of all that has come, by subject."""
        context = ssl._create_unverified_context()
        found = {}
        with imaplib.IMAP4_SSL(self.four, ssl_context=context, timeout=120) as imap:
            imap.login(letters.RECIPIENT, self.password)
            for box in ("INBOX", "Junk"):
                if imap.select(box, readonly=True)[0] != "OK":
                    continue
                _, answer = imap.fetch("1:*", "(BODY.PEEK[HEADER])")
                for part in answer:
                    if isinstance(part, tuple):
                        head = email.message_from_bytes(part[1])
                        name = head["Message-ID"].strip("<>").split("@")[0]
                        found[name] = [field for field in head.get_all("Authentication-Results", [])
                                       if field.split(";")[0].strip() == "mail.hikyaku.example"]
        return found


def first(found, otherwise):
    return found[0][0] if found else otherwise


def others(case, message):
    """What each of the others says, by its name."""
    say = {}
    if case.about == "spf":
        sender = case.sender or "postmaster@" + case.helo
        say["pyspf"] = judges.by_pyspf(case.client, case.helo, sender)
        say["libspf2"] = judges.by_libspf2(case.client, case.helo, sender)
        return say
    signatures, taken = judges.Milter(OPENDKIM).judge(case.client, case.helo, case.sender, letters.RECIPIENT, message)
    assert taken, case.name
    if case.about == "dkim":
        found = judges.methods(signatures, "dkim")
        say["opendkim"] = [result for result, _ in found]
        count = message.split(b"\r\n\r\n")[0].count(b"DKIM-Signature:")
        say["dkimpy"] = judges.by_dkimpy(message, count)
        return say
    before = "".join(f"Authentication-Results: {field}\r\n" for field in signatures).replace("\r\n", "\n")
    policies, taken = judges.Milter(OPENDMARC).judge(case.client, case.helo, case.sender, letters.RECIPIENT,
                               before.replace("\n", "\r\n").encode() + message)
    # Of what it refuses it adds nothing.
    say["opendmarc"] = ((first(judges.methods(policies, "dmarc"), "nothing"), judges.disposition(policies) or "none")
                        if taken else ("fail", "reject"))
    return say


def ours(case, refusal, fields):
    if refusal:
        assert case.about == "dmarc" and refusal.startswith("550 5.7.26"), (case.name, refusal)
        return "fail", "reject"
    found = judges.methods(fields, case.about)
    if case.about == "spf":
        wanted = "smtp.mailfrom" if case.sender else "smtp.helo"
        return first([each for each in found if wanted in each[1]], "nothing")
    if case.about == "dkim":
        return [result for result, _ in found]
    return first(found, "nothing"), judges.disposition(fields)


def expected(case, judge):
    """What a judge is to say, by the case."""
    if judge in case.differ:
        verdict, why = case.differ[judge]
        assert why.startswith(("theirs: ", "free: ")), (case.name, judge, why)
        return verdict
    if judge == "dkimpy":
        return ["pass" if each == "pass" else "not" for each in case.verdict if each != "none"]
    return case.verdict


def run(directory, addresses, password):
    keys = letters.Keys(directory)
    server = Ours(addresses, password)
    messages = {case.name: case.message(keys) for case in cases.ALL}
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        refusals = {case.name: pool.submit(server.give, case, messages[case.name]) for case in cases.ALL}
        said = {case.name: pool.submit(others, case, messages[case.name]) for case in cases.ALL}
    fields = server.fields()
    wrong, compared, explained = [], 0, 0
    for case in cases.ALL:
        say = {"ours": ours(case, refusals[case.name].result(), fields.get(case.name, [])),
               **said[case.name].result()}
        unknown = set(case.differ) - set(say)
        assert not unknown, (case.name, unknown)
        for judge, verdict in say.items():
            compared += 1
            explained += judge in case.differ
            if verdict != expected(case, judge):
                wrong.append(f"{case.about} {case.name}: {judge} says {verdict}, not {expected(case, judge)}")
    print("\n".join(wrong))
    print(f"{len(cases.ALL)} messages, {compared} verdicts, {explained} differences explained, {len(wrong)} not")
    return not wrong


if __name__ == "__main__":
    if sys.argv[1] == "zone":
        print(cases.zone(letters.Keys(sys.argv[2])))
    else:
        sys.exit(not run(*sys.argv[2:]))
