"""Messages and their signatures, with every tag as a case wants it, and the keys to publish."""
import base64
import hashlib
import os
import re
import subprocess

import nacl.signing
from dkim import crypto, rfc822_parse, select_headers
from dkim.canonicalization import CanonicalizationPolicy

RECIPIENT = "anna@hikyaku.example"


def letter(name, author, head="", body="One line.\r\n"):
    """A message as it is before anybody signs it."""
    author = author if "@" in author else "jo@" + author
    lines = [f"From: {author}", f"To: {RECIPIENT}", f"Subject: {name}", f"Message-ID: <{name}@case.example>",
             "Date: Mon, 2 Mar 2026 10:00:00 +0000"]
    return ("\r\n".join(lines) + "\r\n" + head + "\r\n" + body).encode()


class Keys:
    """Made once, in a directory; the letters are those of OpenSSL and of RFC 8032."""

    def __init__(self, directory):
        self.directory = directory
        for bits in (512, 1024, 2048):
            if not os.path.exists(self.file(bits)):
                subprocess.run(["openssl", "genrsa", "-traditional", "-out", self.file(bits), str(bits)], check=True,
                               capture_output=True)
        if not os.path.exists(self.file("ed")):
            with open(self.file("ed"), "wb") as out:
                out.write(bytes(nacl.signing.SigningKey.generate()))
        self.ed = nacl.signing.SigningKey(open(self.file("ed"), "rb").read())
        self.rsa = {bits: crypto.parse_pem_private_key(open(self.file(bits), "rb").read())
                    for bits in (512, 1024, 2048)}

    def file(self, name):
        return os.path.join(self.directory, f"key-{name}")

    def public(self, kind):
        """As the p tag has it: SubjectPublicKeyInfo, or RSAPublicKey for "bare"."""
        if kind == "ed":
            octets = bytes(self.ed.verify_key)
        else:
            form = ["-RSAPublicKey_out"] if kind == "bare" else ["-pubout"]
            octets = subprocess.run(
                ["openssl", "rsa", "-in", self.file(2048 if kind == "bare" else kind), "-outform", "DER"] + form,
                check=True, capture_output=True).stdout
        return base64.b64encode(octets).decode()

    def sign(self, kind, algorithm, data):
        digest = hashlib.new(algorithm.split("-")[1], data)
        if kind == "ed":
            return self.ed.sign(digest.digest()).signature
        known = hashlib.sha1 if digest.name == "sha1" else hashlib.sha256
        return crypto.RSASSA_PKCS1_v1_5_sign(known(data), self.rsa[kind])


def signed(keys, message, key=2048, s="rsa", d="signer.example", a=None, c="relaxed/relaxed",
           h="from:to:subject:date", l=None, body=None, folded=True, **tags):
    """The message with a signature before it. A tag whose value is None is left out."""
    a = a or ("ed25519-sha256" if key == "ed" else "rsa-sha256")
    policy = CanonicalizationPolicy.from_c_value((c or "simple/simple").encode())
    fields, octets = rfc822_parse(message)
    octets = policy.canonicalize_body(octets)
    if l is not None:
        octets = octets[:int(l)]
    bh = base64.b64encode(hashlib.new(a.split("-")[1], octets).digest()).decode()
    pairs = {"v": "1", "a": a, "c": c, "d": d, "s": s, "h": h, "l": l, "bh": bh, **tags}
    value = "; ".join(f"{tag}={text}" for tag, text in pairs.items() if text is not None) + "; b="
    if folded:
        value = value.replace("; ", ";\r\n\t")
    field = (b"DKIM-Signature", b" " + value.encode())
    covered = policy.canonicalize_headers(
        select_headers(fields, [name.strip().lower().encode() for name in h.split(":")]))
    own, = policy.canonicalize_headers([(field[0], field[1] + b"\r\n")])
    data = b"".join(name + b":" + text for name, text in covered) + own[0] + b":" + own[1].removesuffix(b"\r\n")
    b = base64.b64encode(keys.sign(key, a, data)).decode()
    if folded:
        b = "\r\n\t".join(re.findall(".{1,60}", b))
    return field[0] + b":" + field[1] + b.encode() + b"\r\n" + message
