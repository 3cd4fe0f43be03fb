"""What is judged, by which records, and what is to come out.

A difference to another judge says whose it is, by the RFC: theirs if they do not do what it says, free if it leaves
it open. One that is ours would be a defect to be mended.
"""
import dataclasses
import typing

import letters

CLIENT, SIX = "192.0.2.25", "2001:db8::25"


@dataclasses.dataclass
class Case:
    name: str
    about: str
    verdict: object
    records: str = ""
    client: str = CLIENT
    helo: str = "client.example"
    sender: str = None
    author: str = None
    differ: dict = dataclasses.field(default_factory=dict)
    make: typing.Callable = None

    def __post_init__(self):
        if self.sender is None:
            self.sender = f"jo@{self.name}.example"
        self.author = self.author or f"{self.name}.example"

    def message(self, keys):
        if self.make:
            return self.make(keys)
        return letters.letter(self.name, self.author)


ALL = []


def theirs(verdict, why):
    """What another judge says against the RFC."""
    return verdict, "theirs: " + why


def free(verdict, why):
    """What another judge says, and may."""
    return verdict, "free: " + why


def spf(name, verdict, record, more="", **how):
    """One record at the name of the case, with others relative to it."""
    lines = [f'@ TXT "{record}"'] if record else []
    ALL.append(Case(name, "spf", verdict, "\n".join(lines) + "\n" + more, **how))


def dkim(name, verdict, *signatures, change=None, differ=None, **letter):
    """A message of signer.example, with the last signature on top, changed behind that."""
    def make(keys):
        message = letters.letter(name, "signer.example", **letter)
        for signature in signatures:
            message = letters.signed(keys, message, **signature)
        if change:
            changed = message.replace(*[part.encode() for part in change], 1)
            assert changed != message, name
            return changed
        return message
    ALL.append(Case(name, "dkim", verdict, sender="jo@signer.example", differ=differ or {}, make=make))


def dmarc(name, verdict, policy, more="", by=None, make=None, **how):
    """One policy at the name of the case; the message is signed for a domain if that is given."""
    how.setdefault("sender", "jo@unaligned.example")
    lines = [f'_dmarc TXT "{policy}"'] if policy else []
    case = Case(name, "dmarc", verdict, "\n".join(lines) + "\n" + more, **how)
    if by:
        case.make = lambda keys: letters.signed(keys, letters.letter(name, case.author), d=by)
        case.records += "\nrsa._domainkey CNAME rsa._domainkey.signer.example."
    if make:
        case.make = lambda keys: make(name, keys)
    ALL.append(case)


def text(value):
    """A TXT record's data: strings of 255 characters at most."""
    return " ".join(f'"{value[i:i + 255]}"' for i in range(0, len(value), 255))


def zone(keys):
    """The lines of the zone example., below what is there already."""
    lines = ["client A 192.0.2.25", "client AAAA 2001:db8::25", "client TXT \"v=spf1 a -all\"",
             "unaligned TXT \"v=spf1 ip4:192.0.2.25 -all\""]
    for selector, record in KEYS.items():
        for kind in (512, 1024, 2048, "ed", "bare"):
            record = record.replace(f"[{kind}]", keys.public(kind))
        lines.append(f"{selector}._domainkey.signer TXT {text(record)}")
    for case in ALL:
        for line in case.records.splitlines():
            name, _, rest = line.strip().partition(" ")
            if name:
                owner = case.name if name == "@" else f"{name}.{case.name}"
                lines.append(f"{owner} {rest}".replace("[d]", case.name + ".example"))
    return "\n".join(lines)


# ---- SPF: RFC 7208

spf("spf-none", "none", "")
spf("spf-all", "pass", "v=spf1 +all")
spf("spf-fail", "fail", "v=spf1 -all")
spf("spf-softfail", "softfail", "v=spf1 ~all")
spf("spf-neutral", "neutral", "v=spf1 ?all")
spf("spf-nothing-matches", "neutral", "v=spf1 ip4:198.51.100.1")
spf("spf-empty", "neutral", "v=spf1")
spf("spf-ip4", "pass", "v=spf1 ip4:192.0.2.0/24 -all")
spf("spf-ip4-all-of-it", "pass", "v=spf1 ip4:198.51.100.1/0 -all",
     differ={"libspf2": theirs("permerror", "RFC 7208 §12 has a length of 0")})
spf("spf-ip4-too-long", "permerror", "v=spf1 ip4:192.0.2.0/33 -all")
spf("spf-ip4-not-one", "permerror", "v=spf1 ip4:192.0.2 -all")
spf("spf-ip6", "pass", "v=spf1 ip6:2001:db8::/32 -all", client=SIX)
spf("spf-ip6-of-four", "fail", "v=spf1 ip6:2001:db8::/32 -all")
spf("spf-upper-case", "pass", "V=sPf1 IP4:192.0.2.25 -ALL")
spf("spf-another-version", "none", "v=spf10 -all")
spf("spf-two-records", "permerror", "v=spf1 +all", '@ TXT "v=spf1 -all"')
spf("spf-beside-others", "fail", "v=spf1 -all", '@ TXT "something else"')
spf("spf-in-strings", "pass", "", '@ TXT "v=spf1 ip4:192.0" ".2.25 -all"')
spf("spf-a", "pass", "v=spf1 a -all", "@ A 192.0.2.25")
spf("spf-a-other-name", "pass", "v=spf1 a:out.[d] -all", "out A 192.0.2.25")
spf("spf-a-network", "pass", "v=spf1 a:out.[d]/24 -all", "out A 192.0.2.99")
spf("spf-a-six", "pass", "v=spf1 a:out.[d]/32//64 -all", "out AAAA 2001:db8::1", client=SIX)
spf("spf-a-cname", "pass", "v=spf1 a:out.[d] -all", "out CNAME there.[d].\nthere A 192.0.2.25")
spf("spf-mx", "pass", "v=spf1 mx -all", "@ MX 10 mx.[d].\nmx A 192.0.2.25")
spf("spf-mx-network", "pass", "v=spf1 mx/28 -all", "@ MX 10 mx.[d].\nmx A 192.0.2.17")
spf("spf-mx-eleven", "permerror", "v=spf1 mx +all",
    "".join(f"@ MX 10 m{i}.[d].\nm{i} A 198.51.100.{i}\n" for i in range(11)))
spf("spf-ptr", "pass", "v=spf1 ptr:client.example -all")
spf("spf-ptr-elsewhere", "fail", "v=spf1 ptr -all")
spf("spf-include", "pass", "v=spf1 include:in.[d] -all", 'in TXT "v=spf1 ip4:192.0.2.25 -all"')
spf("spf-include-fails", "softfail", "v=spf1 include:in.[d] ~all", 'in TXT "v=spf1 -all"')
spf("spf-include-softfails", "fail", "v=spf1 include:in.[d] -all", 'in TXT "v=spf1 ~all"')
spf("spf-include-nothing", "permerror", "v=spf1 include:in.[d] -all")
spf("spf-include-permerror", "permerror", "v=spf1 include:in.[d] -all", 'in TXT "v=spf1 nonsense"')
spf("spf-include-itself", "permerror", "v=spf1 include:[d] -all")
spf("spf-redirect", "softfail", "v=spf1 redirect=in.[d]", 'in TXT "v=spf1 ~all"')
spf("spf-redirect-behind-all", "fail", "v=spf1 redirect=in.[d] -all", 'in TXT "v=spf1 +all"',
     differ={"libspf2": theirs("pass", "RFC 7208 §6.1: it is for where nothing matches")})
spf("spf-redirect-nowhere", "permerror", "v=spf1 redirect=in.[d]")
spf("spf-redirect-twice", "permerror", "v=spf1 redirect=in.[d] redirect=in.[d]", 'in TXT "v=spf1 ~all"',
     differ={"libspf2": theirs("softfail", "RFC 7208 §6: once at most")})
spf("spf-exists", "pass", "v=spf1 exists:%{ir}.%{v}._spf.%{d} -all",
    "25.2.0.192.in-addr._spf A 127.0.0.2")
spf("spf-exists-not", "fail", "v=spf1 exists:%{i}._spf.%{d2} -all")
spf("spf-macro-sender", "pass", "v=spf1 exists:%{l1r-}.%{o}._at.[d] -all", "jo.[d]._at A 127.0.0.2",
    sender="jo-list-7@spf-macro-sender.example")
spf("spf-macro-helo", "pass", "v=spf1 exists:%{h}._at.[d] -all", "client.example._at A 127.0.0.2")
spf("spf-macro-six", "pass", "v=spf1 exists:%{i}._at.[d] -all",
    "2.0.0.1.0.d.b.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.2.5._at A 127.0.0.2", client=SIX)
spf("spf-macro-unknown", "permerror", "v=spf1 exists:%{x}.[d] -all")
spf("spf-macro-for-exp-only", "permerror", "v=spf1 exists:%{c}.[d] -all")
spf("spf-exp", "fail", "v=spf1 -all exp=why.[d]", 'why TXT "Because."')
spf("spf-unknown-modifier", "pass", "v=spf1 moo=cow ip4:192.0.2.25 -all")
spf("spf-unknown-mechanism", "permerror", "v=spf1 moo:cow -all")
spf("spf-error-behind-the-match", "permerror", "v=spf1 ip4:192.0.2.25 moo -all")
spf("spf-all-with-value", "permerror", "v=spf1 all:x")
spf("spf-ten-lookups", "pass", "v=spf1 " + " ".join(f"include:i{i}.[d]" for i in range(10)) + " ip4:192.0.2.25 -all",
    "".join(f'i{i} TXT "v=spf1 ip4:198.51.100.{i} -all"\n' for i in range(10)))
spf("spf-eleven-lookups", "permerror",
    "v=spf1 " + " ".join(f"include:i{i}.[d]" for i in range(11)) + " ip4:192.0.2.25 -all",
    "".join(f'i{i} TXT "v=spf1 ip4:198.51.100.{i} -all"\n' for i in range(11)))
spf("spf-two-void", "pass", "v=spf1 a:n1.[d] a:n2.[d] ip4:192.0.2.25 -all")
spf("spf-three-void", "permerror", "v=spf1 a:n1.[d] a:n2.[d] a:n3.[d] ip4:192.0.2.25 -all",
     differ={"libspf2": free("pass", "RFC 7208 §4.6.4: two should be the most")})
spf("spf-temperror", "temperror", "", sender="jo@bogus.example")
spf("spf-include-temperror", "temperror", "v=spf1 include:bogus.example ip4:192.0.2.25 -all")
spf("spf-match-before-temperror", "pass", "v=spf1 ip4:192.0.2.25 include:bogus.example -all")
spf("spf-null-sender", "fail", "v=spf1 -all", sender="", helo="spf-null-sender.example")

# ---- DKIM: RFC 6376, 8301, 8463

RSA = "v=DKIM1; k=rsa; p=[2048]"
KEYS = {
    "rsa": RSA,
    "short": "v=DKIM1; p=[512]",
    "least": "v=DKIM1; p=[1024]",
    "ed": "v=DKIM1; k=ed25519; p=[ed]",
    "bare": "v=DKIM1; p=[bare]",
    "plain": "p=[2048]",
    "revoked": "v=DKIM1; p=",
    "sha1": "v=DKIM1; h=sha1; p=[2048]",
    "other": "v=DKIM1; s=tlsrpt; p=[2048]",
    "same": "v=DKIM1; t=s; p=[2048]",
    "testing": "v=DKIM1; t=y; p=[2048]",
    "version": "v=DKIM2; p=[2048]",
    "late": "p=[2048]; v=DKIM1",
    "broken": "v=DKIM1; p=AAAA",
    "text": "no key at all",
    "kind": "v=DKIM1; k=ed25519; p=[2048]",
}

for header in ("simple", "relaxed"):
    for body in ("simple", "relaxed"):
        form = f"{header}/{body}"
        name = f"dkim-{header}-{body}"
        dkim(name, ["pass"], {"c": form})
        dkim(name + "-space-in-header", ["pass" if header == "relaxed" else "fail"], {"c": form},
             change=("Subject: ", "SUBJECT:  "))
        dkim(name + "-space-in-body", ["pass" if body == "relaxed" else "fail"], {"c": form},
             change=("One line.", "One  line. "))
        dkim(name + "-lines-behind", ["pass"], {"c": form}, change=("One line.\r\n", "One line.\r\n\r\n\r\n"))
        dkim(name + "-no-body", ["pass"], {"c": form}, body="")
        dkim(name + "-octets", ["pass"], {"c": form}, body="Gr\u00fc\u00dfe \t aus K\u00f6ln\r\n\r\n.\r\n")
dkim("dkim-none", ["none"])
dkim("dkim-default-form", ["pass"], {"c": None})
dkim("dkim-header-form-alone", ["pass"], {"c": "relaxed"})
dkim("dkim-one-line", ["pass"], {"folded": False})
dkim("dkim-header-changed", ["fail"], {}, change=("Subject: dkim", "Subject: Dkim"))
dkim("dkim-body-changed", ["fail"], {}, change=("One line", "Two lines"))
dkim("dkim-field-not-signed", ["pass"], {}, change=("Message-ID", "X-New: 1\r\nMessage-ID"))
dkim("dkim-second-from", ["fail"], {}, change=("To:", "From: mo@other.example\r\nTo:"))
dkim("dkim-second-from-above", ["pass"], {}, change=("From:", "From: mo@other.example\r\nFrom:"),
      differ={"dkimpy": free(["not"], "RFC 6376 §3.8: what is no message of RFC 5322 need not be valid")})
dkim("dkim-second-from-oversigned", ["fail"], {"h": "from:from:to"}, change=("To:", "From: mo@other.example\r\nTo:"))
dkim("dkim-absent-field-signed", ["pass"], {"h": "from:to:cc:reply-to"})
dkim("dkim-absent-field-added", ["fail"], {"h": "from:to:cc"}, change=("To:", "Cc: mo@other.example\r\nTo:"))
dkim("dkim-same-field-twice", ["pass"], {"h": "from:comments:comments"}, head="Comments: 1\r\nComments: 2\r\n")
dkim("dkim-same-field-turned", ["fail"], {"h": "from:comments:comments"}, head="Comments: 1\r\nComments: 2\r\n",
     change=("Comments: 1\r\nComments: 2", "Comments: 2\r\nComments: 1"))
dkim("dkim-from-not-signed", ["permerror"], {"h": "to:subject"},
      differ={"dkimpy": theirs(["pass"], "RFC 6376 §5.4: From must be")})
dkim("dkim-length", ["pass"], {"l": "11"})
dkim("dkim-length-of-nothing", ["policy"], {"l": "0"},
      differ={"opendkim": free(["pass"], "RFC 6376 §8.2: what is behind the length may be distrusted"),
              "dkimpy": free(["pass"], "RFC 6376 §8.2: what is behind the length may be distrusted")})
dkim("dkim-length-and-more", ["policy"], {"l": "11"}, change=("One line.\r\n", "One line.\r\nMore.\r\n"),
      differ={"opendkim": free(["pass"], "RFC 6376 §8.2: what is behind the length may be distrusted"),
              "dkimpy": free(["pass"], "RFC 6376 §8.2: what is behind the length may be distrusted")})
dkim("dkim-length-and-less", ["fail"], {"l": "11"}, change=("One line.\r\n", "One.\r\n"))
dkim("dkim-expired", ["fail"], {"t": "1000000000", "x": "1000000001"},
      differ={"opendkim": free(["permerror"], "RFC 8601 §2.7.1: PERMFAIL has two names")})
dkim("dkim-expires-later", ["pass"], {"t": "1000000000", "x": "9000000000"})
dkim("dkim-expired-before", ["permerror"], {"t": "9000000001", "x": "9000000000"})
dkim("dkim-of-the-future", ["pass"], {"t": "9000000000"},
      differ={"opendkim": free(["permerror"], "RFC 6376 §3.5: may be ignored"),
              "dkimpy": free(["not"], "RFC 6376 §3.5: may be ignored")})
dkim("dkim-identity-below", ["pass"], {"i": "@sub.signer.example"})
dkim("dkim-identity-elsewhere", ["permerror"], {"i": "@other.example"})
dkim("dkim-identity-same-only", ["permerror"], {"s": "same", "i": "@sub.signer.example"},
      differ={"opendkim": free(["fail"], "RFC 8601 §2.7.1: PERMFAIL has two names"),
              "dkimpy": theirs(["pass"], "RFC 6376 §3.6.1: t=s")})
dkim("dkim-identity-same", ["pass"], {"s": "same", "i": "jo@signer.example"})
dkim("dkim-unknown-tag", ["pass"], {"moo": "cow"})
dkim("dkim-query-unknown", ["permerror"], {"q": "http"})
dkim("dkim-query", ["pass"], {"q": "dns/txt"})
dkim("dkim-version", ["permerror"], {"v": "2"})
dkim("dkim-form-unknown", ["permerror"], {}, change=("c=relaxed/relaxed", "c=loose/relaxed"))
dkim("dkim-algorithm-unknown", ["permerror"], {}, change=("a=rsa-sha256", "a=rsa-md5"))
dkim("dkim-sha1", ["permerror"], {"a": "rsa-sha1"},
      differ={"opendkim": theirs(["pass"], "RFC 8301 §3.1: must not be taken"),
              "dkimpy": theirs(["pass"], "RFC 8301 §3.1: must not be taken")})
dkim("dkim-ed25519", ["pass"], {"key": "ed", "s": "ed"})
dkim("dkim-ed25519-changed", ["fail"], {"key": "ed", "s": "ed"}, change=("Subject: d", "Subject: D"))
dkim("dkim-both", ["pass", "pass"], {}, {"key": "ed", "s": "ed"})
dkim("dkim-one-of-two-broken", ["pass", "fail"], {"h": "from:subject"}, {"h": "from:to"},
     change=("Subject: dkim", "Subject: Dkim"))
dkim("dkim-signature-tag-missing", ["permerror"], {}, change=("bh=", "bz="))
dkim("dkim-signature-not-base64", ["permerror"], {"folded": False}, change=("; b=", "; b=%%"),
      differ={"opendkim": theirs(["pass"], "RFC 6376 §3.5: base64 and white space")})
dkim("dkim-key-missing", ["permerror"], {"s": "nowhere"},
      differ={"opendkim": free(["fail"], "RFC 8601 §2.7.1: PERMFAIL has two names")})
dkim("dkim-key-revoked", ["permerror"], {"s": "revoked"},
      differ={"opendkim": free(["fail"], "RFC 8601 §2.7.1: PERMFAIL has two names")})
dkim("dkim-key-short", ["permerror"], {"s": "short", "key": 512},
      differ={"opendkim": free(["policy"], "RFC 8601 §2.7.1: the words overlap")})
dkim("dkim-key-least", ["pass"], {"s": "least", "key": 1024})
dkim("dkim-key-bare", ["pass"], {"s": "bare"},
      differ={"opendkim": theirs(["permerror"], "RFC 6376 §3.6.1: it is an RSAPublicKey")})
dkim("dkim-key-plain", ["pass"], {"s": "plain"})
dkim("dkim-key-of-sha1", ["permerror"], {"s": "sha1"},
      differ={"opendkim": free(["fail"], "RFC 8601 §2.7.1: PERMFAIL has two names"),
              "dkimpy": theirs(["pass"], "RFC 6376 §3.6.1: h")})
dkim("dkim-key-not-for-mail", ["permerror"], {"s": "other"},
      differ={"opendkim": free(["fail"], "RFC 8601 §2.7.1: PERMFAIL has two names")})
dkim("dkim-key-testing", ["pass"], {"s": "testing"})
dkim("dkim-key-version", ["permerror"], {"s": "version"},
      differ={"opendkim": free(["fail"], "RFC 8601 §2.7.1: PERMFAIL has two names")})
dkim("dkim-key-version-late", ["permerror"], {"s": "late"},
      differ={"opendkim": theirs(["pass"], "RFC 6376 §3.6.1: v is first or not there"),
              "dkimpy": theirs(["pass"], "RFC 6376 §3.6.1: v is first or not there")})
dkim("dkim-key-broken", ["permerror"], {"s": "broken"})
dkim("dkim-key-text", ["permerror"], {"s": "text"},
      differ={"opendkim": theirs(["temperror"], "RFC 6376 §6.1.2: PERMFAIL")})
dkim("dkim-key-kind", ["permerror"], {"s": "kind"},
      differ={"opendkim": theirs(["pass"], "RFC 6376 §3.6.1: k")})
dkim("dkim-key-of-another", ["fail"], {"s": "least"})
dkim("dkim-temperror", ["temperror"], {"d": "bogus.example"},
      differ={"opendkim": free([], "RFC 8601 §2.7.1: it says nothing of what it would have come again")})

# ---- DMARC: RFC 7489

OURS = '@ TXT "v=spf1 ip4:192.0.2.25 -all"\nsub TXT "v=spf1 ip4:192.0.2.25 -all"\n'
PASS, SPARED = ("pass", "none"), ("fail", "none")
REJECT, SET_APART, NONE = ("fail", "reject"), ("fail", "quarantine"), ("none", "none")
# A policy that cannot be read, as OpenDMARC says it.
BROKEN = ("permerror", "none")

dmarc("dmarc-no-policy", NONE, "")
dmarc("dmarc-none", SPARED, "v=DMARC1; p=none")
dmarc("dmarc-quarantine", SET_APART, "v=DMARC1; p=quarantine")
dmarc("dmarc-reject", REJECT, "v=DMARC1; p=reject")
dmarc("dmarc-spf", PASS, "v=DMARC1; p=reject", OURS, sender="jo@dmarc-spf.example")
dmarc("dmarc-spf-of-helo", PASS, "v=DMARC1; p=reject", OURS, sender="", helo="dmarc-spf-of-helo.example")
dmarc("dmarc-spf-below", PASS, "v=DMARC1; p=reject", OURS, sender="jo@sub.dmarc-spf-below.example")
dmarc("dmarc-spf-above", PASS, "v=DMARC1; p=reject", OURS, sender="jo@dmarc-spf-above.example",
      author="sub.dmarc-spf-above.example")
dmarc("dmarc-spf-strict", PASS, "v=DMARC1; p=reject; aspf=s", OURS, sender="jo@dmarc-spf-strict.example")
dmarc("dmarc-spf-strict-below", REJECT, "v=DMARC1; p=reject; aspf=s", OURS,
      sender="jo@sub.dmarc-spf-strict-below.example",
       differ={"opendmarc": theirs(PASS, "RFC 7489 §3.1.2: strict is the same name")})
dmarc("dmarc-spf-softfail", REJECT, "v=DMARC1; p=reject", '@ TXT "v=spf1 ~all"', sender="jo@dmarc-spf-softfail.example")
dmarc("dmarc-dkim", PASS, "v=DMARC1; p=reject", by="dmarc-dkim.example")
dmarc("dmarc-dkim-unaligned", REJECT, "v=DMARC1; p=reject", by="signer.example")
dmarc("dmarc-dkim-above", PASS, "v=DMARC1; p=reject", by="dmarc-dkim-above.example",
      author="sub.dmarc-dkim-above.example")
dmarc("dmarc-dkim-strict", PASS, "v=DMARC1; p=reject; adkim=s", by="dmarc-dkim-strict.example")
dmarc("dmarc-dkim-strict-above", REJECT, "v=DMARC1; p=reject; adkim=s", by="dmarc-dkim-strict-above.example",
      author="sub.dmarc-dkim-strict-above.example")
dmarc("dmarc-below", REJECT, "v=DMARC1; p=reject", "sub A 192.0.2.25", author="sub.dmarc-below.example")
dmarc("dmarc-below-sp", SET_APART, "v=DMARC1; p=reject; sp=quarantine", "sub A 192.0.2.25",
      author="sub.dmarc-below-sp.example")
dmarc("dmarc-below-sp-none", SPARED, "v=DMARC1; p=reject; sp=none", "sub A 192.0.2.25",
      author="sub.dmarc-below-sp-none.example")
dmarc("dmarc-below-own", SPARED, "v=DMARC1; p=reject", '_dmarc.sub TXT "v=DMARC1; p=none"',
      author="sub.dmarc-below-own.example")
dmarc("dmarc-below-deep", REJECT, "v=DMARC1; p=reject", "a.b.c A 192.0.2.25", author="a.b.c.dmarc-below-deep.example")
dmarc("dmarc-pct-0", SET_APART, "v=DMARC1; p=reject; pct=0",
       differ={"opendmarc": theirs(SPARED, "RFC 7489 §6.6.4: the next weaker policy")})
dmarc("dmarc-pct-0-quarantine", SPARED, "v=DMARC1; p=quarantine; pct=0")
dmarc("dmarc-pct-100", REJECT, "v=DMARC1; p=reject; pct=100")
dmarc("dmarc-upper-case", REJECT, "v=DMARC1; p=REJECT", author="jo@DMARC-Upper-Case.EXAMPLE")
dmarc("dmarc-version-late", NONE, "p=reject; v=DMARC1",
       differ={"opendmarc": theirs(REJECT, "RFC 7489 §6.3: v is first")})
dmarc("dmarc-two-records", NONE, "v=DMARC1; p=reject", '_dmarc TXT "v=DMARC1; p=reject; pct=100"',
       differ={"opendmarc": theirs(REJECT, "RFC 7489 §6.6.3: then there is none")})
dmarc("dmarc-beside-others", REJECT, "v=DMARC1; p=reject", '_dmarc TXT "something else"',
       differ={"opendmarc": theirs(NONE, "RFC 7489 §6.6.3: others are passed over; it looks at the first alone")})
dmarc("dmarc-unknown-tag", REJECT, "v=DMARC1; p=reject; moo=cow")
dmarc("dmarc-no-p", NONE, "v=DMARC1; adkim=s",
       differ={"opendmarc": free(BROKEN, "RFC 7489 §6.6.3 applies nothing, §11.2 has a word for it")})
dmarc("dmarc-bad-p", NONE, "v=DMARC1; p=moo",
       differ={"opendmarc": free(BROKEN, "RFC 7489 §6.6.3 applies nothing, §11.2 has a word for it")})
dmarc("dmarc-bad-p-reports", SPARED, "v=DMARC1; p=moo; rua=mailto:reports@dmarc-bad-p-reports.example",
       differ={"opendmarc": theirs(BROKEN, "RFC 7489 §6.6.3: as if it were p=none")})
dmarc("dmarc-bad-sp", NONE, "v=DMARC1; p=reject; sp=moo", "sub A 192.0.2.25", author="sub.dmarc-bad-sp.example",
       differ={"opendmarc": free(BROKEN, "RFC 7489 §6.6.3 applies nothing, §11.2 has a word for it")})
dmarc("dmarc-bad-sp-reports", SPARED,
      "v=DMARC1; p=reject; sp=moo; rua=mailto:reports@dmarc-bad-sp-reports.example",
      differ={"opendmarc": theirs(BROKEN, "RFC 7489 §6.6.3: as if it were p=none")})
dmarc("dmarc-bad-np", NONE, "v=DMARC1; p=reject; np=moo",
      differ={"opendmarc": free(REJECT, "RFC 9989 §4.7: np is younger than it")})
dmarc("dmarc-np", SET_APART, "v=DMARC1; p=reject; np=quarantine", author="none.dmarc-np.example",
       differ={"opendmarc": free(REJECT, "RFC 9989 §4.7: np is younger than it")})
dmarc("dmarc-testing", SET_APART, "v=DMARC1; p=reject; t=y",
       differ={"opendmarc": free(REJECT, "RFC 9989 §4.7: t is younger than it")})
dmarc("dmarc-temperror", ("temperror", "none"), "", author="jo@bogus.example",
       differ={"opendmarc": free(NONE, "RFC 7489 §6.6.3: what then happens is the receiver's matter")})
dmarc("dmarc-display-name", REJECT, "v=DMARC1; p=reject",
      make=lambda name, keys: letters.letter(name, f'"boss@unaligned.example" <jo@{name}.example>'))
dmarc("dmarc-two-authors", REJECT, "v=DMARC1; p=reject",
      make=lambda name, keys: letters.letter(name, f"jo@unaligned.example, jo@{name}.example"),
       differ={"opendmarc": free(("nothing", "none"), "RFC 7489 §6.6.1: left open")})
dmarc("dmarc-two-from", REJECT, "v=DMARC1; p=reject",
      make=lambda name, keys: b"From: jo@unaligned.example\r\n" + letters.letter(name, f"jo@{name}.example"),
       differ={"opendmarc": free(NONE, "RFC 7489 §6.6.1: left open")})
