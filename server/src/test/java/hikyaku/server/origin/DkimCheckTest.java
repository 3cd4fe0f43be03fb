package hikyaku.server.origin;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.protocol.mime.BodyHash;
import hikyaku.server.testing.ZoneDns;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.Signature;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;

class DkimCheckTest {
  /** RFC 8463, appendix A: one message, signed with either kind of key. */
  static final String RFC8463 =
      """
      DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
       d=football.example.com; i=@football.example.com;
       q=dns/txt; s=brisbane; t=1528637909; h=from : to :
       subject : date : message-id : from : subject : date;
       bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
       b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
       Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
      DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
       d=football.example.com; i=@football.example.com;
       q=dns/txt; s=test; t=1528637909; h=from : to : subject :
       date : message-id : from : subject : date;
       bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
       b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
       DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
       dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
      From: Joe SixPack <joe@football.example.com>
      To: Suzie Q <suzie@shopping.example.net>
      Subject: Is dinner ready?
      Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
      Message-ID: <20030712040037.46341.5F8J@football.example.com>

      Hi.

      We lost the game.  Are you hungry yet?

      Joe.
      """
          .replace("\n", "\r\n");

  static ZoneDns football() {
    return new ZoneDns()
        .with(
            "brisbane._domainkey.football.example.com",
            "TXT",
            "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
        .with(
            "test._domainkey.football.example.com",
            "TXT",
            "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR"
                + "iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutAC"
                + "DfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3"
                + "Ip3G+2kryOTIKT+l/K4w3QIDAQAB");
  }

  private static List<String> dkim(ZoneDns dns, String text) throws IOException {
    return Mails.examine(dns, "jo@author.example", text).results().stream()
        .filter(result -> result.startsWith("dkim="))
        .toList();
  }

  private static boolean isDenied(ZoneDns dns, String sender, String text) throws IOException {
    Finding found = Mails.examine(dns, sender, text).finding();
    assertThat(Finding.ofDelivered(found.field()).denied()).isEqualTo(found.denied());
    return found.denied();
  }

  /** What was forwarded comes from where SPF knows nothing of it; its author signed it. */
  @Test
  void aSignatureOfTheSendersDomainProvesTheSender() throws Exception {
    ZoneDns dns = football();
    for (String domain : List.of("football.example.com", "s.football.example.com", "a.example")) {
      dns.with(domain, "TXT", "v=spf1 -all");
    }
    assertThat(isDenied(dns, "joe@football.example.com", RFC8463)).isFalse();
    assertThat(isDenied(dns, "joe@s.football.example.com", RFC8463)).isFalse();
    assertThat(isDenied(dns, "joe@a.example", RFC8463)).as("another's signature").isTrue();
    assertThat(isDenied(dns, "joe@football.example.com", RFC8463.replace("Joe.", "Jo."))).isTrue();
    assertThat(isDenied(dns, "joe@none.example", RFC8463)).as("no record").isFalse();
    assertThat(isDenied(dns, "", RFC8463)).as("no sender").isFalse();
  }

  @Test
  void theExampleOfRfc8463() throws Exception {
    assertThat(dkim(football(), RFC8463)).containsExactly("dkim=pass", "dkim=pass");
    assertThat(dkim(football(), RFC8463.replace("Joe.", "Jo.")))
        .containsExactly("dkim=fail", "dkim=fail");
    assertThat(dkim(football(), RFC8463.replace("Is dinner", "Is lunch")))
        .containsExactly("dkim=fail", "dkim=fail");
  }

  /** Messages that dkimpy has signed, in every combination of forms, however they are cut. */
  @Test
  void signaturesOfAnotherImplementation() throws Exception {
    for (String forms :
        List.of("relaxed-relaxed", "relaxed-simple", "simple-relaxed", "simple-simple")) {
      String text = Mails.read("signed-" + forms + ".eml");
      for (int piece : List.of(1, 2, 7, 100_000)) {
        assertThat(
                Mails.examine(
                        Mails.SETTINGS, Mails.zone(), "192.0.2.1", "jo@author.example", text, piece)
                    .results())
            .as(forms + " in pieces of " + piece)
            .contains("dkim=pass");
      }
      assertThat(dkim(Mails.zone(), text.replace("bye", "Bye"))).containsExactly("dkim=fail");
      assertThat(dkim(Mails.zone(), text.replace("folded", "Folded"))).containsExactly("dkim=fail");
      boolean relaxedBody = forms.endsWith("-relaxed");
      assertThat(dkim(Mails.zone(), text.replace("two  spaces", "two \t spaces")))
          .containsExactly(relaxedBody ? "dkim=pass" : "dkim=fail");
      assertThat(dkim(Mails.zone(), text + "\r\n\r\n")).containsExactly("dkim=pass");
      boolean relaxedHeader = forms.startsWith("relaxed-");
      assertThat(dkim(Mails.zone(), text.replace("From:  Jo", "FROM: Jo")))
          .containsExactly(relaxedHeader ? "dkim=pass" : "dkim=fail");
    }
  }

  /** What stands below what is signed was added by others, and is not what people read. */
  @Test
  void aPartOfTheBodyIsNotEnough() throws Exception {
    String text = Mails.read("signed-length.eml");
    assertThat(dkim(Mails.zone(), text)).containsExactly("dkim=pass");
    assertThat(dkim(Mails.zone(), text + "Buy!\r\n")).containsExactly("dkim=policy");
  }

  /** The signature covers From twice, so that nobody can add another one. */
  @Test
  void aSecondFromBreaksIt() throws Exception {
    String text = Mails.read("signed-relaxed-relaxed.eml");
    assertThat(dkim(Mails.zone(), text.replace("\r\nTo:", "\r\nFrom: x@y.example\r\nTo:")))
        .containsExactly("dkim=fail");
  }

  /** A message whose one From is signed, and the key that says so. */
  private static String signedOnce(String author, KeyPair keys) throws GeneralSecurityException {
    String body = "hi\r\n";
    byte[] hash = MessageDigest.getInstance("SHA-256").digest(body.getBytes(ISO_8859_1));
    String unsigned =
        "v=1; a=rsa-sha256; c=relaxed/relaxed; d=author.example; s=own; h=from; bh="
            + Base64.getEncoder().encodeToString(hash)
            + "; b=";
    Signature signature = Signature.getInstance("SHA256withRSA");
    signature.initSign(keys.getPrivate());
    signature.update(("from:" + author + "\r\ndkim-signature:" + unsigned).getBytes(ISO_8859_1));
    return "DKIM-Signature: "
        + unsigned
        + Base64.getEncoder().encodeToString(signature.sign())
        + "\r\nFrom: "
        + author
        + "\r\n\r\n"
        + body;
  }

  /** Whoever has an address in a domain has it sign, and puts another's above that. */
  @Test
  void aFromAboveTheSignedOneIsNotProven() throws Exception {
    KeyPair keys = KeyPairGenerator.getInstance("RSA").generateKeyPair();
    ZoneDns dns =
        new ZoneDns()
            .with(
                "own._domainkey.author.example",
                "TXT",
                "v=DKIM1; p=" + Base64.getEncoder().encodeToString(keys.getPublic().getEncoded()))
            .with("_dmarc.author.example", "TXT", "v=DMARC1; p=reject");
    String text = signedOnce("jo@author.example", keys);
    Finding alone = Mails.examine(dns, "jo@other.example", text).finding();
    assertThat(alone.results()).contains("dkim=pass", "dmarc=pass");
    Finding beside =
        Mails.examine(dns, "jo@other.example", "From: boss@author.example\r\n" + text).finding();
    assertThat(beside.results()).contains("dkim=pass", "dmarc=fail");
    assertThat(beside.disposition()).isEqualTo(Finding.Disposition.REFUSE_DMARC);
  }

  @Test
  void keysThatAreNone() throws Exception {
    String text = Mails.read("signed-relaxed-relaxed.eml");
    String key = Mails.read("key.txt").strip();
    String bits512 =
        "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAL8eJ5AKoIsjURpcEoGubZMxLD7+kT+TLr7UkvEtFrRhDDKMtuII"
            + "q19FrL4pUIMymPMSLBn3hJLe30Dw48GQM4UCAwEAAQ==";
    for (String bad :
        List.of(
            "v=DKIM1; p=",
            "v=DKIM2; " + key.substring(9),
            key + "; v=DKIM1",
            key.replace("k=rsa", "k=ed25519"),
            key + "; h=sha1",
            key + "; s=other",
            "v=DKIM1; p=" + bits512,
            "v=DKIM1; p=%%%",
            "v=DKIM1; p=AAAA",
            "nonsense")) {
      ZoneDns dns = new ZoneDns().with("sel._domainkey.author.example", "TXT", bad);
      assertThat(dkim(dns, text)).as(bad).containsExactly("dkim=permerror");
    }
    for (String good : List.of(key + "; s=email:other; t=s:y; h=sha1:sha256", key.substring(9))) {
      ZoneDns dns = new ZoneDns().with("sel._domainkey.author.example", "TXT", good);
      assertThat(dkim(dns, text)).as(good).containsExactly("dkim=pass");
    }
    assertThat(dkim(new ZoneDns(), text)).containsExactly("dkim=permerror");
    assertThat(dkim(new ZoneDns().silent("sel._domainkey.author.example"), text))
        .containsExactly("dkim=temperror");
  }

  @Test
  void signaturesThatAreNone() throws Exception {
    String text = Mails.read("signed-relaxed-relaxed.eml");
    for (String[] change :
        new String[][] {
          {"v=1;", "v=2;"},
          {"v=1;", ""},
          {"a=rsa-sha256", "a=rsa-sha1"},
          {"c=relaxed/relaxed", "c=other"},
          {"i=@author.example", "i=@other.example"},
          {"q=dns/txt", "q=http"},
          {"h=from", "h=sender"},
          {"d=author.example", "d=example"},
          {"s=sel;", "s=../sel;"},
          {"s=sel;", "s=sel; s=sel;"},
          {"bh=", "bh=!"}
        }) {
      String changed = text.replace(change[0], change[1]).replace(" : from;", ";");
      assertThat(dkim(Mails.zone(), changed)).as(change[1]).containsExactly("dkim=permerror");
    }
    assertThat(dkim(Mails.zone(), text.replace("v=1;", "v=1; x=1795986364;")))
        .containsExactly("dkim=fail");
  }

  /** Each signature costs something; those beyond the limit cost nothing. */
  @Test
  void manySignatures() throws Exception {
    String text = Mails.read("signed-relaxed-relaxed.eml");
    String one = text.substring(0, text.indexOf("Received:"));
    ZoneDns dns = Mails.zone();
    assertThat(dkim(dns, one.repeat(5) + text)).hasSize(6).containsOnly("dkim=pass");
    assertThat(dkim(dns, one.repeat(15) + text)).hasSize(8);
  }

  @Test
  void keysOfOneSizeAndExponent() {
    byte[] junk = Base64.getDecoder().decode("MAsGCSqGSIb3DQEBAQ==");
    assertThatThrownBy(() -> Algorithm.RSA_SHA256.key(junk)).isInstanceOf(BadRecordException.class);
    assertThatThrownBy(() -> Algorithm.ED25519_SHA256.key(new byte[31]))
        .isInstanceOf(BadRecordException.class);
  }

  private static String hash(boolean relaxed, String body) {
    BodyHash hash = new BodyHash(relaxed, Long.MAX_VALUE);
    byte[] octets = body.getBytes(ISO_8859_1);
    hash.write(octets, 0, octets.length);
    return Base64.getEncoder().encodeToString(hash.finish());
  }

  /** RFC 6376 §3.4.3, §3.4.4: of a body that is empty. */
  @Test
  void bodiesWithoutAnything() {
    assertThat(hash(false, "")).isEqualTo("frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=");
    assertThat(hash(true, "")).isEqualTo("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    assertThat(hash(false, "\r\n\r\n")).isEqualTo(hash(false, ""));
    assertThat(hash(true, " \r\n\t\r\n")).isEqualTo(hash(true, ""));
    assertThat(hash(true, "a \r\n")).isEqualTo(hash(false, "a"));
  }
}
