package hikyaku.app;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.app.Door.Call;
import hikyaku.app.transfer.Transfer;
import hikyaku.server.ops.AccountOperations;
import hikyaku.server.ops.DomainOperations;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** Mail leaves one account and comes in at another as it was. */
final class TransferTest {
  private static final String FROM = "from@example.org";
  private static final String TO = "to@example.org";
  private static final List<String> MESSAGES =
      List.of(
          "Subject: plain\r\n\r\nText\r\n",
          "Subject: plain\r\n\r\nText\r\n",
          "Subject: quoted\r\n\r\n\r\nFrom me\r\n>From you\r\n",
          "Subject: bare\r\n\r\na\nb\rc\r\n",
          "Subject: 8bit \u00e4\u00ff\r\n\r\n\u0080\u0000\r\n",
          "no header at all\r\n",
          "\r\n");

  @RegisterExtension final RunningNodeExtension running = new RunningNodeExtension();

  @BeforeEach
  void twoAccounts() throws Failure {
    try (Door door = running.open()) {
      door.call(Call.of("POST", "domains").withBody(new DomainOperations.New("example.org")));
      for (String address : List.of(FROM, TO)) {
        door.call(
            Call.of("POST", "accounts").withBody(new AccountOperations.New(address, null, null)));
      }
      List<String> flags =
          List.of("", "\\Seen", "\\Flagged,\\Answered", "work,\\Draft", "", "", "");
      for (String folder : List.of("INBOX", "Work/v1.2/Größe")) {
        door.call(Call.of("PUT", "accounts", FROM, "mailboxes", folder));
        for (int i = 0; i < MESSAGES.size(); i++) {
          door.call(
              Call.of("POST", "accounts", FROM, "mailboxes", folder, "messages")
                  .with("flags", flags.get(i))
                  .with("date", "2026-01-0" + (1 + i / 2) + "T10:00:00+01:00")
                  .withOctets(MESSAGES.get(i).getBytes(StandardCharsets.ISO_8859_1)));
        }
      }
    }
  }

  /** Folders with their messages: date in seconds, flags, octets. */
  private static Map<String, List<String>> contents(Door door, String account) throws Exception {
    Map<String, List<String>> folders = new TreeMap<>();
    for (JsonNode mailbox : door.call(Call.of("GET", "accounts", account, "mailboxes"))) {
      String name = mailbox.get("name").asString();
      List<String> messages = new ArrayList<>();
      Call list = Call.of("GET", "accounts", account, "mailboxes", name, "messages");
      for (JsonNode message : door.call(list)) {
        ByteArrayOutputStream octets = new ByteArrayOutputStream();
        door.fetch(
            Call.of(
                "GET",
                "accounts",
                account,
                "mailboxes",
                name,
                "messages",
                message.get("uid").asString()),
            octets);
        List<String> flags = new ArrayList<>();
        message.get("flags").forEach(flag -> flags.add(flag.asString()));
        messages.add(
            java.time.OffsetDateTime.parse(message.get("date").asString()).toInstant()
                + " "
                + flags
                + " "
                + octets.toString(StandardCharsets.ISO_8859_1));
      }
      folders.put(name, messages);
    }
    return folders;
  }

  private record Counts(long moved, long present) {}

  private static Counts run(Door door, String account, Moving moving) throws Failure {
    List<Transfer.Folder> folders = new ArrayList<>();
    moving.move(new Transfer(door, account, folders::add));
    return new Counts(
        folders.stream().mapToLong(Transfer.Folder::moved).sum(),
        folders.stream().mapToLong(Transfer.Folder::present).sum());
  }

  private interface Moving {
    void move(Transfer transfer) throws Failure;
  }

  private void thereAndBack(Moving export, Moving bring, Counts secondExport) throws Exception {
    int all = 2 * MESSAGES.size();
    try (Door door = running.open()) {
      assertThat(run(door, FROM, export)).isEqualTo(new Counts(all, 0));
      assertThat(run(door, FROM, export)).isEqualTo(secondExport);
      assertThat(run(door, TO, bring)).isEqualTo(new Counts(all, 0));
      assertThat(run(door, TO, bring)).isEqualTo(new Counts(0, all));
      assertThat(contents(door, TO)).isEqualTo(contents(door, FROM));
    }
    running.stop();
    try (Door door = running.open()) {
      assertThat(run(door, TO, bring)).isEqualTo(new Counts(0, all));
    }
    running.start();
  }

  @Test
  void byMaildir() throws Exception {
    Path place = running.directory().resolve("maildir");
    thereAndBack(
        transfer -> transfer.exportMaildir(place),
        transfer -> transfer.importMaildir(place),
        new Counts(0, 2L * MESSAGES.size()));
  }

  @Test
  void byMbox() throws Exception {
    Path place = running.directory().resolve("mboxes");
    thereAndBack(
        transfer -> transfer.exportMboxes(place),
        transfer -> transfer.importMboxes(place),
        new Counts(2L * MESSAGES.size(), 0));
  }
}
