package hikyaku.systemtests.chaos;

import hikyaku.systemtests.stress.Octets;
import hikyaku.systemtests.stress.Reply;
import hikyaku.systemtests.stress.Reply.Quoted;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * An IMAP connection that keeps the list of messages as RFC 9051 has a client keep it, and throws a
 * {@link Finding} when what it is told is not lawful at that moment.
 */
final class Imap implements AutoCloseable {
  /** What the client knows of one message; UID 0 and flags null while it has not been told. */
  static final class Message {
    long uid;
    long modseq;
    Set<String> flags;
  }

  /** A command's end. */
  record Outcome(String status, String text, List<Reply> data) {
    boolean isOk() {
      return status.equals("OK");
    }

    /** The response code of this name, tagged or not, without brackets; empty if there is none. */
    String code(String name) {
      if (text.startsWith("[" + name)) {
        return text.substring(1, text.indexOf(']'));
      }
      for (Reply reply : data) {
        String code = reply.word(2);
        if (code.startsWith("[" + name)) {
          return code.substring(1, code.length() - 1);
        }
      }
      return "";
    }
  }

  /** How it is made. */
  enum Dress {
    PLAIN,
    TLS,
    STARTTLS,
    COMPRESSED
  }

  private final Octets octets;
  private final Dialogue dialogue;
  private final String name;
  private final boolean qresync;
  final List<Message> messages = new ArrayList<>();
  private Book book;
  private Book.Marks marks;
  private String command = "";
  private List<Reply> data = new ArrayList<>();
  private int tags;

  /** What a connection needs of the one who has it. */
  interface Dialogue {
    Times times();

    Journal journal();
  }

  Imap(
      Route route,
      String user,
      String password,
      String name,
      Dialogue dialogue,
      Duration patience,
      Random random)
      throws IOException {
    this.name = name + "@" + route.name();
    this.dialogue = dialogue;
    Dress dress = random.nextInt(3) > 0 ? Dress.PLAIN : Dress.values()[random.nextInt(4)];
    octets = new Octets(route.host(), dress == Dress.TLS ? Route.IMAPS : Route.IMAP, patience);
    try {
      octets.journal(line -> dialogue.journal().write(this.name, line));
      if (dress == Dress.TLS) {
        octets.secure();
      }
      String greeting = octets.line();
      if (greeting.startsWith("* BYE")) {
        throw new Refused(greeting);
      }
      require(greeting.startsWith("* OK"), greeting);
      if (dress == Dress.STARTTLS) {
        ok("STARTTLS");
        octets.secure();
      }
      Outcome login = run("LOGIN " + user + " " + password);
      if (!login.isOk()) {
        throw new Refused(login.text());
      }
      if (dress == Dress.COMPRESSED) {
        ok("COMPRESS DEFLATE");
        octets.compress();
      }
      qresync = random.nextInt(3) == 0;
      ok(qresync ? "ENABLE QRESYNC" : "ENABLE CONDSTORE");
    } catch (IOException | RuntimeException | Error e) {
      octets.close();
      throw e;
    }
  }

  /** The service has refused for now, by a lawful answer. */
  static final class Refused extends IOException {
    private static final long serialVersionUID = 1;

    Refused(String what) {
      super(what);
    }
  }

  String name() {
    return name;
  }

  Book book() {
    return book;
  }

  private void require(boolean truth, String what) {
    Finding.unless(truth, name + ": " + what);
  }

  List<Reply> ok(String what) throws IOException {
    Outcome outcome = run(what);
    done(what, outcome);
    return outcome.data();
  }

  private void done(String what, Outcome outcome) throws Refused {
    if (!outcome.isOk() && isTemporary(outcome)) {
      throw new Refused(what + " -> " + outcome.text());
    }
    require(outcome.isOk(), what + " -> " + outcome.status() + " " + outcome.text());
  }

  static boolean isTemporary(Outcome outcome) {
    return outcome.text().startsWith("[UNAVAILABLE]") || outcome.text().startsWith("[INUSE]");
  }

  /** Runs a command; literals in it are non-synchronizing. */
  Outcome run(String what) throws IOException {
    String tag = begin(what);
    octets.send(tag + " " + what + "\r\n");
    return end(tag);
  }

  /** Runs a command that ends in a literal, which is sent when the server wants it. */
  Outcome runWithLiteral(String what, String literal) throws IOException {
    String tag = begin(what);
    octets.send(tag + " " + what + " {" + literal.length() + "}\r\n");
    while (true) {
      Reply reply = Reply.read(octets);
      if (reply.word(0).startsWith("+")) {
        break;
      }
      if (reply.word(0).equals(tag)) {
        return outcome(reply);
      }
      untagged(reply);
    }
    octets.send(literal + "\r\n");
    return end(tag);
  }

  private String begin(String what) {
    command = what;
    data = new ArrayList<>();
    return "c" + ++tags;
  }

  private Outcome end(String tag) throws IOException {
    while (true) {
      Reply reply = Reply.read(octets);
      if (reply.word(0).equals(tag)) {
        command = "";
        return outcome(reply);
      }
      untagged(reply);
    }
  }

  private Outcome outcome(Reply reply) {
    List<Object> text = reply.items().subList(2, reply.items().size());
    StringBuilder words = new StringBuilder();
    text.forEach(word -> words.append(words.isEmpty() ? "" : " ").append(word));
    return new Outcome(reply.word(1), words.toString(), data);
  }

  /** Waits in IDLE, and takes what comes. */
  void idle(Duration time) throws IOException {
    String tag = begin("IDLE");
    octets.send(tag + " IDLE\r\n");
    String line = octets.line();
    while (!line.startsWith("+")) {
      require(line.startsWith("* "), "no continuation: " + line);
      untagged(simple(line));
      line = octets.line();
    }
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    octets.send("DONE\r\n");
    Outcome outcome = end(tag);
    require(outcome.isOk(), "IDLE -> " + outcome.text());
  }

  private static Reply simple(String line) {
    return new Reply(List.of((Object[]) line.split(" ", -1)));
  }

  private void untagged(Reply reply) throws IOException {
    require(reply.word(0).equals("*"), "neither untagged nor an answer: " + reply);
    if (reply.word(1).equals("BYE")) {
      if (!command.equals("LOGOUT")) {
        throw new Refused(reply.toString());
      }
      return;
    }
    switch (reply.word(2)) {
      case "EXISTS" -> {
        int count = Integer.parseInt(reply.word(1));
        require(count >= messages.size(), count + " EXISTS after " + messages.size());
        while (messages.size() < count) {
          messages.add(new Message());
        }
      }
      case "EXPUNGE" -> {
        require(!qresync, "EXPUNGE after ENABLE QRESYNC");
        require(mayExpunge(), "EXPUNGE in the middle of " + command);
        int number = Integer.parseInt(reply.word(1));
        require(
            number >= 1 && number <= messages.size(), number + " EXPUNGE of " + messages.size());
        messages.remove(number - 1);
      }
      case "FETCH" -> {
        fetched(Integer.parseInt(reply.word(1)), (List<?>) reply.items().get(3));
        data.add(reply);
      }
      default -> {
        if (reply.word(1).equals("VANISHED")) {
          vanished(reply);
        }
        data.add(reply);
      }
    }
  }

  /** RFC 9051 §7.5.1. */
  private boolean mayExpunge() {
    return !(command.isEmpty()
        || command.startsWith("FETCH")
        || command.startsWith("STORE")
        || command.startsWith("SEARCH"));
  }

  private void vanished(Reply reply) {
    require(qresync, "VANISHED without QRESYNC: " + reply);
    boolean earlier = reply.items().get(2) instanceof List<?>;
    require(earlier || mayExpunge(), "VANISHED in the middle of " + command);
    if (!earlier) {
      for (long uid : uids(reply.word(2))) {
        vanished.add(uid);
        if (!messages.removeIf(message -> message.uid == uid)) {
          forgetOne(uid);
        }
      }
    }
  }

  /** A message whose UID was never told is gone: one of those between its neighbours. */
  private void forgetOne(long uid) {
    int place = 0;
    for (int i = 0; i < messages.size(); i++) {
      if (messages.get(i).uid != 0 && messages.get(i).uid < uid) {
        place = i + 1;
      }
    }
    require(
        place < messages.size() && messages.get(place).uid == 0,
        "VANISHED of UID " + uid + ", which is not in view");
    messages.remove(place);
  }

  private void fetched(int number, List<?> pairs) {
    require(number >= 1 && number <= messages.size(), "FETCH of " + number);
    Message message = messages.get(number - 1);
    if (Reply.after(pairs, "UID") instanceof String uid) {
      long told = Long.parseLong(uid);
      require(
          message.uid == 0 || message.uid == told, number + " was " + message.uid + ", is " + told);
      if (message.uid == 0) {
        message.uid = told;
        require(
            number == 1 || messages.get(number - 2).uid < told, "UIDs do not rise at " + number);
        require(
            number == messages.size()
                || messages.get(number).uid == 0
                || messages.get(number).uid > told,
            "UIDs do not rise behind " + number);
      }
    }
    if (Reply.after(pairs, "FLAGS") instanceof List<?> flags) {
      message.flags = new HashSet<>();
      flags.forEach(flag -> message.flags.add(String.valueOf(flag)));
      message.flags.remove("\\Recent");
    }
    if (Reply.after(pairs, "MODSEQ") instanceof List<?> modseq) {
      long told = Long.parseLong((String) modseq.getFirst());
      require(told >= message.modseq, "MODSEQ of " + number + " fell to " + told);
      message.modseq = told;
    }
  }

  /** Leaves the selected mailbox without expunging anything. */
  void unselect() throws IOException {
    if (book != null) {
      ok("UNSELECT");
      book = null;
      messages.clear();
    }
  }

  /** What is remembered of a mailbox to resynchronize with (RFC 7162). */
  record Memory(Book book, long uidValidity, long highestModseq, Map<Long, Set<String>> flags) {}

  private long uidValidity;
  private long highestModseq;

  /** UIDs that vanished since the mailbox was selected. */
  private final Set<Long> vanished = new HashSet<>();

  /**
   * Selects, and learns every UID with its flags. Whoever has a memory of the mailbox is told what
   * changed, and that is compared with what is there.
   */
  void select(Book wanted, Memory memory) throws IOException {
    messages.clear();
    vanished.clear();
    book = wanted;
    marks = wanted.marks();
    boolean resync = qresync && memory != null && memory.book == wanted;
    String how =
        resync
            ? "(QRESYNC (" + memory.uidValidity + " " + memory.highestModseq + "))"
            : "(CONDSTORE)";
    String short_ = wanted.name().substring(wanted.name().indexOf('/') + 1);
    List<Reply> told = ok("SELECT " + short_ + " " + how);
    codes(told);
    if (resync) {
      Map<Long, Set<String>> remembered = new HashMap<>(memory.flags);
      for (Reply reply : told) {
        if (reply.word(1).equals("VANISHED")) {
          uids(reply.word(3)).forEach(remembered::remove);
        }
      }
      for (Message message : messages) {
        if (message.uid != 0 && message.flags != null) {
          remembered.put(message.uid, message.flags);
        }
      }
      learn();
      for (Message message : messages) {
        Set<String> expected = remembered.remove(message.uid);
        // FETCH may tell of a change that came behind SELECT; then its MODSEQ says so.
        require(
            message.modseq > highestModseq || (expected != null && expected.equals(message.flags)),
            "after QRESYNC UID "
                + message.uid
                + " is taken for "
                + expected
                + " and is "
                + message.flags
                + " of MODSEQ "
                + message.modseq);
      }
      remembered.keySet().removeAll(vanished);
      require(remembered.isEmpty(), "QRESYNC did not tell of vanished " + remembered);
    } else {
      learn();
    }
  }

  private void codes(List<Reply> told) {
    for (Reply reply : told) {
      String code = reply.word(2);
      if (code.startsWith("[HIGHESTMODSEQ ")) {
        highestModseq = Long.parseLong(code.substring(15, code.length() - 1));
        book.highestModseq(highestModseq, marks, name);
      } else if (code.startsWith("[UIDNEXT ")) {
        book.uidNext(Long.parseLong(code.substring(9, code.length() - 1)), marks, name);
      } else if (code.startsWith("[UIDVALIDITY ")) {
        uidValidity = Long.parseLong(code.substring(13, code.length() - 1));
        book.uidValidity(uidValidity);
      }
    }
  }

  /** What to resynchronize from later; null if some flags are not known. */
  Memory memory() {
    if (book == null) {
      return null;
    }
    Map<Long, Set<String>> flags = new HashMap<>();
    for (Message message : messages) {
      // What came or changed behind the SELECT will be told again, so it may be left out or in.
      if (message.uid == 0 || message.flags == null) {
        return null;
      }
      flags.put(message.uid, message.flags);
    }
    return new Memory(book, uidValidity, highestModseq, flags);
  }

  /**
   * Asks for the UIDs and flags of messages of which they are not known. Some may come while the
   * answer does, and some may be gone, which FETCH may not tell and says that it does not.
   */
  void learn() throws IOException {
    for (int first = unknown(); first < messages.size(); first = unknown()) {
      String fetch = "FETCH " + (first + 1) + ":* (UID FLAGS MODSEQ)";
      Outcome outcome = run(fetch);
      done(fetch, outcome);
      if (outcome.text().startsWith("[EXPUNGEISSUED]")) {
        ok("NOOP");
      } else {
        require(unknown() > first, "FETCH did not tell of " + (first + 1));
      }
    }
  }

  private int unknown() {
    int first = 0;
    while (first < messages.size()
        && messages.get(first).uid != 0
        && messages.get(first).flags != null) {
      first++;
    }
    return first;
  }

  /** What was asked for of each message by UID, as text. */
  Map<Long, String> texts(String uids, String item) throws IOException {
    Map<Long, String> texts = new HashMap<>();
    for (Reply reply : ok("UID FETCH " + uids + " (UID RFC822.SIZE BODY.PEEK" + item + ")")) {
      if (reply.word(2).equals("FETCH")) {
        List<?> pairs = (List<?>) reply.items().get(3);
        if (Reply.after(pairs, "BODY" + item) instanceof Quoted text) {
          long uid = Long.parseLong((String) Reply.after(pairs, "UID"));
          int size = Integer.parseInt((String) Reply.after(pairs, "RFC822.SIZE"));
          require(
              !item.equals("[]") || size == text.value().length(),
              "UID " + uid + " has " + text.value().length() + " octets, not " + size);
          texts.put(uid, text.value());
        }
      }
    }
    return texts;
  }

  /** The UIDs of a uid-set, in order. */
  static List<Long> uids(String set) {
    List<Long> uids = new ArrayList<>();
    for (String range : set.split(",", -1)) {
      String[] ends = range.split(":", -1);
      for (long uid = Long.parseLong(ends[0]);
          uid <= Long.parseLong(ends[ends.length - 1]);
          uid++) {
        uids.add(uid);
      }
    }
    return uids;
  }

  @Override
  public void close() throws IOException {
    octets.close();
  }
}
