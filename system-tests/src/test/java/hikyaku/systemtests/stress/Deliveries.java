package hikyaku.systemtests.stress;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/**
 * Messages delivered to two INBOXes, by SMTP and by LMTP, while the server is killed again and
 * again; from the second INBOX, they are taken away by POP3. What was acknowledged is there, once
 * and octet for octet, until its removal was acknowledged; what was not may be there, once.
 */
public final class Deliveries {
  private final Stress.Target keeper;
  private final Stress.Target taker;
  private final int lmtpPort;
  private final Runnable acknowledged;

  /** Names of messages whose delivery to the keeper, or to the taker, was acknowledged. */
  private final Set<String> kept = ConcurrentHashMap.newKeySet();

  private final Set<String> given = ConcurrentHashMap.newKeySet();

  /** Names marked as deleted in a session that said QUIT; the second set got its answer. */
  private final Set<String> perhapsTaken = ConcurrentHashMap.newKeySet();

  private final Set<String> taken = ConcurrentHashMap.newKeySet();

  /** UIDs by name, and unique ids by name, as they were when they were first seen. */
  private final Map<String, Long> uids = new TreeMap<>();

  private final Map<String, String> uniqueIds = new ConcurrentHashMap<>();
  private String uidValidity = "";
  private long highestModseq;

  /**
   * @param acknowledged told of each command that was
   */
  public Deliveries(
      Stress.Target keeper, Stress.Target taker, int lmtpPort, Runnable acknowledged) {
    this.keeper = keeper;
    this.taker = taker;
    this.lmtpPort = lmtpPort;
    this.acknowledged = acknowledged;
  }

  /** Sends one message after the other to both until the connection breaks. */
  public void sendBySmtp(String names) {
    try (Octets line = new Octets(keeper.host(), keeper.smtpPort())) {
      smtp(line, null, "220");
      smtp(line, "EHLO client.test.example", "250");
      for (int number = 0; ; number++) {
        String name = names + number;
        envelope(line, name);
        String reply = smtp(line, ".", "");
        expect(reply.startsWith("250 "), reply);
        kept.add(name);
        given.add(name);
        acknowledged.run();
      }
    } catch (IOException e) {
      // Killed.
    }
  }

  /** The same by LMTP, where each recipient has a reply (RFC 2033 §4.2). */
  public void sendByLmtp(String names) {
    try (Octets line = new Octets(keeper.host(), lmtpPort)) {
      smtp(line, null, "220");
      smtp(line, "LHLO client.test.example", "250");
      for (int number = 0; ; number++) {
        String name = names + number;
        envelope(line, name);
        smtp(line, ".", "250");
        kept.add(name);
        smtp(line, null, "250");
        given.add(name);
        acknowledged.run();
      }
    } catch (IOException e) {
      // Killed.
    }
  }

  private void envelope(Octets line, String name) throws IOException {
    smtp(line, "MAIL FROM:<sender@elsewhere.example>", "250");
    smtp(line, "RCPT TO:<" + keeper.user() + ">", "250");
    smtp(line, "RCPT TO:<" + taker.user() + ">", "250");
    smtp(line, "DATA", "354");
    line.send(Texts.of(name));
  }

  /** Says something, if it is not null, and reads a reply, of which the last line is given. */
  private static String smtp(Octets line, String said, String expected) throws IOException {
    if (said != null) {
      line.send(said + "\r\n");
    }
    String reply = line.line();
    while (reply.length() > 3 && reply.charAt(3) == '-') {
      reply = line.line();
    }
    expect(reply.startsWith(expected), said + " -> " + reply);
    return reply;
  }

  private static void expect(boolean truth, String otherwise) {
    if (!truth) {
      throw new AssertionError(otherwise);
    }
  }

  // ---- POP3

  /** Takes a few messages away, again and again, until a connection breaks. */
  public void takeAway() {
    try {
      while (true) {
        try (Octets line = pop3()) {
          List<String> marked = new ArrayList<>();
          int count = ids(line).size();
          for (int number = 1; number <= Math.min(count, 5); number++) {
            ok(line, "RETR " + number);
            marked.add(Texts.checked(text(line)));
            ok(line, "DELE " + number);
          }
          perhapsTaken.addAll(marked);
          ok(line, "QUIT");
          taken.addAll(marked);
          acknowledged.run();
        }
      }
    } catch (IOException e) {
      // Killed.
    }
  }

  private Octets pop3() throws IOException {
    Octets line = new Octets(taker.host(), taker.pop3Port());
    try {
      line.line();
      ok(line, "USER " + taker.user());
      ok(line, "PASS " + taker.password());
      return line;
    } catch (IOException | AssertionError e) {
      line.close();
      throw e;
    }
  }

  private static void ok(Octets line, String command) throws IOException {
    line.send(command + "\r\n");
    String reply = line.line();
    expect(reply.startsWith("+OK"), command.replaceAll("PASS .*", "PASS") + " -> " + reply);
  }

  private static String text(Octets line) throws IOException {
    StringBuilder text = new StringBuilder();
    for (String read = line.line(); !read.equals("."); read = line.line()) {
      text.append(read.startsWith(".") ? read.substring(1) : read).append("\r\n");
    }
    return text.toString();
  }

  /** The unique ids in the maildrop, by message number. */
  private static List<String> ids(Octets line) throws IOException {
    ok(line, "UIDL");
    return text(line).lines().map(listed -> listed.split(" ", -1)[1]).toList();
  }

  // ---- what is left

  /** Looks at both INBOXes after a restart. Nothing is under way. */
  public void check() throws IOException {
    checkKeeper();
    checkTaker();
  }

  private void checkKeeper() throws IOException {
    try (ImapClient client =
        new ImapClient(
            keeper.host(), keeper.imapPort(), keeper.user(), keeper.password(), "keeper")) {
      Map<String, String> status = client.status("INBOX");
      expect(
          uidValidity.isEmpty() || uidValidity.equals(status.get("UIDVALIDITY")),
          "UIDVALIDITY was " + uidValidity + " and is " + status);
      uidValidity = status.get("UIDVALIDITY");
      long modseq = Long.parseLong(status.get("HIGHESTMODSEQ"));
      expect(modseq >= highestModseq, "HIGHESTMODSEQ fell from " + highestModseq + " to " + modseq);
      highestModseq = modseq;
      long highestBefore = uids.values().stream().mapToLong(Long::longValue).max().orElse(0);
      client.select("INBOX");
      Map<String, Long> found = new TreeMap<>();
      if (!client.messages.isEmpty()) {
        client
            .texts("1:*")
            .forEach((uid, text) -> {
              String name = Texts.checked(text);
              expect(found.put(name, uid) == null, name + " is there twice");
              Long before = uids.get(name);
              expect(
                  before == null ? uid > highestBefore : before.equals(uid),
                  name + " had UID " + before + " and has " + uid + ", after " + highestBefore);
            });
      }
      expect(found.keySet().containsAll(kept), "lost: " + without(kept, found.keySet()));
      uids.putAll(found);
      kept.addAll(found.keySet());
      expect(
          Long.parseLong(status.get("UIDNEXT")) > highestBefore,
          status + " after UID " + highestBefore);
    }
  }

  private void checkTaker() throws IOException {
    try (Octets line = pop3()) {
      List<String> ids = ids(line);
      Map<String, String> found = new TreeMap<>();
      for (int number = 1; number <= ids.size(); number++) {
        ok(line, "RETR " + number);
        String name = Texts.checked(text(line));
        String id = ids.get(number - 1);
        expect(found.put(name, id) == null, name + " is there twice");
        String before = uniqueIds.putIfAbsent(name, id);
        expect(before == null || before.equals(id), name + " was " + before + ", is " + id);
      }
      expect(
          uniqueIds.values().stream().distinct().count() == uniqueIds.size(),
          "a unique id was used twice: " + uniqueIds);
      Set<String> lost = without(given, found.keySet());
      lost.removeAll(perhapsTaken);
      expect(lost.isEmpty(), "lost: " + lost);
      Set<String> back =
          taken.stream().filter(found::containsKey).collect(Collectors.toUnmodifiableSet());
      expect(back.isEmpty(), "taken away and back again: " + back);
      // Whether the last removal was done is known now.
      given.addAll(found.keySet());
      perhapsTaken.removeAll(found.keySet());
      taken.addAll(perhapsTaken);
      ok(line, "QUIT");
    }
  }

  private static Set<String> without(Set<String> all, Set<String> some) {
    Set<String> rest = new java.util.TreeSet<>(all);
    rest.removeAll(some);
    return rest;
  }
}
