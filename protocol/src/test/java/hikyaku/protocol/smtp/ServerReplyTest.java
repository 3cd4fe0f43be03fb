package hikyaku.protocol.smtp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.smtp.RcptParameters.Notify;
import hikyaku.protocol.smtp.RcptParameters.OriginalRecipient;
import hikyaku.protocol.wire.OctetSource;
import hikyaku.protocol.wire.WireException;
import hikyaku.protocol.wire.WireReader;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ServerReplyTest {
  /** Reads what there is, and looks at what was read. */
  static void check(byte[] octets) {
    WireReader in = new WireReader(OctetSource.of(octets));
    try {
      while (true) {
        ServerReply reply = ServerReply.read(in);
        assertThat(reply.code()).isBetween(200, 599);
        assertThat(reply.lines()).hasSizeBetween(1, ServerReply.MAX_LINES);
        assertThat(reply.toString().chars().noneMatch(Character::isISOControl)).isTrue();
        assertThat(reply.enhanced() == null || reply.enhanced().kind() == reply.code() / 100)
            .isTrue();
      }
    } catch (ServerReply.Malformed | WireException refused) {
      assertThat(refused.getMessage()).isNotEmpty();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static ServerReply read(String text) throws IOException {
    return ServerReply.read(new WireReader(OctetSource.of(text.getBytes(UTF_8))));
  }

  @Test
  void codesAndTextAreTakenApart() throws Exception {
    assertThat(read("250-mx.example\r\n250-SIZE 1\r\n250 HELP\r\n"))
        .isEqualTo(new ServerReply(250, null, List.of("mx.example", "SIZE 1", "HELP")));
    assertThat(read("550-5.1.1 one\r\n550 5.1.1 two\r\n"))
        .isEqualTo(new ServerReply(550, EnhancedCode.of("5.1.1"), List.of("one", "two")));
    assertThat(read("354\n").lines()).containsExactly("");
    assertThat(read("450 4.2.0\r\n").enhanced()).isEqualTo(EnhancedCode.of("4.2.0"));
  }

  @Test
  void anEnhancedCodeThatContradictsIsText() throws Exception {
    assertThat(read("450 5.1.1 odd\r\n"))
        .isEqualTo(new ServerReply(450, null, List.of("5.1.1 odd")));
    assertThat(read("550 5.1.1234 odd\r\n").enhanced()).isNull();
    assertThat(read("550 5.01.1 odd\r\n").enhanced()).isNull();
  }

  @Test
  void controlsAndLengthDoNotGetThrough() throws Exception {
    assertThat(read("550 a\tb\u001b[2J\r\n").lines()).containsExactly("a?b?[2J");
    assertThat(read("550 " + "x".repeat(4000) + "\r\n").lines().getFirst()).hasSize(500);
  }

  @Test
  void whatIsNoReplyIsRefused() {
    List<String> none =
        List.of(
            "hello\r\n",
            "25\r\n",
            "\r\n",
            "150 x\r\n",
            "650 x\r\n",
            "250x\r\n",
            "250-a\r\n251 b\r\n",
            "250 " + "x".repeat(5000) + "\r\n",
            "250-x\r\n".repeat(300));
    for (String text : none) {
      assertThatThrownBy(() -> read(text)).as(text).isInstanceOf(ServerReply.Malformed.class);
    }
    assertThatThrownBy(() -> read("250-a\r\n")).isInstanceOf(WireException.class);
  }

  @Test
  void whatAClientSaysIsReadAsItWasMeant() {
    Mailbox from = new Mailbox(new MailAddress("a b", "example.org"));
    MailParameters mail =
        new MailParameters(
            12L,
            MailParameters.Body.EIGHTBITMIME,
            false,
            MailParameters.Ret.HDRS,
            "a+b =",
            null,
            true,
            null,
            new DeliverBy(-20, false, true),
            -3);
    assertThat(parsed(ClientLines.mail(from, mail))).isEqualTo(new Command.Mail(from, mail));
    assertThat(parsed(ClientLines.mail(ReversePath.NULL, MailParameters.NONE)))
        .isEqualTo(new Command.Mail(ReversePath.NULL, MailParameters.NONE));
    Mailbox to = new Mailbox(new MailAddress("x", "example.org"));
    for (Set<Notify> notifyOn : List.of(Set.<Notify>of(), Set.of(Notify.SUCCESS, Notify.DELAY))) {
      RcptParameters rcpt =
          new RcptParameters(notifyOn, new OriginalRecipient("rfc822", "x+y=z@example.org"));
      assertThat(parsed(ClientLines.rcpt(to, rcpt))).isEqualTo(new Command.Rcpt(to, rcpt));
    }
    RcptParameters utf8 =
        new RcptParameters(null, new OriginalRecipient("utf-8", "\u65e5+\\@example.org"));
    assertThat(parsed(ClientLines.rcpt(to, utf8))).isEqualTo(new Command.Rcpt(to, utf8));
  }

  private static Command parsed(byte[] line) {
    return CommandParser.parse(java.util.Arrays.copyOf(line, line.length - 2));
  }
}
