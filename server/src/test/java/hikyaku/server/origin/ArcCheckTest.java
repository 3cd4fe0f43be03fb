package hikyaku.server.origin;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.protocol.mime.BodyHash;
import hikyaku.protocol.mime.HeaderFields;
import hikyaku.server.origin.Finding.Disposition;
import hikyaku.server.testing.ZoneDns;
import java.io.ByteArrayOutputStream;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Chains that dkimpy has sealed. */
class ArcCheckTest {
  private static ZoneDns zone() throws Exception {
    return Mails.zone().with("_dmarc.author.example", "TXT", "v=DMARC1; p=reject");
  }

  private static Finding examine(ZoneDns dns, String text) throws Exception {
    return Mails.examine(dns, "bounce@list2.example", text).finding();
  }

  @Test
  void chainsThatHold() throws Exception {
    for (String name : List.of("arc-1.eml", "arc-changed.eml", "arc-2.eml")) {
      assertThat(examine(zone(), Mails.read(name)).results()).as(name).contains("arc=pass");
    }
  }

  /** A list that is believed may change what it passes on. */
  @Test
  void sealersThatAreBelieved() throws Exception {
    Finding found = examine(zone(), Mails.read("arc-2.eml"));
    assertThat(found.results()).contains("dkim=fail", "dmarc=fail", "arc=pass");
    assertThat(found.disposition()).isEqualTo(Disposition.ACCEPT);
    assertThat(found.field()).contains("(p=reject arc=believed dis=none)");
    OriginSettings s = Mails.SETTINGS;
    OriginSettings others =
        new OriginSettings(
            true,
            s.authservId(),
            s.trusted(),
            s.forwarders(),
            List.of("list2.example"),
            s.dmarcReject(),
            s.dmarcQuarantine(),
            s.spfFail(),
            s.unsure(),
            s.deadline(),
            s.questions(),
            s.signatures(),
            s.header(),
            true);
    Finding refused =
        Mails.examine(
                others, zone(), "192.0.2.1", "a@list2.example", Mails.read("arc-2.eml"), 1_000)
            .finding();
    assertThat(refused.results()).contains("arc=pass");
    assertThat(refused.disposition()).isEqualTo(Disposition.REFUSE_DMARC);
  }

  /**
   * A message as a list that is believed has sealed it.
   *
   * @param covers tags that say what its signature covers
   */
  private static String sealed(KeyPair keys, String covers, String head, String body)
      throws Exception {
    Matcher limit = Pattern.compile("l=([0-9]+)").matcher(covers);
    BodyHash hash =
        new BodyHash(true, limit.find() ? Long.parseLong(limit.group(1)) : Long.MAX_VALUE);
    hash.write(body.getBytes(US_ASCII), 0, body.length());
    String results = "ARC-Authentication-Results: i=1; list1.example; dmarc=pass\r\n";
    String signature =
        "ARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed; d=list1.example; s=own; "
            + covers
            + "; bh="
            + Base64.getEncoder().encodeToString(hash.finish())
            + "; b=";
    HeaderFields signed = HeaderFields.of((signature + "\r\n" + head).getBytes(US_ASCII));
    List<String> names = List.of(covers.replaceFirst(".*h=([^;]*).*", "$1").split(":"));
    signature +=
        sign(keys, SignedField.covered(signed, names, signed.all().getFirst(), true)) + "\r\n";
    String seal = "ARC-Seal: i=1; a=rsa-sha256; cv=none; d=list1.example; s=own; b=";
    HeaderFields set = HeaderFields.of((results + signature + seal + "\r\n").getBytes(US_ASCII));
    ByteArrayOutputStream covered = new ByteArrayOutputStream();
    SignedField.write(set, set.all().get(0), true, covered);
    SignedField.write(set, set.all().get(1), true, covered);
    SignedField.writeUnsigned(set, set.all().get(2), true, covered);
    return seal + sign(keys, covered.toByteArray()) + "\r\n" + signature + results + head + body;
  }

  private static String sign(KeyPair keys, byte[] octets) throws Exception {
    Signature signer = Signature.getInstance("SHA256withRSA");
    signer.initSign(keys.getPrivate());
    signer.update(octets);
    return Base64.getEncoder().encodeToString(signer.sign());
  }

  /** Whoever has got a message that was sealed can add to it what the signature does not cover. */
  @Test
  void aSealIsBelievedOfTheMessageThatWasSealed() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(1_024);
    KeyPair keys = generator.generateKeyPair();
    String key = Base64.getEncoder().encodeToString(keys.getPublic().getEncoded());
    ZoneDns dns = zone().with("own._domainkey.list1.example", "TXT", "k=rsa; p=" + key);
    String from = "From: <a@author.example>\r\n";
    String rest = "Subject: s\r\n\r\n";
    String body = "hello\r\n";
    String good = sealed(keys, "h=from", from + rest, body);
    for (String message :
        List.of(
            good,
            sealed(keys, "h=from:from:subject", from + rest, body),
            sealed(keys, "l=7; h=from", from + rest, body))) {
      Finding found = examine(dns, message);
      assertThat(found.results()).contains("dmarc=fail", "arc=pass");
      assertThat(found.disposition()).as(message).isEqualTo(Disposition.ACCEPT);
    }
    for (String message :
        List.of(
            "From: <boss@author.example>\r\n" + good,
            sealed(keys, "h=subject", from + rest, body),
            sealed(keys, "l=7; h=from", from + rest, body) + "and more\r\n")) {
      Finding found = examine(dns, message);
      assertThat(found.results()).contains("dmarc=fail", "arc=pass");
      assertThat(found.disposition()).as(message).isEqualTo(Disposition.REFUSE_DMARC);
    }
  }

  @Test
  void chainsThatDoNot() throws Exception {
    String text = Mails.read("arc-2.eml");
    for (String[] change :
        new String[][] {
          {"list footer", "another footer"},
          {"i=2; cv=pass", "i=2; cv=fail"},
          {"i=2; cv=pass", "i=3; cv=pass"},
          {"i=1; cv=none", "i=1; cv=pass"},
          {"i=1; list1.example; spf=pass", "i=1; list1.example; spf=fail"},
          {"ARC-Seal: i=1;", "X-Seal: i=1;"},
          {"ARC-Message-Signature: i=1;", "ARC-Message-Signature: i=2;"},
          {"ARC-Authentication-Results: i=2;", "ARC-Authentication-Results: i=51;"},
          {"d=list1.example; s=sel", "d=other.example; s=sel"}
        }) {
      assertThat(text).contains(change[0]);
      Finding found = examine(zone(), text.replaceFirst(change[0], change[1]));
      assertThat(found.results()).as(change[1]).contains("arc=fail");
      assertThat(found.disposition()).isEqualTo(Disposition.REFUSE_DMARC);
    }
    ZoneDns silent = new ZoneDns();
    for (String domain : List.of("author.example", "list1.example", "list2.example")) {
      silent.silent("sel._domainkey." + domain);
    }
    assertThat(examine(silent, text).results()).contains("arc=temperror", "dkim=temperror");
  }
}
