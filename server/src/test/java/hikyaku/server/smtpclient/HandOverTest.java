package hikyaku.server.smtpclient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.smtp.MailParameters;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.server.smtpclient.Verdict.Kind;
import hikyaku.server.testing.MailSink;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a server sees of a message, by what it offers. */
class HandOverTest {
  private static final String MAIL = "MAIL FROM:<me@us.test>";

  private final Outward outward = new Outward();
  private String offered = "250 sink";

  private MailSink sink() throws Exception {
    return new MailSink((line, _) -> line.startsWith("EHLO") ? offered : null);
  }

  private static Route to(MailSink sink) {
    return Outward.relay("smtp+plain://127.0.0.1:" + sink.port());
  }

  // ---- PIPELINING (RFC 2920)

  @Test
  void theEnvelopeGoesInOnePieceWhereThatIsOffered() throws Exception {
    offered = "250-sink\r\n250 PIPELINING";
    try (MailSink sink = sink()) {
      assertThat(Outward.kinds(outward.send(to(sink), Outward.letter("x\r\n", "a", "b"))))
          .containsExactly(Kind.DELIVERED, Kind.DELIVERED);
      assertThat(sink.goes())
          .containsExactly(
              List.of("EHLO us.test"),
              List.of(MAIL, "RCPT TO:<a@there.test>", "RCPT TO:<b@there.test>", "DATA"),
              List.of("QUIT"));
    }
  }

  @Test
  void eachCommandWaitsForTheReplyBeforeWhereItIsNot() throws Exception {
    try (MailSink sink = sink()) {
      assertThat(Outward.kinds(outward.send(to(sink), Outward.letter("x\r\n", "a", "b"))))
          .containsExactly(Kind.DELIVERED, Kind.DELIVERED);
      assertThat(sink.goes())
          .containsExactly(
              List.of("EHLO us.test"),
              List.of(MAIL),
              List.of("RCPT TO:<a@there.test>"),
              List.of("RCPT TO:<b@there.test>"),
              List.of("DATA"),
              List.of("QUIT"));
    }
  }

  // ---- BINARYMIME (RFC 3030)

  private static final String BINARY =
      "Subject: s\r\nContent-Transfer-Encoding: binary\r\n\r\n.\r\na\nb\0c\rd\u00ff.\r\n.\r\nno end";

  private static Letter binary(String octets, String... to) {
    return Outward.letter(
        new MailParameters(
            (long) octets.length(), MailParameters.Body.BINARYMIME, false, null, null, null, false),
        octets,
        Outward.letter("", to).recipients());
  }

  @Test
  void aBinaryMessageArrivesOctetForOctet() throws Exception {
    String more = "250-sink\r\n250-8BITMIME\r\n250-CHUNKING\r\n250-SIZE\r\n250-BINARYMIME";
    for (String offer : List.of(more + "\r\n250 PIPELINING", more.replace("-BIN", " BIN"))) {
      offered = offer;
      try (MailSink sink = sink()) {
        assertThat(Outward.kinds(outward.send(to(sink), binary(BINARY, "a", "b"))))
            .containsExactly(Kind.DELIVERED, Kind.DELIVERED);
        assertThat(sink.taken())
            .containsExactly(
                new MailSink.Taken("me@us.test", List.of("a@there.test", "b@there.test"), BINARY));
        List<String> commands = sink.goes().stream().flatMap(List::stream).toList();
        assertThat(commands)
            .containsExactly(
                "EHLO us.test",
                MAIL + " SIZE=" + BINARY.length() + " BODY=BINARYMIME",
                "RCPT TO:<a@there.test>",
                "RCPT TO:<b@there.test>",
                "BDAT " + BINARY.length() + " LAST",
                "QUIT");
      }
    }
  }

  @Test
  void oneConnectionTakesBinaryMessagesAndOthersInTurn() throws Exception {
    offered = "250-sink\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 BINARYMIME";
    try (MailSink sink = sink();
        SmtpClient.Session session = outward.client().session(to(sink))) {
      for (Letter letter :
          List.of(
              binary(BINARY, "a"),
              Outward.letter("x\r\n", "a"),
              binary("y", "a"),
              binary("z", "a"))) {
        assertThat(Outward.kinds(session.send(letter, () -> true))).containsExactly(Kind.DELIVERED);
      }
      assertThat(sink.taken())
          .extracting(MailSink.Taken::text)
          .containsExactly(BINARY, "x\n", "y", "z");
      assertThat(sink.connections()).isEqualTo(1);
    }
  }

  @Test
  void eachRecipientOfABinaryMessageHasItsVerdict() throws Exception {
    try (MailSink sink =
        new MailSink((line, _) ->
            line.startsWith("EHLO")
                ? "250-sink\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 BINARYMIME"
                : line.startsWith("RCPT TO:<bad") ? "550 5.1.1 no such user" : null)) {
      assertThat(Outward.kinds(outward.send(to(sink), binary(BINARY, "a", "bad"))))
          .containsExactly(Kind.DELIVERED, Kind.FAILED);
      // With nobody to take it, nothing of it is sent.
      assertThat(Outward.kinds(outward.send(to(sink), binary(BINARY, "bad"))))
          .containsExactly(Kind.FAILED);
      assertThat(sink.taken()).hasSize(1);
      assertThat(sink.goes().stream().flatMap(List::stream))
          .filteredOn(line -> line.startsWith("BDAT"))
          .hasSize(1);
    }
  }

  @Test
  void aBinaryMessageThatIsRefusedAtItsEndFails() throws Exception {
    try (MailSink sink =
        new MailSink((line, _) ->
            line.startsWith("EHLO")
                ? "250-sink\r\n250-CHUNKING\r\n250 BINARYMIME"
                : line.startsWith("BDAT") ? "554 5.7.1 not that" : null)) {
      assertThat(Outward.kinds(outward.send(to(sink), binary(BINARY, "a"))))
          .containsExactly(Kind.FAILED);
    }
  }

  /** The last octet is held back until it is sure that it may go. */
  @Test
  void aBinaryMessageThatIsAnothersByNowIsNotEnded() throws Exception {
    offered = "250-sink\r\n250-CHUNKING\r\n250 BINARYMIME";
    try (MailSink sink = sink();
        SmtpClient.Session session = outward.client().session(to(sink))) {
      assertThatThrownBy(() -> session.send(binary(BINARY, "a"), () -> false))
          .isInstanceOf(UnreachableException.class)
          .hasMessageContaining("another node");
      assertThat(sink.taken()).isEmpty();
    }
  }

  // ---- DSN (RFC 3461)

  private static Letter tracked() {
    return Outward.letter(
        new MailParameters(3L, null, false, MailParameters.Ret.HDRS, "id+1=x", null, false),
        "x\r\n",
        List.of(
            new Letter.To(
                new Mailbox(new MailAddress("a", "there.test")),
                new RcptParameters(
                    Set.of(RcptParameters.Notify.SUCCESS, RcptParameters.Notify.FAILURE),
                    new RcptParameters.OriginalRecipient("rfc822", "first+1@us.test"))),
            new Letter.To(
                new Mailbox(new MailAddress("b", "there.test")),
                new RcptParameters(Set.of(), null))));
  }

  private List<String> envelope(Letter letter) throws Exception {
    try (MailSink sink = sink()) {
      SmtpClient.Result result = outward.send(to(sink), letter);
      assertThat(Outward.kinds(result)).containsOnly(Kind.DELIVERED);
      assertThat(result.reports()).isEqualTo(offered.contains("DSN"));
      return sink.goes().stream()
          .flatMap(List::stream)
          .filter(line -> line.startsWith("MAIL") || line.startsWith("RCPT"))
          .toList();
    }
  }

  @Test
  void whatTheSenderWantsToHearOfIsPassedOnWhereTheServerReports() throws Exception {
    offered = "250-sink\r\n250 DSN";
    assertThat(envelope(tracked()))
        .containsExactly(
            MAIL + " RET=HDRS ENVID=id+2B1+3Dx",
            "RCPT TO:<a@there.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;first+2B1@us.test",
            "RCPT TO:<b@there.test> NOTIFY=NEVER");
    offered = "250-sink\r\n250 SIZE";
    assertThat(envelope(tracked()))
        .containsExactly(MAIL + " SIZE=3", "RCPT TO:<a@there.test>", "RCPT TO:<b@there.test>");
  }
}
