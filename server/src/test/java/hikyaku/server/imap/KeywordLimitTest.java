package hikyaku.server.imap;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.MailboxLimits;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** RFC 9051 §7.1, where a transcript would be too long. */
class KeywordLimitTest {
  private static final int MOST = MailboxLimits.DEFAULT.keywords();

  private static String permanentFlags(List<String> told) {
    return told.stream().filter(line -> line.contains("[PERMANENTFLAGS ")).findFirst().orElse("");
  }

  @Test
  void aFullMailboxOffersNoNewKeywords() throws IOException {
    try (ImapRig rig = new ImapRig();
        ImapClient client = rig.connect();
        ImapClient other = rig.connect()) {
      rig.deliver("bob", new byte[] {'a'});
      client.login("bob");
      other.login("bob");
      client.say("s", "SELECT INBOX");
      other.say("s", "SELECT INBOX");
      String all = IntStream.range(1, MOST).mapToObj(i -> "k" + i).collect(Collectors.joining(" "));
      assertThat(permanentFlags(client.say("a", "STORE 1 +FLAGS.SILENT (" + all + ")")))
          .endsWith(" \\*)] Flags permitted");
      assertThat(permanentFlags(client.say("b", "STORE 1 +FLAGS.SILENT (last)")))
          .endsWith(" last)] Flags permitted");
      assertThat(permanentFlags(other.say("c", "NOOP"))).endsWith(" last)] Flags permitted");
      assertThat(other.say("d", "STORE 1 +FLAGS.SILENT (more)").getLast())
          .startsWith("d NO [LIMIT]");
      assertThat(permanentFlags(client.say("e", "SELECT INBOX")))
          .endsWith(" last)] Flags permitted");
    }
  }
}
