package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.systemtests.Node.Account;
import hikyaku.systemtests.Node.Port;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Two Maildirs, each kept equal to the server by mbsync, are equal to each other. */
@ExtendWith(SharedNode.class)
class MbsyncTest {
  @TempDir Path directory;

  @Test
  void maildirsConverge(Node node) throws Exception {
    Account account = node.account();
    configure(node, account);
    Mail.deliver(node, account, "first", "one");
    Mail.deliver(node, account, "second", "two");
    Mail.deliver(node, account, "third", "three");
    sync("a");
    sync("b");
    assertThat(messages("a", "INBOX")).containsOnlyKeys("first", "second", "third");
    assertThat(messages("b", "INBOX")).isEqualTo(messages("a", "INBOX"));

    // Flags, a message and a folder from here; a deletion from there.
    flag("a", "INBOX", "first", "FS");
    flag("a", "INBOX", "second", "R");
    put("a", "INBOX", "fourth", "D");
    put("a", "Work/Deep folder", "fifth", "S");
    flag("b", "INBOX", "third", "T");
    sync("a");
    sync("b");
    sync("a");
    assertThat(messages("b", "INBOX"))
        .isEqualTo(Map.of("first", "FS", "second", "R", "fourth", "D"));
    assertThat(messages("a", "INBOX")).isEqualTo(messages("b", "INBOX"));
    assertThat(messages("b", "Work/Deep folder")).isEqualTo(Map.of("fifth", "S"));
    assertThat(Mail.subjects(node, account)).containsExactlyInAnyOrder("first", "second", "fourth");

    // Both change the same message in different ways, at once.
    flag("a", "INBOX", "second", "RS");
    flag("b", "INBOX", "second", "FR");
    sync("a");
    sync("b");
    sync("a");
    assertThat(messages("a", "INBOX")).containsEntry("second", "FRS");
    assertThat(messages("b", "INBOX")).isEqualTo(messages("a", "INBOX"));

    // Nothing is left to do.
    Map<String, String> before = files();
    sync("a");
    sync("b");
    assertThat(files()).isEqualTo(before);
  }

  private void configure(Node node, Account account) throws Exception {
    Path certificate = Certificate.of(node, directory);
    StringBuilder rc = new StringBuilder("SyncState *\n\n");
    for (String side : new String[] {"a", "b"}) {
      boolean implicit = side.equals("a");
      rc.append(
          """
          IMAPStore server-%1$s
          Host 127.0.0.1
          Port %2$d
          User %3$s
          Pass %4$s
          SSLType %5$s
          CertificateFile %6$s

          MaildirStore maildir-%1$s
          Path %7$s/
          Inbox %7$s/INBOX
          SubFolders Verbatim

          Channel %1$s
          Far :server-%1$s:
          Near :maildir-%1$s:
          Patterns *
          Create Both
          Expunge Both
          Sync All

          """
              .formatted(
                  side,
                  node.port(implicit ? Port.IMAPS : Port.IMAP),
                  account.address(),
                  account.password(),
                  implicit ? "IMAPS" : "STARTTLS",
                  certificate,
                  Files.createDirectory(directory.resolve(side))));
    }
    Path file = directory.resolve("mbsyncrc");
    Files.writeString(file, rc);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
  }

  private void sync(String side) throws IOException, InterruptedException {
    Ran.in(directory, "mbsync", "-V", "-c", directory.resolve("mbsyncrc").toString(), side).ok();
  }

  private Stream<Path> mail(String side, String folder) throws IOException {
    Path maildir = directory.resolve(side).resolve(folder);
    return Stream.concat(Files.list(maildir.resolve("cur")), Files.list(maildir.resolve("new")));
  }

  /** Subjects and flags. */
  private Map<String, String> messages(String side, String folder) throws IOException {
    Map<String, String> messages = new TreeMap<>();
    for (Path file : mail(side, folder).toList()) {
      String name = file.getFileName().toString();
      int flags = name.indexOf(":2,");
      assertThat(messages.put(subject(file), flags < 0 ? "" : name.substring(flags + 3)))
          .as("another message of the subject of " + file)
          .isNull();
    }
    return messages;
  }

  private static String subject(Path file) throws IOException {
    return Files.readString(file)
        .lines()
        .filter(line -> line.startsWith("Subject: "))
        .map(line -> line.substring("Subject: ".length()))
        .findFirst()
        .orElseThrow();
  }

  private void flag(String side, String folder, String subject, String flags) throws IOException {
    for (Path file : mail(side, folder).toList()) {
      if (subject(file).equals(subject)) {
        String name = file.getFileName().toString().replaceAll(":2,.*", "");
        Path cur = directory.resolve(side).resolve(folder).resolve("cur");
        Files.move(file, cur.resolve(name + ":2," + flags));
        return;
      }
    }
    throw new AssertionError("no message " + subject);
  }

  private void put(String side, String folder, String subject, String flags) throws IOException {
    Path maildir = directory.resolve(side).resolve(folder);
    for (String part : new String[] {"cur", "new", "tmp"}) {
      Files.createDirectories(maildir.resolve(part));
    }
    Files.writeString(
        maildir.resolve("cur").resolve("1000." + subject + ".test:2," + flags),
        "From: a@test.example\nSubject: "
            + subject
            + "\nMessage-ID: <"
            + subject
            + "@test.example>\n\nbody\n");
  }

  /** Everything in both Maildirs, with content. */
  private Map<String, String> files() throws IOException {
    Map<String, String> files = new TreeMap<>();
    for (String side : new String[] {"a", "b"}) {
      try (Stream<Path> all = Files.walk(directory.resolve(side))) {
        for (Path file : all.filter(Files::isRegularFile).toList()) {
          String name = file.getFileName().toString();
          if (!name.startsWith(".")) {
            files.put(file.toString(), Files.readString(file));
          }
        }
      }
    }
    return files;
  }
}
