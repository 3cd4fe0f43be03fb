package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.systemtests.Node.Account;
import hikyaku.systemtests.Node.Port;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * A node killed under load with a hundred thousand messages in its store starts with all of them.
 */
@ExtendWith(SharedNode.class)
class ManyMessagesTest {
  private static final int ACCOUNTS = 20;
  private static final int EACH = 5_000;
  private static final int SENDERS = 4;
  private static final int PATIENCE_SECONDS = 300;

  @TempDir Path directory;

  private final Semaphore taken = new Semaphore(0);
  private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();

  @Test
  void startsWithAllOfThem() throws Exception {
    try (Node node = Node.in(directory, "[smtp.limits]\ntransactions = 100000\n").start()) {
      List<Account> accounts = node.accounts(ACCOUNTS);
      fill(node, accounts);
      node.start();
      for (Account account : accounts) {
        check(node, account);
      }
      assertThat(node.command("", "verify").ok().output()).contains("All is well");
    }
  }

  private void fill(Node node, List<Account> accounts) throws Exception {
    List<Future<?>> senders = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < SENDERS; i++) {
        String names = "s" + i + "-";
        senders.add(threads.submit(() -> send(node, accounts, names)));
      }
      try {
        assertThat(taken.tryAcquire(EACH, PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
      } finally {
        node.kill();
      }
    }
    for (Future<?> sender : senders) {
      try {
        sender.get();
      } catch (ExecutionException e) {
        // The kill ends each with a broken connection; a wrong reply is another matter.
        assertThat(e).hasCauseInstanceOf(IOException.class);
      }
    }
  }

  /** Sends one message after the other to everybody, each command with those before it. */
  private Void send(Node node, List<Account> accounts, String names) throws IOException {
    StringBuilder envelope = new StringBuilder("MAIL FROM:<sender@elsewhere.example>\r\n");
    accounts.forEach(
        account -> envelope.append("RCPT TO:<").append(account.address()).append(">\r\n"));
    envelope.append("DATA\r\n");
    try (Line line = new Line(node.port(Port.LMTP))) {
      line.reply();
      line.smtp("LHLO client.test.example", "250");
      for (int number = 0; ; number++) {
        line.send(envelope.toString());
        for (int reply = 0; reply <= accounts.size(); reply++) {
          assertThat(line.reply()).startsWith("250 ");
        }
        assertThat(line.reply()).startsWith("354 ");
        line.send("Subject: " + names + number + "\r\n\r\nText\r\n.\r\n");
        for (Account account : accounts) {
          assertThat(line.reply()).as(account.address()).startsWith("250 ");
        }
        acknowledged.add(names + number);
        taken.release();
      }
    }
  }

  private void check(Node node, Account account) throws IOException {
    try (Line line = new Line(node.port(Port.IMAP))) {
      line.read();
      line.send("a LOGIN " + account.address() + " " + account.password() + "\r\n");
      assertThat(line.readTo("a ")).startsWith("a OK");
      line.send("b SELECT INBOX\r\n");
      assertThat(line.readTo("b ")).startsWith("b OK");
      line.send("c FETCH 1:* (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])\r\n");
      List<String> subjects = new ArrayList<>();
      String read = answer(line);
      for (int number = 1; !read.startsWith("c "); number++) {
        assertThat(read).startsWith("* " + number + " FETCH (UID " + number + " ");
        subjects.add(line.read().replace("Subject: ", ""));
        line.readTo(")");
        read = answer(line);
      }
      assertThat(read).startsWith("c OK");
      assertThat(subjects).doesNotHaveDuplicates();
      assertThat(Set.copyOf(subjects)).containsAll(acknowledged);
      assertThat(subjects).hasSizeBetween(acknowledged.size(), acknowledged.size() + SENDERS);
    }
  }

  /** The next line of the answer: on a busy machine it may take so long that the node says so. */
  private static String answer(Line line) throws IOException {
    String read = line.read();
    while (read.startsWith("* OK [INPROGRESS ")) {
      read = line.read();
    }
    return read;
  }
}
