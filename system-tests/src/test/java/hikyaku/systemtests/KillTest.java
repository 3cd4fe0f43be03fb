package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.systemtests.Node.Account;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * SIGKILL while messages come in and go out, again and again: what was acknowledged is so, once,
 * and the data directory passes every check.
 */
@ExtendWith(SharedNode.class)
class KillTest {
  private static final int ROUNDS = 3;
  private static final int SENDERS = 6;
  private static final int WARMED_UP = 60;

  @TempDir Path directory;

  /** Subjects of messages for which 250 came. */
  private final Set<String> delivered = ConcurrentHashMap.newKeySet();

  /** Subjects of messages marked in a session whose QUIT was sent. */
  private final Set<String> perhapsDeleted = ConcurrentHashMap.newKeySet();

  /** Those of them for which +OK came. */
  private final Set<String> deleted = ConcurrentHashMap.newKeySet();

  @Test
  void whatWasAcknowledgedIsThereOnce() throws Exception {
    Random random = new Random(1939);
    try (Node node = Node.in(directory).start()) {
      Account account = node.account();
      for (int round = 0; round < ROUNDS; round++) {
        load(node, account, round, WARMED_UP + random.nextInt(200));
        node.start();
        check(node, account);
        Ran verified = node.command("", "verify").ok();
        assertThat(verified.output()).contains("All is well");
      }
    }
  }

  /** Sends and takes away until so many messages were acknowledged, then kills the node. */
  private void load(Node node, Account account, int round, int enough) throws Exception {
    CountDownLatch reached = new CountDownLatch(enough);
    List<Thread> threads = new ArrayList<>();
    for (int sender = 0; sender < SENDERS; sender++) {
      String name = "r" + round + "-s" + sender + "-";
      threads.add(Thread.ofVirtual().start(() -> send(node, account, name, reached)));
    }
    threads.add(Thread.ofVirtual().start(() -> takeAway(node, account)));
    try {
      assertThat(reached.await(60, java.util.concurrent.TimeUnit.SECONDS)).isTrue();
    } finally {
      node.kill();
      for (Thread thread : threads) {
        thread.join();
      }
    }
  }

  /** Delivers one message after the other until the connection breaks. */
  private void send(Node node, Account account, String name, CountDownLatch reached) {
    try (Line line = new Line(node.port(Node.Port.SMTP))) {
      line.reply();
      line.smtp("EHLO client.test.example", "250");
      for (int number = 0; ; number++) {
        String subject = name + number;
        line.smtp("MAIL FROM:<sender@elsewhere.example>", "250");
        line.smtp("RCPT TO:<" + account.address() + ">", "250");
        line.smtp("DATA", "354");
        line.send("Subject: " + subject + "\r\n\r\n" + "0123456789\r\n".repeat(100));
        line.smtp(".", "250");
        delivered.add(subject);
        reached.countDown();
      }
    } catch (IOException e) {
      // Killed.
    }
  }

  /** Marks a few messages and says QUIT, again and again. */
  private void takeAway(Node node, Account account) {
    try {
      while (true) {
        try (Line line = Line.pop3(node, account)) {
          line.pop3("LIST");
          int count = line.text().size();
          List<String> marked = new ArrayList<>();
          for (int number = 1; number <= Math.min(count, 5); number++) {
            line.pop3("TOP " + number + " 0");
            marked.add(subject(line.text()));
            line.pop3("DELE " + number);
          }
          perhapsDeleted.addAll(marked);
          line.pop3("QUIT");
          deleted.addAll(marked);
        }
      }
    } catch (IOException e) {
      // Killed.
    }
  }

  private static String subject(List<String> header) {
    return header.stream()
        .filter(line -> line.startsWith("Subject: "))
        .map(line -> line.substring("Subject: ".length()))
        .findFirst()
        .orElseThrow();
  }

  private void check(Node node, Account account) throws IOException {
    Map<String, Integer> found = new HashMap<>();
    for (String message : Mail.inbox(node, account)) {
      List<String> lines = message.lines().toList();
      found.merge(subject(lines), 1, Integer::sum);
      assertThat(lines.stream().filter(line -> line.equals("0123456789"))).hasSize(100);
    }
    assertThat(found.values()).as("copies").containsOnly(1);
    for (String subject : delivered) {
      if (!perhapsDeleted.contains(subject)) {
        assertThat(found).as("acknowledged").containsKey(subject);
      }
    }
    assertThat(found.keySet()).as("deleted").doesNotContainAnyElementsOf(deleted);
    // What this round left is the next round's to keep: whether it was there is known now.
    delivered.addAll(found.keySet());
    perhapsDeleted.removeAll(found.keySet());
  }
}
