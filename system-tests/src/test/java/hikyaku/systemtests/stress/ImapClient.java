package hikyaku.systemtests.stress;

import hikyaku.systemtests.stress.Reply.Quoted;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * An IMAP client that believes what it is told and nothing else, and throws when what it is told
 * cannot be. It keeps the list of messages of the selected mailbox as RFC 9051 has a client keep
 * it.
 */
final class ImapClient implements AutoCloseable {
  /** What the client knows of one message; UID 0 while it has not been told. */
  static final class Message {
    long uid;
    long modseq;
    List<String> flags;
  }

  private final Octets connection;
  private final String name;
  final List<Message> messages = new ArrayList<>();
  private int tags;
  private final Map<String, Long> highestModseqs = new HashMap<>();

  /** Untagged data of the command under way, beside what changes the list of messages. */
  private List<Reply> data = List.of();

  String okText = "";

  ImapClient(String host, int port, String user, String password, String name) throws IOException {
    this(new Octets(host, port), user, password, name);
  }

  ImapClient(Octets connection, String user, String password, String name) throws IOException {
    this.name = name;
    this.connection = connection;
    check(connection.line().startsWith("* OK"), "greeting");
    ok("LOGIN " + user + " " + password);
  }

  private void check(boolean truth, String what) {
    if (!truth) {
      throw new AssertionError(name + ": " + what);
    }
  }

  List<Reply> ok(String command) throws IOException {
    String status = run(command, null);
    check(status.equals("OK"), command + " -> " + status + " " + okText);
    return data;
  }

  /** Runs a command with an optional literal in its place at the end. */
  String run(String command, String literal) throws IOException {
    String tag = "c" + ++tags;
    if (literal == null) {
      connection.send(tag + " " + command + "\r\n");
    } else {
      connection.send(tag + " " + command + " {" + literal.length() + "}\r\n");
      while (true) {
        String line = connection.line();
        if (line.startsWith("+")) {
          break;
        }
        check(line.startsWith("* "), "no continuation: " + line);
        check(!line.startsWith("* BYE"), line);
        untagged(parse(line), command);
      }
      connection.send(literal + "\r\n");
    }
    data = new ArrayList<>();
    while (true) {
      Reply reply = Reply.read(connection);
      if (reply.word(0).equals(tag)) {
        okText = reply.items().subList(2, reply.items().size()).toString();
        return reply.word(1);
      }
      check(reply.word(0).equals("*"), "neither untagged nor mine: " + reply);
      untagged(reply, command);
    }
  }

  private static Reply parse(String line) {
    return new Reply(List.of((Object[]) line.split(" ", -1)));
  }

  private void untagged(Reply reply, String command) {
    check(!reply.word(1).equals("BYE"), "BYE in " + command + ": " + reply);
    switch (reply.word(2)) {
      case "EXISTS" -> {
        int count = Integer.parseInt(reply.word(1));
        check(count >= messages.size(), count + " EXISTS after " + messages.size());
        while (messages.size() < count) {
          messages.add(new Message());
        }
      }
      case "EXPUNGE" -> {
        check(mayExpunge(command), "EXPUNGE in the middle of " + command);
        int number = Integer.parseInt(reply.word(1));
        check(number >= 1 && number <= messages.size(), number + " EXPUNGE of " + messages.size());
        messages.remove(number - 1);
      }
      case "FETCH" -> {
        fetched(Integer.parseInt(reply.word(1)), (List<?>) reply.items().get(3));
        data.add(reply);
      }
      default -> data.add(reply);
    }
  }

  /** RFC 9051 §7.5.1. */
  private static boolean mayExpunge(String command) {
    return !(command.startsWith("FETCH")
        || command.startsWith("STORE")
        || command.startsWith("SEARCH"));
  }

  private void fetched(int number, List<?> pairs) {
    check(number >= 1 && number <= messages.size(), "FETCH of " + number);
    Message message = messages.get(number - 1);
    if (Reply.after(pairs, "UID") instanceof String uid) {
      long told = Long.parseLong(uid);
      check(
          message.uid == 0 || message.uid == told, number + " was " + message.uid + " now " + told);
      message.uid = told;
      if (number > 1) {
        check(messages.get(number - 2).uid < told, "UIDs do not rise at " + number);
      }
    }
    if (Reply.after(pairs, "FLAGS") instanceof List<?> flags) {
      message.flags = flags.stream().map(String::valueOf).toList();
    }
    if (Reply.after(pairs, "MODSEQ") instanceof List<?> modseq) {
      long told = Long.parseLong((String) modseq.getFirst());
      check(told >= message.modseq, "MODSEQ of " + number + " fell to " + told);
      message.modseq = told;
    }
  }

  /** Selects, with CONDSTORE, and learns every UID. */
  void select(String mailbox) throws IOException {
    messages.clear();
    List<Reply> told = ok("SELECT " + mailbox + " (CONDSTORE)");
    for (Reply reply : told) {
      String code = reply.word(2);
      if (code.startsWith("[HIGHESTMODSEQ ")) {
        long now = Long.parseLong(code.substring(15, code.length() - 1));
        Long before = highestModseqs.put(mailbox, now);
        check(before == null || now >= before, "HIGHESTMODSEQ fell from " + before + " to " + now);
      }
    }
    learn();
  }

  /** Asks for the UIDs and flags of messages that are not known yet. */
  void learn() throws IOException {
    int first = 1;
    while (first <= messages.size() && messages.get(first - 1).uid != 0) {
      first++;
    }
    if (first <= messages.size()) {
      fetch(first + ":*", "(UID FLAGS MODSEQ)");
    }
  }

  /** FETCH by number. */
  void fetch(String numbers, String items) throws IOException {
    ok("FETCH " + numbers + " " + items);
  }

  /** The texts of messages by UID. */
  Map<Long, String> texts(String uids) throws IOException {
    Map<Long, String> texts = new HashMap<>();
    for (Reply reply : ok("UID FETCH " + uids + " (UID RFC822.SIZE BODY.PEEK[])")) {
      if (reply.word(2).equals("FETCH")) {
        List<?> pairs = (List<?>) reply.items().get(3);
        long uid = Long.parseLong((String) Reply.after(pairs, "UID"));
        if (Reply.after(pairs, "BODY[]") instanceof Quoted text) {
          int size = Integer.parseInt((String) Reply.after(pairs, "RFC822.SIZE"));
          check(size == text.value().length(), "size of " + uid);
          texts.put(uid, text.value());
        }
      }
    }
    return texts;
  }

  /** UIDVALIDITY, UIDNEXT and HIGHESTMODSEQ of a mailbox. */
  Map<String, String> status(String mailbox) throws IOException {
    Map<String, String> status = new HashMap<>();
    for (Reply reply : ok("STATUS " + mailbox + " (UIDVALIDITY UIDNEXT HIGHESTMODSEQ)")) {
      if (reply.word(1).equals("STATUS")) {
        List<?> pairs = (List<?>) reply.items().get(3);
        for (int i = 0; i + 1 < pairs.size(); i += 2) {
          status.put((String) pairs.get(i), (String) pairs.get(i + 1));
        }
      }
    }
    return status;
  }

  /** The numbers after SEARCH, or none. */
  List<Long> search(String criteria) throws IOException {
    for (Reply reply : ok("UID SEARCH " + criteria)) {
      if (reply.word(1).equals("SEARCH")) {
        return reply.items().stream()
            .skip(2)
            .filter(item -> item instanceof String)
            .map(item -> Long.parseLong((String) item))
            .toList();
      }
    }
    throw new AssertionError(name + ": no SEARCH response");
  }

  /** The response code in the last OK, without brackets, or an empty string. */
  String code() {
    int from = okText.indexOf('[', 1);
    int to = okText.indexOf(']', from);
    return from < 0 ? "" : okText.substring(from + 1, to);
  }

  /** The COPYUID of the last command, tagged or not. */
  String copyUid() {
    for (Reply reply : data) {
      String code = reply.word(2);
      if (code.startsWith("[COPYUID ")) {
        return code.substring(1, code.length() - 1);
      }
    }
    return code();
  }

  @Override
  public void close() throws IOException {
    connection.close();
  }
}
