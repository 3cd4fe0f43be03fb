package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.systemtests.Node.Account;
import hikyaku.systemtests.Node.Port;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** curl speaks all three protocols, bare, with STARTTLS and under TLS. */
@ExtendWith(SharedNode.class)
class CurlTest {
  @TempDir Path directory;

  private Ran curl(Account account, String... options) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(List.of("curl", "-sS", "--insecure", "--max-time", "120"));
    command.addAll(List.of("--user", account.address() + ":" + account.password()));
    command.addAll(List.of(options));
    return Ran.in(directory, command.toArray(String[]::new));
  }

  @Test
  void sendsAndReads(Node node) throws Exception {
    Account from = node.account();
    Account to = node.account();
    Path mail = directory.resolve("mail.eml");
    Files.writeString(mail, "Subject: by curl\r\n\r\nHello\r\n.\r\n.end\r\n");
    for (String[] way :
        new String[][] {
          {"smtp://" + node.at(Port.SUBMISSION)},
          {"--ssl-reqd", "smtp://" + node.at(Port.SUBMISSION)},
          {"smtps://" + node.at(Port.SUBMISSIONS)}
        }) {
      List<String> options = new ArrayList<>(List.of(way));
      options.addAll(
          List.of(
              "--mail-from", from.address(), "--mail-rcpt", to.address(), "-T", mail.toString()));
      curl(from, options.toArray(String[]::new)).ok();
    }
    String whole = Files.readString(mail);
    for (String[] way :
        new String[][] {
          {"pop3://" + node.at(Port.POP3) + "/3"},
          {"--ssl-reqd", "pop3://" + node.at(Port.POP3) + "/3"},
          {"pop3s://" + node.at(Port.POP3S) + "/3"},
          {"imap://" + node.at(Port.IMAP) + "/INBOX;UID=3"},
          {"--ssl-reqd", "imap://" + node.at(Port.IMAP) + "/INBOX;UID=3"},
          {"imaps://" + node.at(Port.IMAPS) + "/INBOX;UID=3"}
        }) {
      assertThat(curl(to, way).ok().output()).as(String.join(" ", way)).endsWith(whole);
    }
    assertThat(curl(to, "pop3://" + node.at(Port.POP3) + "/").ok().output().lines()).hasSize(3);
  }

  @Test
  void appendsAndSearches(Node node) throws Exception {
    Account account = node.account();
    Path mail = directory.resolve("draft.eml");
    Files.writeString(mail, "Subject: a draft\r\n\r\nNot yet\r\n");
    String drafts = "imaps://" + node.at(Port.IMAPS) + "/Drafts";
    curl(account, "-T", mail.toString(), drafts).ok();
    assertThat(curl(account, drafts + "?SUBJECT%20draft").ok().output()).contains("* SEARCH 1");
    assertThat(curl(account, drafts + ";UID=1").ok().output()).isEqualTo(Files.readString(mail));
    assertThat(
            curl(account, "imaps://" + node.at(Port.IMAPS), "-X", "STATUS Drafts (MESSAGES)")
                .ok()
                .output())
        .contains("* STATUS Drafts (MESSAGES 1)");
  }

  @Test
  void aWrongPasswordIsRefused(Node node) throws Exception {
    Account account = new Account(node.account().address());
    int loginDenied = 67;
    for (String url : List.of("imaps://" + node.at(Port.IMAPS), "pop3s://" + node.at(Port.POP3S))) {
      Ran.in(directory, "curl", "-sS", "--insecure", "--user", account.address() + ":wrong", url)
          .ended(loginDenied);
    }
  }
}
