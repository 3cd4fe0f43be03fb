package hikyaku.server.smtpclient;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.server.smtpclient.Verdict.Kind;
import hikyaku.server.testing.MailSink;
import hikyaku.server.testing.TestCa;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Servers that the operator names: over TLS, with a login. */
class RelayTest {
  private final TestCa ca = new TestCa("trusted");
  private final SSLContext right = ca.identity("relay.test").server();
  private final List<String> said = new CopyOnWriteArrayList<>();
  private final Outward outward =
      new Outward().with("relay.test", "127.0.0.1").trusting(TlsMeans.trusting(ca.trusting()));
  private String logins = "PLAIN LOGIN";

  @TempDir private Path directory;

  /** Of the other side of SCRAM-SHA-256, as far as there is one. */
  private UnaryOperator<String> scram = line -> null;

  private String reply(String line, boolean clear) {
    said.add(line);
    String challenge = scram.apply(line);
    if (challenge != null) {
      return challenge;
    }
    if (line.startsWith("EHLO")) {
      return "250-sink\r\n" + (clear ? "250 STARTTLS" : "250 AUTH " + logins);
    }
    if (line.equals("AUTH LOGIN") || line.equals(base64("us"))) {
      return "334 " + (line.startsWith("AUTH") ? "VXNlcm5hbWU6" : "UGFzc3dvcmQ6");
    }
    boolean in =
        line.equals(base64("secret")) || line.equals("AUTH PLAIN " + base64("\0us\0secret"));
    if (in) {
      return "235 2.7.0 welcome";
    }
    return line.startsWith("AUTH") || line.equals(base64("wrong")) ? "535 5.7.8 wrong" : null;
  }

  private static String base64(String text) {
    return Base64.getEncoder()
        .encodeToString(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  /** With STARTTLS; it speaks of a login only when all is encrypted. */
  private MailSink starting(SSLContext tls) throws Exception {
    boolean[] encrypted = {false};
    return new MailSink(
        InetAddress.ofLiteral("127.0.0.1"),
        0,
        tls,
        (line, _) -> {
          boolean clear = !encrypted[0];
          encrypted[0] = line.equals("STARTTLS") || (encrypted[0] && !line.isEmpty());
          return line.equals("STARTTLS") ? null : reply(line, clear);
        });
  }

  private MailSink encrypted(SSLContext tls) throws Exception {
    return MailSink.secured(tls, (line, _) -> reply(line, false));
  }

  private static Route by(String scheme, MailSink sink) {
    return Outward.relay(scheme + "://us@relay.test:" + sink.port());
  }

  private void passwords(String... lines) throws Exception {
    Path file = Files.write(directory.resolve("passwords"), List.of(lines));
    outward.password(new PasswordFile(Optional.of(file)));
  }

  @Test
  void mailGoesByALoginUnderStarttls() throws Exception {
    passwords("us@relay.test secret");
    try (MailSink sink = starting(right)) {
      SmtpClient.Result result = outward.send(by("smtp", sink), Outward.letter("x\r\n", "a"));
      assertThat(Outward.kinds(result)).containsExactly(Kind.DELIVERED);
      assertThat(result.tls()).startsWith("TLSv1");
      assertThat(sink.taken()).hasSize(1);
      assertThat(said)
          .startsWith("", "EHLO us.test", "EHLO us.test", "AUTH PLAIN " + base64("\0us\0secret"));
    }
  }

  @Test
  void mailGoesByALoginUnderTlsFromTheFirstOctet() throws Exception {
    passwords("us@relay.test secret");
    try (MailSink sink = encrypted(right)) {
      SmtpClient.Result result = outward.send(by("smtps", sink), Outward.letter("x\r\n", "a"));
      assertThat(Outward.kinds(result)).containsExactly(Kind.DELIVERED);
      assertThat(result.tls()).startsWith("TLSv1");
      assertThat(said)
          .startsWith("", "EHLO us.test", "AUTH PLAIN " + base64("\0us\0secret"))
          .doesNotContain("STARTTLS");
    }
  }

  /** What many servers still have alone (draft-murchison-sasl-login). */
  @Test
  void loginIsUsedWherePlainIsNotOffered() throws Exception {
    passwords("us@relay.test secret");
    logins = "GSSAPI LOGIN";
    try (MailSink sink = encrypted(right)) {
      assertThat(outward.status(by("smtps", sink))).isEqualTo("2.0.0");
      assertThat(said).containsSequence("AUTH LOGIN", base64("us"), base64("secret"));
    }
    logins = "GSSAPI";
    try (MailSink sink = encrypted(right)) {
      assertThat(outward.status(by("smtps", sink))).isEqualTo("4.7.0");
      assertThat(sink.taken()).isEmpty();
    }
  }

  /**
   * The other side of SCRAM-SHA-256 (RFC 5802 §3).
   *
   * @param known the password as it has it
   * @param lying whether it lets in whoever comes
   */
  private static UnaryOperator<String> scram(String known, boolean lying) {
    String[] so = {"", ""};
    return line -> {
      try {
        if (line.startsWith("AUTH SCRAM-SHA-256 ")) {
          String bare = unbase64(line.substring(19)).substring(3);
          String first = "r=" + bare.replaceFirst(".*r=", "") + "more,s=c2FsdA==,i=4096";
          so[0] = bare + "," + first + ",";
          return "334 " + base64(first);
        }
        if (line.isEmpty() && so[1].equals("in")) {
          return "235 2.7.0 welcome";
        }
        if (so[0].isEmpty() || line.startsWith("AUTH")) {
          return null;
        }
        String last = unbase64(line);
        int at = last.indexOf(",p=");
        String all = so[0] + last.substring(0, at);
        so[0] = "";
        byte[] salted =
            SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                .generateSecret(
                    new PBEKeySpec(known.toCharArray(), "salt".getBytes(US_ASCII), 4096, 256))
                .getEncoded();
        byte[] key = hmac(salted, "Client Key");
        byte[] signature = hmac(MessageDigest.getInstance("SHA-256").digest(key), all);
        for (int i = 0; i < key.length; i++) {
          key[i] ^= signature[i];
        }
        if (!lying && !last.substring(at + 3).equals(Base64.getEncoder().encodeToString(key))) {
          return "535 5.7.8 wrong";
        }
        so[1] = "in";
        byte[] proof = hmac(hmac(salted, "Server Key"), all);
        return "334 " + base64("v=" + Base64.getEncoder().encodeToString(proof));
      } catch (GeneralSecurityException e) {
        throw new AssertionError(e);
      }
    };
  }

  private static byte[] hmac(byte[] key, String text) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(text.getBytes(US_ASCII));
  }

  private static String unbase64(String text) {
    return new String(Base64.getDecoder().decode(text), US_ASCII);
  }

  /** RFC 7677: the relay never has the password, and has to know it. */
  @Test
  void scramGoesBeforeWhatTellsThePassword() throws Exception {
    passwords("us@relay.test secret");
    logins = "PLAIN SCRAM-SHA-256 LOGIN";
    scram = scram("secret", false);
    try (MailSink sink = encrypted(right)) {
      assertThat(outward.status(by("smtps", sink))).isEqualTo("2.0.0");
      assertThat(said).noneMatch(line -> line.startsWith("AUTH PLAIN"));
    }
    // Who lets anybody in does not get the mail.
    scram = scram("other", true);
    try (MailSink sink = encrypted(right)) {
      assertThat(outward.status(by("smtps", sink))).isEqualTo("4.7.0");
      assertThat(sink.taken()).isEmpty();
    }
  }

  @Test
  void whereScramIsRefusedPlainMayStillDo() throws Exception {
    passwords("us@relay.test secret");
    logins = "PLAIN SCRAM-SHA-256";
    scram = scram("other", false);
    try (MailSink sink = encrypted(right)) {
      assertThat(outward.status(by("smtps", sink))).isEqualTo("2.0.0");
      assertThat(said).contains("AUTH PLAIN " + base64("\0us\0secret"));
    }
    said.clear();
    logins = "SCRAM-SHA-256";
    try (MailSink sink = encrypted(right)) {
      assertThat(outward.status(by("smtps", sink))).isEqualTo("4.7.8");
      assertThat(sink.taken()).isEmpty();
    }
  }

  @Test
  void nobodyIsToldAPasswordWhoseCertificateIsWrong() throws Exception {
    passwords("us@relay.test secret");
    List<SSLContext> wrong =
        List.of(
            ca.identity("other.test").server(),
            new TestCa("strange").identity("relay.test").server());
    for (SSLContext each : wrong) {
      try (MailSink sink = encrypted(each)) {
        assertThat(outward.status(by("smtps", sink))).isEqualTo("4.7.5");
        assertThat(sink.taken()).isEmpty();
      }
      try (MailSink sink = starting(each)) {
        assertThat(outward.status(by("smtp", sink))).isEqualTo("4.7.5");
        assertThat(sink.taken()).isEmpty();
      }
    }
    assertThat(said).noneMatch(line -> line.startsWith("AUTH") || line.startsWith("MAIL"));
  }

  @Test
  void aRelayThatTakesNoTlsIsToldNothing() throws Exception {
    passwords("us@relay.test secret");
    try (MailSink sink =
        new MailSink(
            (line, _) -> line.startsWith("EHLO") ? "250-x\r\n250 AUTH PLAIN" : said(line))) {
      assertThat(outward.status(by("smtp", sink))).isEqualTo("4.7.4");
    }
    try (MailSink sink =
        new MailSink((line, _) ->
            line.startsWith("EHLO")
                ? "250-x\r\n250-AUTH PLAIN\r\n250 STARTTLS"
                : line.equals("STARTTLS") ? "454 4.7.0 not now" : said(line))) {
      assertThat(outward.status(by("smtp", sink))).isEqualTo("4.7.5");
    }
    assertThat(said).noneMatch(line -> line.startsWith("AUTH") || line.startsWith("MAIL"));
  }

  private String said(String line) {
    said.add(line);
    return null;
  }

  @Test
  void theFileOfPasswordsIsReadAtEachLogin() throws Exception {
    try (MailSink sink = encrypted(right)) {
      passwords("# us@relay.test secret", "", "us@other.test secret", "me@relay.test secret");
      assertThat(outward.status(by("smtps", sink))).as("none for it").isEqualTo("4.7.0");
      assertThat(sink.connections()).isZero();
      passwords("us@relay.test wrong");
      // It is for the operator to mend, so the mail waits.
      assertThat(outward.status(by("smtps", sink))).isEqualTo("4.7.8");
      passwords("me@relay.test x", "us@relay.test   secret  ", "us@relay.test wrong");
      assertThat(outward.status(by("smtps", sink))).isEqualTo("2.0.0");
      Files.delete(directory.resolve("passwords"));
      assertThat(outward.status(by("smtps", sink))).isEqualTo("4.7.0");
      outward.password(new PasswordFile(Optional.empty()));
      assertThat(outward.status(by("smtps", sink))).isEqualTo("4.7.0");
      assertThat(sink.taken()).hasSize(1);
    }
  }
}
