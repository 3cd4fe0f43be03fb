package hikyaku.systemtests.stress;

import hikyaku.systemtests.stress.Folders.Folder;
import hikyaku.systemtests.stress.Folders.Message;
import hikyaku.systemtests.stress.Reply.Quoted;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * A user who alone changes the folders of an account over IMAP, while the server is killed again
 * and again. What the folders hold is known exactly, but for the one command that was under way.
 */
public final class FolderOwner {
  /** Folders of this user's making; others that the account has are left alone. */
  private static final String PREFIX = "K";

  private static final List<String> FLAGS =
      List.of("\\Seen", "\\Flagged", "\\Answered", "\\Draft", "$Forwarded", "Own");

  private static final int MOST_FOLDERS = 6;
  private static final int MOST_MESSAGES = 40;

  private final Stress.Target target;
  private final String name;
  private final Random random;
  private final Runnable acknowledged;
  private int named;

  /** What there may be: one possibility if no command is under way. */
  private volatile List<Folders> possible = List.of(new Folders(new TreeMap<>()));

  /** The highest MODSEQ told of a message or mailbox, by UIDVALIDITY. */
  private final Map<Long, Long> modseqs = new HashMap<>();

  /**
   * @param acknowledged told of each command that was
   */
  public FolderOwner(Stress.Target target, String name, long seed, Runnable acknowledged) {
    this.target = target;
    this.name = name;
    this.random = new Random(seed);
    this.acknowledged = acknowledged;
  }

  private ImapClient client() throws IOException {
    return client(target, Octets.PATIENCE, line -> {});
  }

  private ImapClient client(Stress.Target at, Duration patience, Consumer<String> journal)
      throws IOException {
    Octets connection = new Octets(at.host(), at.imapPort(), patience);
    connection.journal(journal);
    return new ImapClient(connection, at.user(), at.password(), name);
  }

  /**
   * Changes things for as long as is wanted.
   *
   * @param patience how long an answer may take
   * @param journal told of all that is said
   * @throws IOException if the connection breaks
   */
  public void workWhile(BooleanSupplier wanted, Duration patience, Consumer<String> journal)
      throws IOException {
    try (ImapClient client = client(target, patience, journal)) {
      while (wanted.getAsBoolean()) {
        change(client);
      }
    }
  }

  /** Changes things until the connection breaks. */
  public void work() {
    try (ImapClient client = client()) {
      while (true) {
        change(client);
      }
    } catch (IOException e) {
      // Killed.
    }
  }

  private Folders known() {
    return possible.getFirst();
  }

  private String any(Set<String> names) {
    return List.copyOf(names).get(random.nextInt(names.size()));
  }

  private String fresh(String kind) {
    return kind + name + "-" + named++;
  }

  /** Carries out a command, during which there is more than one possibility. */
  private void run(ImapClient client, String command, Folders... after) throws IOException {
    List<Folders> during = new ArrayList<>(possible);
    during.addAll(List.of(after));
    possible = List.copyOf(during);
    client.ok(command);
  }

  private void done(Folders now) {
    possible = List.of(now);
    acknowledged.run();
  }

  private void change(ImapClient client) throws IOException {
    Set<String> names = known().folders().keySet();
    int choice = random.nextInt(20);
    if (names.size() < 2 || (choice == 0 && names.size() < MOST_FOLDERS)) {
      String made = fresh(PREFIX);
      Folders after = known().with(made, Folder.empty());
      run(client, "CREATE " + made, after);
      done(after);
    } else if (choice == 1) {
      String from = any(names);
      String to = fresh(PREFIX);
      Folders after = known().renamed(from, to);
      run(client, "RENAME " + from + " " + to, after);
      done(after);
    } else if (choice == 2 && names.size() > 2) {
      String deleted = any(names);
      Folders after = known().without(deleted);
      run(client, "DELETE " + deleted, after);
      done(after);
    } else {
      changeMessages(client, any(names));
    }
  }

  private void changeMessages(ImapClient client, String folder) throws IOException {
    client.select(folder);
    for (int i = 0; i < 5; i++) {
      Set<Long> some = some(known().folder(folder).messages().keySet());
      int choice = random.nextInt(8);
      if (some.isEmpty() || choice < 2) {
        append(client, folder);
      } else if (choice < 4) {
        store(client, folder, some);
      } else if (choice == 4) {
        transfer(client, folder, some, false);
      } else if (choice == 5) {
        transfer(client, folder, some, true);
      } else {
        expunge(client, folder, some);
      }
      long highest = client.messages.stream().mapToLong(message -> message.modseq).max().orElse(0);
      modseqs.merge(known().folder(folder).uidValidity(), highest, Math::max);
    }
  }

  private Set<Long> some(Set<Long> uids) {
    int chance = 1 + random.nextInt(5);
    Set<Long> some = new TreeSet<>();
    for (long uid : uids) {
      if (uids.size() > MOST_MESSAGES ? random.nextBoolean() : random.nextInt(5) < chance) {
        some.add(uid);
      }
    }
    return some;
  }

  private static String set(Set<Long> uids) {
    return uids.stream().map(String::valueOf).collect(Collectors.joining(","));
  }

  /** APPEND of up to three messages at once (RFC 3502), without waiting (RFC 7888). */
  private void append(ImapClient client, String folder) throws IOException {
    List<Message> messages = new ArrayList<>();
    StringBuilder command = new StringBuilder("APPEND " + folder);
    for (int i = 0; i <= random.nextInt(3); i++) {
      String flag = FLAGS.get(random.nextInt(FLAGS.size()));
      Message message = new Message(fresh("m"), new TreeSet<>(Set.of(flag)));
      String text = Texts.of(message.name());
      messages.add(message);
      command.append(" (%s) {%d+}\r\n%s".formatted(flag, text.length(), text));
    }
    Folder coming = known().folder(folder).with(messages);
    Folders before = known();
    run(client, command.toString(), before.with(folder, coming));
    String[] code = client.code().split(" ", -1);
    done(before.with(folder, coming.arrived(Long.parseLong(code[1]), Folders.uids(code[2]))));
    client.learn();
  }

  private void store(ImapClient client, String folder, Set<Long> uids) throws IOException {
    store(client, folder, uids, FLAGS.get(random.nextInt(FLAGS.size())), random.nextInt(3) > 0);
  }

  private void store(ImapClient client, String folder, Set<Long> uids, String flag, boolean set)
      throws IOException {
    Folders after = known().with(folder, known().folder(folder).flagged(uids, flag, set));
    String how = set ? " +FLAGS (" : " -FLAGS (";
    run(client, "UID STORE " + set(uids) + how + flag + ")", after);
    done(after);
  }

  /** COPY or MOVE. A move that is cut off may leave a message in both places, and not in none. */
  private void transfer(ImapClient client, String from, Set<Long> uids, boolean move)
      throws IOException {
    Set<String> others = new TreeSet<>(known().folders().keySet());
    others.remove(from);
    String to = any(others);
    Folders before = known();
    Folder source = before.folder(from);
    Folder coming = before.folder(to).with(source.of(uids));
    Folders copied = before.with(to, coming);
    Folder left = move ? source.without(uids) : source;
    run(
        client,
        "UID " + (move ? "MOVE " : "COPY ") + set(uids) + " " + to,
        copied,
        copied.with(from, left));
    String[] code = client.copyUid().split(" ", -1);
    if (!Folders.uids(code[2]).equals(List.copyOf(uids))) {
      throw new AssertionError("COPYUID " + code[2] + " for " + uids);
    }
    Folder arrived = coming.arrived(Long.parseLong(code[1]), Folders.uids(code[3]));
    done(before.with(to, arrived).with(from, left));
  }

  private void expunge(ImapClient client, String folder, Set<Long> uids) throws IOException {
    store(client, folder, uids, "\\Deleted", true);
    Folders after = known().with(folder, known().folder(folder).without(uids));
    run(client, "UID EXPUNGE " + set(uids), after);
    done(after);
  }

  // ---- what is left

  /** Looks at all folders after a restart: they are as one of the possibilities has them. */
  public void check() throws IOException {
    check(target, line -> {});
  }

  /** The same, seen from elsewhere. */
  public void check(Stress.Target from, Consumer<String> journal) throws IOException {
    try (ImapClient client = client(from, Octets.PATIENCE, journal)) {
      Folders found = read(client);
      if (possible.stream().noneMatch(may -> may.canBe(found))) {
        throw new AssertionError(
            name
                + ": neither of these\n"
                + possible.stream().map(String::valueOf).collect(Collectors.joining("\n"))
                + "\nbut\n"
                + found);
      }
      possible = List.of(found);
    }
  }

  private Folders read(ImapClient client) throws IOException {
    Folders found = new Folders(new TreeMap<>());
    List<String> names = new ArrayList<>();
    for (Reply reply : client.ok("LIST \"\" " + PREFIX + name + "-*")) {
      if (reply.word(1).equals("LIST")) {
        Object last = reply.items().getLast();
        names.add(last instanceof Quoted quoted ? quoted.value() : (String) last);
      }
    }
    for (String folder : names) {
      found = found.with(folder, readFolder(client, folder));
    }
    return found;
  }

  private Folder readFolder(ImapClient client, String folder) throws IOException {
    Map<String, String> status = client.status(folder);
    long validity = Long.parseLong(status.get("UIDVALIDITY"));
    long modseq = Long.parseLong(status.get("HIGHESTMODSEQ"));
    long before = modseqs.getOrDefault(validity, 0L);
    if (modseq < before) {
      throw new AssertionError(folder + ": MODSEQ fell from " + before + " to " + modseq);
    }
    modseqs.put(validity, modseq);
    client.select(folder);
    Map<Long, Message> messages = new TreeMap<>();
    Map<Long, String> texts = client.messages.isEmpty() ? Map.of() : client.texts("1:*");
    for (ImapClient.Message message : client.messages) {
      String text = texts.get(message.uid);
      String expected = Texts.of(Texts.name(text));
      if (!text.equals(expected)) {
        throw new AssertionError(folder + " UID " + message.uid + " is not what was sent: " + text);
      }
      Set<String> flags = new TreeSet<>(message.flags);
      flags.remove("\\Recent"); // is the session's and not the message's
      messages.put(message.uid, new Message(Texts.name(text), new TreeSet<>(flags)));
    }
    return new Folder(
        validity, Long.parseLong(status.get("UIDNEXT")), new TreeMap<>(messages), List.of());
  }
}
