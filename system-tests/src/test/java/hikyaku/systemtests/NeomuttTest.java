package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.systemtests.Node.Account;
import hikyaku.systemtests.Node.Port;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** neomutt sends by submission and reads by IMAP and POP3, its keys pressed by its own settings. */
@ExtendWith(SharedNode.class)
class NeomuttTest {
  /**
   * It chooses SCRAM-SHA-256-PLUS by itself, for which it has no channel binding, and gives up; by
   * POP3 it takes the answer to that for the one to the next command.
   */
  private static final String OTHER_MECHANISMS =
      """
      set smtp_authenticators = "plain"
      set pop_authenticators = "user"
      """;

  @TempDir Path directory;

  @Test
  void sendsAndReads(Node node) throws Exception {
    sendAndRead(node, OTHER_MECHANISMS);
  }

  /** Where -PLUS is not offered, it needs no settings. */
  @Test
  void choosesAMechanismThatItCanDo() throws Exception {
    Path own = Files.createDirectory(directory.resolve("node"));
    try (Node node = Node.in(own, "[login]\nchannel-binding = false\n").start()) {
      sendAndRead(node, "");
    }
  }

  private void sendAndRead(Node node, String mechanisms) throws Exception {
    Account from = node.account();
    Account to = node.account();
    configure(node, from, to, mechanisms);
    run(
            "A line.\n.\n.two\n",
            "neomutt",
            "-F",
            rc(),
            "-s",
            "From neomutt: Grüße",
            "--",
            to.address())
        .ok();
    assertThat(Mail.inbox(node, to)).singleElement().asString().contains("\nA line.\n.\n.two\n");

    // Reads by IMAP over TLS, keeps a copy, and deletes the message on the server.
    Path copy = directory.resolve("copy.mbox");
    read(
        "imaps://127.0.0.1:" + node.port(Port.IMAPS) + "/INBOX",
        to,
        "<copy-message>" + copy + "<enter><delete-message><sync-mailbox><quit>");
    assertThat(Files.readString(copy)).contains("A line.\n", ".two\n");
    assertThat(Mail.inbox(node, to)).isEmpty();

    // And by POP3.
    Mail.deliver(node, to, "for pop", "body of pop");
    Path popped = directory.resolve("popped.mbox");
    read(
        "pops://127.0.0.1:" + node.port(Port.POP3S) + "/",
        to,
        "<copy-message>" + popped + "<enter><quit>");
    assertThat(Files.readString(popped)).contains("Subject: for pop", "body of pop");
    assertThat(Mail.subjects(node, to)).containsExactly("for pop");
  }

  private String rc() {
    return directory.resolve("muttrc").toString();
  }

  private void configure(Node node, Account from, Account to, String mechanisms) throws Exception {
    Path certificate = Certificate.of(node, directory);
    Files.writeString(
        directory.resolve("muttrc"),
        """
        set from = "%1$s"
        set realname = "A Tester"
        set smtp_url = "smtps://127.0.0.1:%2$d/"
        set smtp_user = "%1$s"
        set smtp_pass = "%3$s"
        set imap_user = "%4$s"
        set imap_pass = "%3$s"
        set pop_user = "%4$s"
        set pop_pass = "%3$s"
        set pop_delete = no
        %7$s
        set folder = "%6$s"
        set certificate_file = "%5$s"
        set ssl_verify_host = no
        set ssl_verify_dates = no
        set copy = no
        set confirm_append = no
        set confirm_create = no
        set delete = yes
        set quit = yes
        set wait_key = no
        set mbox_type = mbox
        set sleep_time = 0
        set send_charset = "utf-8"
        set charset = "utf-8"
        """
            .formatted(
                from.address(),
                node.port(Port.SUBMISSIONS),
                from.password(),
                to.address(),
                certificate,
                Files.createDirectory(directory.resolve("mail")),
                mechanisms));
  }

  private void read(String mailbox, Account account, String keys) throws Exception {
    // script gives it the terminal that it wants.
    run(
            "",
            "script",
            "--quiet",
            "--return",
            "--command",
            "neomutt -F " + rc() + " -e 'push \"" + keys + "\"' -f " + mailbox,
            directory.resolve("typescript").toString())
        .ok();
  }

  private Ran run(String input, String... command) throws IOException, InterruptedException {
    return Ran.in(
        directory,
        Map.of("HOME", directory.toString(), "TERM", "xterm", "LC_ALL", "C.UTF-8"),
        input,
        command);
  }
}
