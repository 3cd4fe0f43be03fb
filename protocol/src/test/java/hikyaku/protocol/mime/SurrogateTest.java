package hikyaku.protocol.mime;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SurrogateTest {
  private static final long SEED = 20_261_201L;

  /** The message as it is with this prefix, and its surrogate if it has one. */
  private static Optional<byte[]> surrogate(byte[] prefix, byte[] blob, Random random)
      throws IOException {
    MimeParser parser = new MimeParser();
    parser.write(blob, 0, blob.length);
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.writeBytes(prefix);
    whole.writeBytes(blob);
    byte[] octets = whole.toByteArray();
    Surrogate surrogate =
        Surrogate.of(
                parser.finish(),
                prefix.length,
                (from, to, sink) -> sink.write(octets, (int) from, (int) (to - from)))
            .orElse(null);
    if (surrogate == null) {
      return Optional.empty();
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    var through = surrogate.through(out::write);
    for (int at = 0; at < octets.length; ) {
      int some = Math.min(octets.length - at, 1 + random.nextInt(100));
      through.write(octets, at, some);
      at += some;
    }
    assertThat(surrogate.size()).isEqualTo(out.size());
    return Optional.of(out.toByteArray());
  }

  private static String surrogate(String message) throws IOException {
    byte[] blob = message.replace("\n", "\r\n").getBytes(UTF_8);
    return new String(surrogate(new byte[0], blob, new Random(1)).orElseThrow(), UTF_8)
        .replace("\r\n", "\n");
  }

  private static String field(String field) throws IOException {
    String whole = surrogate(field + "\n\n");
    assertThat(whole).endsWith("\n\n");
    return whole.substring(0, whole.length() - 2);
  }

  private static String b(String text) {
    return EncodedWords.encode(text);
  }

  @Test
  void aHeaderInAsciiHasNone() throws Exception {
    byte[] blob = "Subject: =?utf-8?Q?=C3=BC?=\r\n\r\nü\r\n".getBytes(UTF_8);
    assertThat(surrogate(new byte[0], blob, new Random(1))).isEmpty();
  }

  @Test
  void onlyFieldsBeyondAsciiChange() throws Exception {
    assertThat(surrogate("X:  y\nSubject: ü ä\nTo: a@b.test\n\nü\n"))
        .isEqualTo("X:  y\nSubject: " + b("ü ä") + "\nTo: a@b.test\n\nü\n");
  }

  /** RFC 6857 §3.1.1, §3.2.6, §3.2.8. */
  @Test
  void textBecomesEncodedWords() throws Exception {
    assertThat(field("Subject: ü =?utf-8?Q?=C3=A4?=")).isEqualTo("Subject: " + b("ü ä"));
    assertThat(field("X-Any: ü")).isEqualTo("X-Any: " + b("ü"));
    assertThat(field("List-Id: Ü <l.test>")).isEqualTo("List-Id: " + b("Ü <l.test>"));
  }

  /** RFC 6857 §3.1.5 to §3.1.8. */
  @Test
  void addressesKeepWhatTheyCan() throws Exception {
    assertThat(field("From: Jürg <j@demo.test>, b@demo.test"))
        .isEqualTo("From: " + b("Jürg") + "\n <j@demo.test>,\n b@demo.test");
    assertThat(field("To: J <j@bücher.test>")).isEqualTo("To: J\n <j@xn--bcher-kva.test>");
    assertThat(field("Cc: \"J. D.\" <jürg@demo.test>"))
        .isEqualTo("Cc: \"J. D.\" " + b("jürg@demo.test") + " :;");
    assertThat(field("Return-Path: <jürg@demo.test>"))
        .isEqualTo("Return-Path: " + b("jürg@demo.test") + " :;");
    assertThat(field("To: g: a@ü.test, B <b@demo.test>;, c@demo.test"))
        .isEqualTo("To: g: a@xn--tda.test,\n B\n <b@demo.test>;,\n c@demo.test");
    assertThat(field("To: g: ü@demo.test, B <b@demo.test>;"))
        .isEqualTo("To: g " + b("ü@demo.test, B <b@demo.test>") + " :;");
    assertThat(field("To: a@demo.test (ü)")).isEqualTo("To: " + b("ü") + "\n <a@demo.test>");
  }

  @Test
  void aNameCannotMakeAField() throws Exception {
    assertThat(field("To: =?utf-8?Q?a=0D=0AX:_y?= <a@demo.test>, ü@demo.test"))
        .isEqualTo("To: \"a  X: y\"\n <a@demo.test>,\n " + b("ü@demo.test") + " :;");
  }

  /** RFC 6857 §3.2.2, §3.2.3. */
  @Test
  void idsAreToldByAnotherName() throws Exception {
    assertThat(field("Message-ID: <ü@demo.test>"))
        .isEqualTo("Downgraded-Message-ID: " + b("<ü@demo.test>"));
    assertThat(field("In-Reply-To: <a@demo.test> (ü)"))
        .isEqualTo("In-Reply-To: <a@demo.test> (" + b("ü") + ")");
    assertThat(field("Date: Tue, 1 Dec 2026 08:00:00 +0000 (ü)"))
        .isEqualTo("Date: Tue, 1 Dec 2026 08:00:00 +0000 (" + b("ü") + ")");
  }

  /** RFC 6857 §3.2.4. */
  @Test
  void traceLosesWhatHasNoForm() throws Exception {
    assertThat(
            field(
                "Received: from bücher.test by demo.test (ü) with UTF8SMTP\n"
                    + " id ü for <ü@demo.test>; Tue, 1 Dec 2026 08:00:00 +0000"))
        .isEqualTo(
            ("Received: from xn--bcher-kva.test by demo.test (" + b("ü") + ")\n")
                + " with UTF8SMTP ; Tue, 1 Dec 2026 08:00:00 +0000");
    assertThat(field("Received: by demo.test for <a@ü.test>; Tue, 1 Dec 2026 08:00:00 +0000"))
        .isEqualTo("Received: by demo.test for <a@xn--tda.test>; Tue, 1 Dec 2026 08:00:00\n +0000");
  }

  /** RFC 6857 §3.1.4, §3.2.5. */
  @Test
  void parametersAreExtended() throws Exception {
    assertThat(field("Content-Disposition: attachment; filename=\"ü 1.txt\"; size=3"))
        .isEqualTo(
            "Content-Disposition: attachment;\n filename*=utf-8''%C3%BC%201.txt;\n size=\"3\"");
    assertThat(field("Content-Type: a/b; name=ü; name*=utf-8''%C3%A4"))
        .isEqualTo("Content-Type: a/b;\n name*=utf-8''%C3%A4");
    String value = "ü".repeat(300);
    String written = field("Content-Type: a/b; name=\"" + value + "\"");
    assertThat(written.lines()).allMatch(line -> line.length() < 998);
    assertThat(ParameterText.get(ContentField.of(written.replace("\n", "")).parameters(), "name"))
        .isEqualTo(value);
  }

  /** RFC 6857 §4.1, RFC 6532 §3.7. */
  @Test
  void partsAreReachedAtAllLevels() throws Exception {
    assertThat(
            surrogate(
                """
                Content-Type: multipart/mixed; boundary=b

                --b
                Content-Description: ü
                Content-Type: message/rfc822

                Subject: ä

                ö
                --b
                Content-Type: message/global

                Subject: ä

                --b--
                """))
        .isEqualTo(
            """
            Content-Type: multipart/mixed; boundary=b

            --b
            Content-Description: %s
            Content-Type: message/rfc822

            Subject: %s

            ö
            --b
            Content-Type: message/global

            Subject: ä

            --b--
            """
                .formatted(b("ü"), b("ä")));
  }

  @Test
  void thePrefixIsPartOfTheHeader() throws Exception {
    byte[] prefix = "Delivered-To: ü@demo.test\r\n".getBytes(UTF_8);
    byte[] blob = "Subject: s\r\n\r\nü".getBytes(UTF_8);
    assertThat(new String(surrogate(prefix, blob, new Random(1)).orElseThrow(), UTF_8))
        .isEqualTo("Delivered-To: " + b("ü@demo.test") + "\r\nSubject: s\r\n\r\nü");
  }

  @Test
  void whatIsNotUtf8IsTakenForWhatItLooksLike() throws Exception {
    byte[] blob = "Subject: \u00fc\r\n\r\n".getBytes(ISO_8859_1);
    assertThat(new String(surrogate(new byte[0], blob, new Random(1)).orElseThrow(), UTF_8))
        .isEqualTo("Subject: " + b("ü") + "\r\n\r\n");
  }

  @Test
  void aHeaderThatIsTooLongIsBlurred() throws Exception {
    String field = "X: " + "ü".repeat(200_000) + "\n\n";
    assertThat(surrogate(field + "ü")).isEqualTo("X: " + "??".repeat(200_000) + "\n\nü");
  }

  /** Whatever the message: its headers are in ASCII then, and it has no surrogate any more. */
  @Test
  void surrogatesHaveNone() throws Exception {
    Random random = new Random(SEED);
    String[] pieces = {
      "From: ",
      "To: ",
      "Subject: ",
      "Received: ",
      "Content-Type: ",
      "Content-Disposition: ",
      "Message-ID: ",
      "Keywords: ",
      "Date: ",
      "X: ",
      "multipart/mixed; boundary=b",
      "\r\n",
      "\r\n",
      "\r\n",
      "\r\n\r\n",
      "--b\r\n",
      "--b--",
      "ü",
      "ä",
      "\u00ff",
      "\u0080",
      "(",
      ")",
      "\"",
      "<",
      ">",
      "@",
      ":",
      ";",
      ",",
      " ",
      "a",
      "for ",
      "id ",
      "name=",
      "filename*=",
      "utf-8''",
      "%C3",
      "=?utf-8?Q?=0D=0A?=",
      "=?",
      "?=",
      "\\",
      "[",
      "]",
      ".",
      "\n",
      "\r",
      "message/rfc822"
    };
    int some = 0;
    for (int round = 0; round < 20_000; round++) {
      StringBuilder text = new StringBuilder();
      for (int n = random.nextInt(30); n >= 0; n--) {
        text.append(pieces[random.nextInt(pieces.length)]);
      }
      byte[] blob = text.toString().getBytes(round % 2 == 0 ? UTF_8 : ISO_8859_1);
      Optional<byte[]> surrogate = surrogate(new byte[0], blob, random);
      if (surrogate.isPresent()) {
        some++;
        assertThat(surrogate(new byte[0], surrogate.get(), random))
            .as(text.toString().replace("\r", "\\r"))
            .isEmpty();
      }
    }
    assertThat(some).isGreaterThan(2000);
  }
}
