package hikyaku.systemtests.chaos;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * One client with several IMAP connections, through the front and to different nodes, that it uses
 * in turn; so what it was told on one must be so on the next.
 */
final class Reader implements Imap.Dialogue, Runnable {
  private static final int CONNECTIONS = 3;

  /** Above it more is removed than comes. */
  private static final int CROWDED = 120;

  private static final List<String> SHARED_FLAGS = List.of("\\Seen", "\\Flagged");

  /** A place for a connection. */
  private static final class Slot {
    private final Route fixed;
    private Imap imap;

    /** What a saved search holds, of the mailbox that is selected. */
    private Set<Long> saved;

    Slot(Route fixed) {
      this.fixed = fixed;
    }
  }

  private final Crew crew;
  private final Crew.Account account;
  private final String name;
  private final String keyword;
  private final Random random;
  private final List<Slot> slots = new ArrayList<>();
  private final Map<Book, Imap.Memory> memories = new HashMap<>();

  Reader(Crew crew, int number) {
    this.crew = crew;
    this.name = "reader" + number;
    this.keyword = "own" + number;
    this.account = crew.accounts().get(number % crew.accounts().size());
    this.random = crew.random(name);
    slots.add(new Slot(crew.routes().front()));
    for (int i = 1; i < CONNECTIONS; i++) {
      // The others go to any node, another one each time.
      slots.add(new Slot(null));
    }
  }

  @Override
  public Times times() {
    return crew.times();
  }

  @Override
  public Journal journal() {
    return crew.journal(name);
  }

  private long now() {
    return crew.times().now();
  }

  @Override
  public void run() {
    try {
      while (crew.works()) {
        turn(slots.get(random.nextInt(slots.size())));
      }
    } catch (Throwable e) {
      crew.found(name, e);
    } finally {
      for (Slot slot : slots) {
        end(slot);
      }
    }
  }

  private void turn(Slot slot) throws InterruptedException {
    Route route = slot.fixed == null ? crew.routes().node(random) : slot.fixed;
    try {
      if (slot.imap == null) {
        Duration patience =
            route.front() ? Crew.FRONT_PATIENCE : Duration.ofSeconds(2 + random.nextInt(40));
        slot.imap =
            new Imap(route, account.address(), account.password(), name, this, patience, random);
        slot.saved = null;
        select(slot);
      }
      for (int i = 0; i < 5 && crew.works(); i++) {
        long began = System.nanoTime();
        boolean idled = act(slot);
        if (slot.fixed == null) {
          crew.commands.increment();
        } else if (!idled) {
          crew.answered(System.nanoTime() - began);
        }
      }
      if (random.nextInt(40) == 0) {
        slot.imap.run("LOGOUT");
        end(slot);
      }
    } catch (Imap.Refused e) {
      Finding.unless(slot.fixed == null, "refused by the front: " + e.getMessage());
      crew.refused(name, e.getMessage());
      end(slot);
      Thread.sleep(100 + random.nextInt(400));
    } catch (IOException e) {
      if (slot.fixed != null) {
        throw new Finding("a connection through the front ended", e);
      }
      crew.lost(name, e);
      end(slot);
      Thread.sleep(random.nextInt(300));
    }
  }

  private static void end(Slot slot) {
    if (slot.imap != null) {
      try {
        slot.imap.close();
      } catch (IOException e) {
        // It is given up in any case.
      }
      slot.imap = null;
    }
  }

  /** Does something; tells whether it was to wait. */
  private boolean act(Slot slot) throws IOException {
    Imap imap = slot.imap;
    boolean crowded = imap.messages.size() > CROWDED;
    switch (random.nextInt(20)) {
      case 0, 1, 2 -> {
        if (crowded) {
          remove(imap);
        } else {
          append(imap);
        }
      }
      case 3, 4, 5 -> store(imap);
      case 6 -> storeIfUnchanged(imap);
      case 7 -> transfer(imap, false);
      case 8 -> transfer(imap, true);
      case 9, 10 -> remove(imap);
      case 11, 12 -> look(imap);
      case 13, 14 -> read(imap);
      case 15 -> search(slot);
      case 16 -> checkSaved(slot);
      case 17 -> status(imap);
      case 18 -> select(slot);
      default -> {
        imap.idle(Duration.ofMillis(random.nextInt(1500)));
        imap.learn();
        return true;
      }
    }
    return false;
  }

  private static String who(Imap imap) {
    return imap.name();
  }

  private static String shortName(Book book) {
    return book.name().substring(book.name().indexOf('/') + 1);
  }

  private Book any() {
    return account.books().get(random.nextInt(account.books().size()));
  }

  // ---- looking

  private void select(Slot slot) throws IOException {
    Imap imap = slot.imap;
    Imap.Memory left = imap.memory();
    if (left != null) {
      memories.put(left.book(), left);
    }
    Book book = any();
    slot.saved = null;
    long began = now();
    imap.select(book, memories.get(book));
    judge(imap, began);
  }

  private void look(Imap imap) throws IOException {
    long began = now();
    imap.ok("NOOP");
    imap.learn();
    judge(imap, began);
  }

  private void judge(Imap imap, long began) throws IOException {
    judge(crew, imap, began);
  }

  /** The list of messages is what it must be to whoever began to look then. */
  static void judge(Crew crew, Imap imap, long began) throws IOException {
    Book book = imap.book();
    long ended = crew.times().now();
    crew.looks.increment();
    List<Long> uids = new ArrayList<>();
    Set<Long> unknown = new TreeSet<>();
    for (Imap.Message message : imap.messages) {
      uids.add(message.uid);
      Book.Item item = book.item(message.uid);
      if (message.flags.contains("\\Deleted")) {
        item.mayGo(began);
      } else {
        item.visible(ended);
      }
      if (message.modseq > 0) {
        item.modseq(message.modseq, began, ended, who(imap));
      }
      for (Map.Entry<String, Register> flag : item.flags().entrySet()) {
        boolean set = message.flags.contains(flag.getKey());
        Finding.unless(
            flag.getValue().mayBe(set, began, ended),
            who(imap)
                + ": a look from "
                + Times.shown(began)
                + " to "
                + Times.shown(ended)
                + " finds "
                + flag.getKey()
                + (set ? " set" : " not set")
                + " in "
                + book.name()
                + ": "
                + item);
      }
      if (item.token() == 0) {
        unknown.add(message.uid);
      }
    }
    book.look(uids, began, who(imap));
    if (!unknown.isEmpty()) {
      imap.texts(set(unknown), "[HEADER.FIELDS (X-Number)]")
          .forEach((uid, text) -> {
            book.is(uid, Token.of(text), who(imap));
            unknown.remove(uid);
          });
    }
    if (unknown.isEmpty()) {
      book.lookKnowing(began, who(imap));
    }
  }

  private static String set(Set<Long> uids) {
    return uids.stream().map(String::valueOf).collect(Collectors.joining(","));
  }

  private void read(Imap imap) throws IOException {
    Imap.Message message = any(imap);
    if (message != null) {
      String uids = message.uid + ":" + (message.uid + random.nextInt(6));
      imap.texts(uids, "[]")
          .forEach((uid, text) -> imap.book().is(uid, Token.checked(text), who(imap)));
    }
  }

  private void status(Imap imap) throws IOException {
    Book book = any();
    Book.Marks marks = book.marks();
    for (var reply :
        imap.ok("STATUS " + shortName(book) + " (UIDVALIDITY UIDNEXT HIGHESTMODSEQ)")) {
      if (reply.word(1).equals("STATUS") && reply.items().get(3) instanceof List<?> pairs) {
        for (int i = 0; i + 1 < pairs.size(); i += 2) {
          long value = Long.parseLong((String) pairs.get(i + 1));
          switch ((String) pairs.get(i)) {
            case "UIDVALIDITY" -> book.uidValidity(value);
            case "UIDNEXT" -> book.uidNext(value, marks, who(imap));
            case "HIGHESTMODSEQ" -> book.highestModseq(value, marks, who(imap));
            default -> throw new Finding(who(imap) + ": " + reply);
          }
        }
      }
    }
  }

  /** Saves what is found (RFC 5182), so that it can be asked for later, wherever the session is. */
  private void search(Slot slot) throws IOException {
    Imap imap = slot.imap;
    long began = now();
    imap.ok("NOOP");
    imap.learn();
    Set<Long> found = new TreeSet<>();
    for (var reply : imap.ok("UID SEARCH RETURN (SAVE ALL) KEYWORD " + keyword)) {
      if (reply.word(1).equals("ESEARCH")) {
        for (int i = 2; i + 1 < reply.items().size(); i++) {
          if (reply.word(i).equals("ALL")) {
            found.addAll(Imap.uids(reply.word(i + 1)));
          }
        }
      }
    }
    long ended = now();
    for (Imap.Message message : imap.messages) {
      Book.Item item = message.uid == 0 ? null : imap.book().known(message.uid);
      if (item != null && !item.mayGoBefore(ended)) {
        Finding.unless(
            item.flag(keyword).mayBe(found.contains(message.uid), began, ended),
            who(imap)
                + ": a search from "
                + Times.shown(began)
                + (found.contains(message.uid) ? " finds " : " does not find ")
                + item);
      }
    }
    slot.saved = found;
  }

  private void checkSaved(Slot slot) throws IOException {
    if (slot.saved == null) {
      return;
    }
    Imap imap = slot.imap;
    Set<Long> told = new HashSet<>();
    for (var reply : imap.ok("UID FETCH $ (UID)")) {
      if (reply.word(2).equals("FETCH") && reply.items().get(3) instanceof List<?> pairs) {
        if (pairs.size() == 2) {
          told.add(Long.parseLong((String) hikyaku.systemtests.stress.Reply.after(pairs, "UID")));
        }
      }
    }
    Set<Long> more = new TreeSet<>(told);
    more.removeAll(slot.saved);
    Finding.unless(more.isEmpty(), who(imap) + ": a saved search grew by " + more);
    for (long uid : slot.saved) {
      Book.Item item = imap.book().item(uid);
      Finding.unless(
          told.contains(uid) || item.mayGoBefore(now()),
          who(imap) + ": a saved search has lost " + item);
    }
  }

  // ---- writing

  private Imap.Message any(Imap imap) {
    List<Imap.Message> known =
        imap.messages.stream()
            .filter(message -> message.uid != 0 && imap.book().item(message.uid).token() != 0)
            .toList();
    return known.isEmpty() ? null : known.get(random.nextInt(known.size()));
  }

  private String flag() {
    return random.nextBoolean() ? keyword : SHARED_FLAGS.get(random.nextInt(SHARED_FLAGS.size()));
  }

  private static boolean isDone(Imap.Outcome outcome, String what) throws Imap.Refused {
    if (!outcome.isOk() && Imap.isTemporary(outcome)) {
      throw new Imap.Refused(what + " -> " + outcome.text());
    }
    return outcome.isOk();
  }

  private void append(Imap imap) throws IOException {
    Book book = any();
    int count = random.nextInt(4) == 0 ? 2 + random.nextInt(2) : 1;
    List<Integer> tokens = new ArrayList<>();
    List<Set<String>> flags = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      tokens.add(crew.token());
      flags.add(random.nextBoolean() ? Set.of() : Set.of(flag()));
    }
    Book.Marks marks = book.marks();
    long began = now();
    tokens.forEach(token -> book.perhaps(token, who(imap), began));
    StringBuilder command = new StringBuilder("APPEND " + shortName(book));
    Imap.Outcome outcome;
    if (count == 1 && random.nextBoolean()) {
      command.append(" (").append(String.join(" ", flags.getFirst())).append(')');
      outcome = imap.runWithLiteral(command.toString(), Token.text(tokens.getFirst()));
    } else {
      for (int i = 0; i < count; i++) {
        String text = Token.text(tokens.get(i));
        command.append(" (%s) {%d+}\r\n".formatted(String.join(" ", flags.get(i)), text.length()));
        command.append(text);
      }
      outcome = imap.run(command.toString());
    }
    Finding.unless(isDone(outcome, "APPEND"), who(imap) + ": APPEND -> " + outcome.text());
    String[] code = outcome.code("APPENDUID").split(" ", -1);
    Finding.unless(code.length == 3, who(imap) + ": no APPENDUID in " + outcome.text());
    book.uidValidity(Long.parseLong(code[1]));
    List<Long> uids = Imap.uids(code[2]);
    Finding.unless(uids.size() == count, who(imap) + ": " + code[2] + " for " + count);
    long ended = now();
    for (int i = 0; i < count; i++) {
      book.notPerhaps(tokens.get(i));
      Book.Item item =
          book.named(uids.get(i), tokens.get(i), marks, who(imap) + " APPEND", began, ended);
      for (String flag : flags.get(i)) {
        item.flag(flag).begin(true, began, who(imap) + " APPEND").acknowledge(ended);
      }
    }
  }

  private void store(Imap imap) throws IOException {
    Imap.Message message = any(imap);
    if (message == null) {
      return;
    }
    String flag = flag();
    boolean set = random.nextInt(3) > 0;
    boolean silent = random.nextInt(3) == 0;
    Book.Item item = imap.book().item(message.uid);
    Register.Write write = item.flag(flag).begin(set, now(), who(imap));
    if (silent) {
      message.flags = null;
    }
    String command =
        "UID STORE "
            + message.uid
            + (set ? " +FLAGS" : " -FLAGS")
            + (silent ? ".SILENT (" : " (")
            + flag
            + ")";
    Imap.Outcome outcome = imap.run(command);
    if (isDone(outcome, command)) {
      write.acknowledge(now());
    } else {
      Finding.unless(item.mayGoBefore(now()), who(imap) + ": " + command + " -> " + outcome.text());
    }
    imap.learn();
  }

  private void storeIfUnchanged(Imap imap) throws IOException {
    Imap.Message message = any(imap);
    if (message == null || message.modseq == 0) {
      return;
    }
    Book.Item item = imap.book().item(message.uid);
    Register register = item.flag(keyword);
    Register.Write write = register.begin(true, now(), who(imap));
    String command =
        "UID STORE "
            + message.uid
            + " (UNCHANGEDSINCE "
            + message.modseq
            + ") +FLAGS ("
            + keyword
            + ")";
    Imap.Outcome outcome = imap.run(command);
    if (!outcome.code("MODIFIED").isEmpty()) {
      register.withdraw(write);
      message.flags = null;
    } else if (isDone(outcome, command)) {
      write.acknowledge(now());
    } else {
      Finding.unless(item.mayGoBefore(now()), who(imap) + ": " + command + " -> " + outcome.text());
    }
    imap.learn();
  }

  private void transfer(Imap imap, boolean move) throws IOException {
    Imap.Message message = any(imap);
    Book from = imap.book();
    Book to = any();
    if (message == null || to == from) {
      return;
    }
    Book.Item item = from.item(message.uid);
    long uid = message.uid;
    int token = item.token();
    Book.Marks marks = to.marks();
    long began = now();
    to.perhaps(token, who(imap) + (move ? " MOVE" : " COPY") + " from UID " + uid, began);
    if (move) {
      item.mayGo(began);
      item.tell(began, "MOVE by " + who(imap));
    }
    String command = (move ? "UID MOVE " : "UID COPY ") + uid + " " + shortName(to);
    Imap.Outcome outcome = imap.run(command);
    boolean done = isDone(outcome, command);
    long ended = now();
    String code = outcome.code("COPYUID");
    if (done && !code.isEmpty()) {
      String[] words = code.split(" ", -1);
      Finding.unless(words[2].equals(Long.toString(uid)), who(imap) + ": " + code + " for " + uid);
      to.uidValidity(Long.parseLong(words[1]));
      to.notPerhaps(token);
      String where = who(imap) + (move ? " MOVE" : " COPY") + " of UID " + uid;
      Book.Item copy = to.named(Long.parseLong(words[3]), token, marks, where, began, ended);
      if (!move && item.mayGoBefore(ended)) {
        copy.mayGo(began);
      }
      if (move) {
        if (item.mayGoBefore(began)) {
          copy.mayGo(began);
        }
        item.gone(ended);
      }
    } else {
      Finding.unless(
          item.mayGoBefore(move ? began : ended),
          who(imap) + ": " + command + " -> " + outcome.text() + ", though it is there: " + item);
      to.notPerhaps(token);
    }
  }

  private void remove(Imap imap) throws IOException {
    Imap.Message message = any(imap);
    if (message == null) {
      return;
    }
    Book.Item item = imap.book().item(message.uid);
    long uid = message.uid;
    item.mayGo(now());
    item.tell(now(), "to be removed by " + who(imap));
    message.flags = null;
    String store = "UID STORE " + uid + " +FLAGS.SILENT (\\Deleted)";
    boolean marked = isDone(imap.run(store), store);
    String expunge = random.nextBoolean() ? "UID EXPUNGE " + uid : "EXPUNGE";
    boolean done = isDone(imap.run(expunge), expunge);
    if (marked && done) {
      item.gone(now());
      item.tell(now(), "removed by " + who(imap));
      Finding.unless(
          imap.messages.stream().noneMatch(other -> other.uid == uid),
          who(imap) + ": expunged and still in view: " + item);
    }
    imap.learn();
  }
}
