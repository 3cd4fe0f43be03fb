package hikyaku.server.imap;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.text.TextIndex;
import hikyaku.server.imap.MessageLimit.Scope;
import hikyaku.server.net.TlsMode;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** RFC 9738, where a transcript would be too long. */
class MessageLimitTest {
  private static final int UNLIMITED = Integer.MAX_VALUE;

  private static ImapRig rig(MessageLimit limit) throws IOException {
    return new ImapRig(
        ImapSettings.DEFAULTS, limit, TlsMode.NONE, Optional.empty(), TextIndex.NONE);
  }

  private static Optional<String> capability(int messages, int saved, int enforced) {
    ImapSettings d = ImapSettings.DEFAULTS;
    return MessageLimit.of(
            new ImapSettings(
                d.appendLimit(),
                messages,
                saved,
                enforced,
                d.uidOnly(),
                d.unauthenticate(),
                d.keepAlive(),
                d.working(),
                d.login(),
                d.idle(),
                d.command(),
                d.errors(),
                d.failedLogins(),
                d.contact(),
                d.comment(),
                d.limits()))
        .capability();
  }

  @Test
  void whatIsSetIsAdvertised() {
    assertThat(MessageLimit.of(ImapSettings.DEFAULTS).capability()).isEmpty();
    assertThat(capability(1000, UNLIMITED, 0)).contains("MESSAGELIMIT=1000");
    assertThat(capability(1000, UNLIMITED, 5000)).contains("MESSAGELIMIT=1000");
    assertThat(capability(UNLIMITED, 2000, 0)).contains("SAVELIMIT=2000");
  }

  /** From the highest UID to the lowest, over all batches in which messages are read. */
  @Test
  void whatIsReadIsToldBackwards() throws IOException {
    try (ImapRig rig = rig(new MessageLimit(Scope.ALL, 1100, 1100));
        ImapClient client = rig.connect()) {
      rig.deliverMany("bob", 1203);
      client.login("bob");
      client.say("s", "SELECT INBOX");
      List<String> told = client.say("f", "UID FETCH 1:* (BODYSTRUCTURE)");
      assertThat(told.getLast()).startsWith("f OK [MESSAGELIMIT 1100 104] ");
      assertThat(told.stream().filter(line -> line.contains(" FETCH (")).map(MessageLimitTest::uid))
          .containsExactlyElementsOf(
              IntStream.iterate(1203, uid -> uid >= 104, uid -> uid - 1).boxed().toList());
    }
  }

  private static int uid(String fetch) {
    return Integer.parseInt(fetch.replaceFirst(".* FETCH \\(UID ([0-9]+) .*", "$1"));
  }

  /** A limit that is only told holds back nothing, and it is known who does not keep to it. */
  @Test
  void whatIsBeyondIsCounted() throws IOException {
    try (ImapRig rig = rig(new MessageLimit(Scope.ALL, 3, UNLIMITED));
        ImapClient client = rig.connect()) {
      rig.deliverMany("bob", 5);
      client.login("bob");
      client.say("s", "SELECT INBOX");
      assertThat(client.say("a", "FETCH 1:3 UID")).hasSize(4);
      assertThat(client.say("b", "FETCH 1:* UID"))
          .hasSize(6)
          .last()
          .isEqualTo("b OK FETCH completed");
      assertThat(client.say("c", "COPY 1:* Archive").getLast()).startsWith("c OK [COPYUID ");
      assertThat(client.say("d", "SORT (ARRIVAL) UTF-8 ALL").getLast()).startsWith("d OK ");
      assertThat(rig.meters.counter("hikyaku.imap.beyond.limit").count()).isEqualTo(3);
    }
  }
}
