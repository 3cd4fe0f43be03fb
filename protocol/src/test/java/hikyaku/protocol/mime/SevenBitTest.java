package hikyaku.protocol.mime;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.protocol.mime.SevenBit.Hindrance;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SevenBitTest {
  private static final long SEED = 20_261_130L;

  private static SevenBit of(byte[] message, Random random) throws IOException {
    return SevenBit.of(inPieces(message, random));
  }

  private static SevenBit.Source inPieces(byte[] message, Random random) {
    return sink -> {
      for (int at = 0; at < message.length; ) {
        int some = Math.min(message.length - at, 1 + random.nextInt(200));
        sink.write(message, at, some);
        at += some;
      }
    };
  }

  private static byte[] octets(SevenBit converted) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    converted.copyTo(out::write);
    return out.toByteArray();
  }

  /** Lines of a text in UTF-8, before and after. */
  private static String converted(String message) throws IOException {
    SevenBit conversion = of(message.replace("\n", "\r\n").getBytes(UTF_8), new Random(1));
    assertThat(conversion.hindrance()).isEmpty();
    return new String(octets(conversion), UTF_8).replace("\r\n", "\n");
  }

  private static Optional<Hindrance> hindrance(String message) throws IOException {
    return of(message.replace("\n", "\r\n").getBytes(UTF_8), new Random(1)).hindrance();
  }

  @Test
  void textBecomesQuotedPrintable() throws Exception {
    assertThat(
            converted(
                """
                Subject: s
                MIME-Version: 1.0
                Content-Transfer-Encoding: 8bit
                Content-Type: text/plain; charset=utf-8
                X: y

                Grüße = gut\s
                .
                """))
        .isEqualTo(
            """
            Subject: s
            MIME-Version: 1.0
            Content-Type: text/plain; charset=utf-8
            X: y
            Content-Transfer-Encoding: quoted-printable

            Gr=C3=BC=C3=9Fe =3D gut=20
            .
            """);
  }

  @Test
  void whatNobodyDescribedIsUnknown() throws Exception {
    assertThat(converted("Subject: s\n\nä"))
        .isEqualTo(
            """
            Subject: s
            MIME-Version: 1.0
            Content-Type: text/plain; charset=unknown-8bit
            Content-Transfer-Encoding: quoted-printable

            =C3=A4\
            """);
  }

  @Test
  void longLinesAreBrokenSoftly() throws Exception {
    String text = converted("MIME-Version: 1.0\n\n" + "ä".repeat(200) + "x".repeat(2000) + "\n");
    assertThat(text.lines()).allMatch(line -> line.length() <= 76);
  }

  private static final String PARTS =
      """
      MIME-Version: 1.0
      Content-Type: multipart/mixed; boundary=b
      Content-Transfer-Encoding: 8bit

      für alte
      --b
      Content-Type: text/html
      Content-Transfer-Encoding: 8bit

      plain
      --b
      Content-Type: application/x-thing
      Content-Transfer-Encoding: binary

      dïng
      --b

      ohne Köpf
      --b
      Content-Type: message/rfc822
      Content-Transfer-Encoding: 8bit

      Subject: inner

      ö
      --b--
      """;

  @Test
  void eachPartHasItsOwn() throws Exception {
    assertThat(converted(PARTS))
        .isEqualTo(
            """
            MIME-Version: 1.0
            Content-Type: multipart/mixed; boundary=b
            Content-Transfer-Encoding: 7bit

            f??r alte
            --b
            Content-Type: text/html
            Content-Transfer-Encoding: 7bit

            plain
            --b
            Content-Type: application/x-thing
            Content-Transfer-Encoding: base64

            ZMOvbmc=
            --b
            Content-Transfer-Encoding: quoted-printable

            ohne K=C3=B6pf
            --b
            Content-Type: message/rfc822
            Content-Transfer-Encoding: 7bit

            Subject: inner
            MIME-Version: 1.0
            Content-Type: text/plain; charset=unknown-8bit
            Content-Transfer-Encoding: quoted-printable

            =C3=B6
            --b--
            """);
  }

  @Test
  void whatIsEncodedAlreadyAndBrokenIsMended() throws Exception {
    assertThat(
            converted(
                """
                MIME-Version: 1.0
                Content-Type: text/plain; charset=utf-8
                Content-Transfer-Encoding: quoted-printable

                a=C3=A4 ä=
                b
                """))
        .endsWith("quoted-printable\n\na=C3=A4 =C3=A4b\n");
  }

  @Test
  void signedContentIsNotTouched() throws Exception {
    String signed =
        """
        MIME-Version: 1.0
        Content-Type: multipart/mixed; boundary=a

        --a
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: 8bit

        ä
        --a
        Content-Type: multipart/signed; boundary=b
        Content-Transfer-Encoding: 8bit

        --b
        Content-Transfer-Encoding: 8bit

        text
        --b
        Content-Type: application/pgp-signature

        s
        --b--
        --a--
        """;
    String after = converted(signed);
    assertThat(after)
        .contains("boundary=b\nContent-Transfer-Encoding: 7bit\n")
        .contains("--b\nContent-Transfer-Encoding: 8bit\n\ntext\n--b\n")
        .contains("=C3=A4");
    assertThat(hindrance(signed.replace("text\n", "täxt\n"))).contains(Hindrance.SIGNED);
  }

  @Test
  void whatCannotBeConvertedIsNot() throws Exception {
    assertThat(hindrance("Subject: ä\n\n")).contains(Hindrance.HEADER);
    assertThat(hindrance("MIME-Version: 1.0\nContent-Type: message/partial\n\nä"))
        .contains(Hindrance.PART);
    assertThat(hindrance("MIME-Version: 1.0\nContent-Transfer-Encoding: x-new\n\nä"))
        .contains(Hindrance.PART);
    assertThat(hindrance("Subject: x" + "y".repeat(300_000) + "\n\nä")).contains(Hindrance.UNSEEN);
    assertThat(of("Subject: s\nX: y\n\nz".getBytes(UTF_8), new Random(1)).hindrance())
        .contains(Hindrance.LINES);
  }

  @Test
  void binaryContentIsKept() throws Exception {
    byte[] message =
        "MIME-Version: 1.0\r\nContent-Type: image/x\r\n\r\n\0a\nb\rc\r\n".getBytes(ISO_8859_1);
    byte[] after = octets(of(message, new Random(1)));
    check(message, after);
    assertThat(new String(after, ISO_8859_1)).endsWith("\r\n\r\nAGEKYg1jDQo=");
  }

  // ---- NUL alone

  private static SevenBit withoutNul(byte[] message, Random random) throws IOException {
    return SevenBit.of(inPieces(message, random), SevenBit.Form.TEXT);
  }

  @Test
  void partsWithNulAloneAreEncoded() throws Exception {
    byte[] message = PARTS.replace("\n", "\r\n").replace("dïng", "dïng\0").getBytes(UTF_8);
    SevenBit conversion = withoutNul(message, new Random(1));
    assertThat(conversion.hindrance()).isEmpty();
    assertThat(new String(octets(conversion), UTF_8).replace("\r\n", "\n"))
        .isEqualTo(
            PARTS
                .replace("Content-Transfer-Encoding: binary", "Content-Transfer-Encoding: base64")
                .replace("dïng", "ZMOvbmcA"));
  }

  @Test
  void nulOutsideOfPartsStays() throws Exception {
    for (String message :
        List.of(
            "Subject: \0\r\n\r\n",
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n\0\r\n--b\r\n\r\nx\r\n--b--")) {
      assertThat(withoutNul(message.getBytes(UTF_8), new Random(1)).hindrance())
          .contains(Hindrance.NUL);
    }
  }

  @Test
  void whateverHoldsNulDecodesToTheSame() throws Exception {
    List<Corpus.Message> corpus =
        Corpus.all().stream().filter(message -> message.octets().length < 20_000).toList();
    int changed = 0;
    for (int round = 0; round < 1000; round++) {
      long seed = SEED + round;
      Random random = new Random(seed);
      byte[] octets =
          Mutations.spoil(corpus.get(random.nextInt(corpus.size())).octets(), corpus, random);
      if (octets.length > 0) {
        octets[random.nextInt(octets.length)] = 0;
      }
      SevenBit conversion = withoutNul(octets, random);
      if (conversion.hindrance().isEmpty()) {
        byte[] after = octets(conversion);
        MessageStructure is = Structures.parse(after, MimeLimits.DEFAULT);
        assertThat(is.hasNul()).as("seed %s", seed).isFalse();
        same(Structures.parse(octets, MimeLimits.DEFAULT).root(), octets, is.root(), after);
        changed++;
      }
    }
    assertThat(changed).isGreaterThan(100);
  }

  @Test
  void whatHoldsNoNulStaysAsItIs() throws Exception {
    byte[] message = PARTS.replace("\n", "\r\n").getBytes(UTF_8);
    assertThat(octets(withoutNul(message, new Random(1)))).isEqualTo(message);
  }

  // ---- whatever comes

  @Test
  void partsOfTheCorpusDecodeToTheSame() throws Exception {
    int changed = 0;
    for (Corpus.Message message : Corpus.all()) {
      // As SMTP brings it.
      byte[] octets =
          new String(message.octets(), ISO_8859_1)
              .replaceAll("\r\n|\n|\r", "\r\n")
              .getBytes(ISO_8859_1);
      changed += convertible(octets, new Random(SEED)) ? 1 : 0;
    }
    assertThat(changed).isGreaterThan(10);
  }

  @Test
  void spoiledMessagesToo() throws Exception {
    List<Corpus.Message> corpus =
        Corpus.all().stream().filter(message -> message.octets().length < 20_000).toList();
    int changed = 0;
    for (int round = 0; round < 3000; round++) {
      long seed = SEED + round;
      Random random = new Random(seed);
      byte[] octets =
          Mutations.spoil(corpus.get(random.nextInt(corpus.size())).octets(), corpus, random);
      try {
        changed += convertible(octets, random) ? 1 : 0;
      } catch (RuntimeException | AssertionError failure) {
        throw new AssertionError("seed " + seed, failure);
      }
    }
    assertThat(changed).isGreaterThan(100);
  }

  /** Whether a message needed it, and could be converted. */
  private static boolean convertible(byte[] octets, Random random) throws IOException {
    SevenBit conversion = of(octets, random);
    if (conversion.hindrance().isPresent()) {
      return false;
    }
    byte[] after = octets(conversion);
    check(octets, after);
    return !Arrays.equals(octets, after);
  }

  private static void check(byte[] before, byte[] after) throws IOException {
    MessageStructure was = Structures.parse(before, MimeLimits.DEFAULT);
    MessageStructure is = Structures.parse(after, MimeLimits.DEFAULT);
    assertThat(is.has8bit()).isFalse();
    assertThat(is.hasNul()).isFalse();
    assertThat(is.hasBareLineEnding()).isFalse();
    same(was.root(), before, is.root(), after);
  }

  private static void same(MimePart was, byte[] before, MimePart is, byte[] after)
      throws IOException {
    assertThat(is.type() + "/" + is.subtype()).isEqualTo(was.type() + "/" + was.subtype());
    boolean whole = isOpaque(was) || isOpaque(is) || was.children().isEmpty();
    if (whole) {
      assertThat(decoded(is, after)).isEqualTo(decoded(was, before));
      return;
    }
    assertThat(is.children()).hasSameSizeAs(was.children());
    for (int i = 0; i < was.children().size(); i++) {
      same(was.children().get(i), before, is.children().get(i), after);
    }
  }

  private static boolean isOpaque(MimePart part) {
    return part.encoding().equals("base64") || part.encoding().equals("quoted-printable");
  }

  private static String decoded(MimePart part, byte[] octets) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    TransferDecoder decoder = TransferDecoder.of(part.encoding(), out::write);
    decoder.write(octets, (int) part.bodyStart(), (int) part.bodySize());
    decoder.finish();
    return out.toString(ISO_8859_1);
  }
}
