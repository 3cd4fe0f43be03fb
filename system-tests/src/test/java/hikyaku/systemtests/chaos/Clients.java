package hikyaku.systemtests.chaos;

import hikyaku.systemtests.stress.FolderOwner;
import hikyaku.systemtests.stress.Stress;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The program of the clients, in a network namespace of its own. It works until it is told {@code
 * rest}, looks at everything once more from every side when it is told {@code judge}, and ends with
 * 0 if it has found nothing. It ends with whoever started it.
 */
public final class Clients {
  private static final Duration QUIET = Duration.ofSeconds(2);
  private static final List<String> MAILBOXES = List.of("INBOX", "Shared1", "Shared2");

  private final Crew crew;
  private final Path directory;
  private final List<Thread> threads = new ArrayList<>();
  private final List<FolderOwner> owners = new ArrayList<>();
  private final Crew.Account ofFolders;

  private Clients(Crew crew, Path directory, Crew.Account ofFolders) {
    this.crew = crew;
    this.directory = directory;
    this.ofFolders = ofFolders;
  }

  /**
   * @param args a directory for what was found, when the course began (in milliseconds since 1970),
   *     its seed, how many clients, the password of the accounts, the front's address, the nodes'
   */
  public static void main(String[] args) throws Exception {
    Times times = new Times(Long.parseLong(args[1]));
    List<Route> nodes = new ArrayList<>();
    for (int i = 6; i < args.length; i++) {
      nodes.add(new Route("n" + (i - 5), args[i], false));
    }
    List<Crew.Account> accounts = new ArrayList<>();
    for (String address : Site.SHARED_ACCOUNTS) {
      List<Book> books = MAILBOXES.stream().map(box -> new Book(address + "/" + box)).toList();
      accounts.add(new Crew.Account(address, args[4], books));
    }
    Crew crew =
        new Crew(
            times,
            Long.parseLong(args[2]),
            new Crew.Routes(new Route("front", args[5], true), nodes),
            accounts);
    Crew.Account ofFolders = new Crew.Account(Site.FOLDER_ACCOUNT, args[4], List.of());
    new Clients(crew, Path.of(args[0]), ofFolders).run(Integer.parseInt(args[3]));
  }

  private void run(int count) throws Exception {
    try {
      makeMailboxes();
      // One of six is a sender, one reads by POP3, one works on folders, the others use IMAP.
      for (int number = 0; number < count; number++) {
        int of = number / 6;
        switch (number % 6) {
          case 3 -> start("sender" + of, new Sender(crew, of));
          case 4 -> start("popper" + of, new Popper(crew, of));
          case 5 -> start("folders" + of, () -> own(of));
          default -> start("reader" + number, new Reader(crew, number));
        }
      }
      say("working");
      BufferedReader in =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      watch();
      for (String order = in.readLine(); order != null; order = in.readLine()) {
        if (order.equals("rest")) {
          crew.rest();
          for (Thread thread : threads) {
            thread.join();
          }
          say("resting");
        } else if (order.equals("judge")) {
          judge();
          end();
        }
      }
      Runtime.getRuntime().halt(2);
    } catch (Throwable e) {
      crew.found("clients", e);
      end();
    }
  }

  /** Says what was found as soon as it is. */
  private void watch() {
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          try {
            for (int round = 1; crew.findings().isEmpty(); round++) {
              Thread.sleep(200);
              if (round % 50 == 0) {
                say("counted " + crew.counted());
              }
            }
            // Others may find the same from their side.
            Thread.sleep(1000);
            end();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  private synchronized void end() {
    try {
      crew.keep(directory);
    } catch (IOException e) {
      say("found the journals cannot be kept: " + e);
    }
    say("counted " + crew.counted());
    for (String finding : crew.findings()) {
      say("found " + finding.replace("\n", "\t"));
    }
    say("end");
    Runtime.getRuntime().halt(crew.findings().isEmpty() ? 0 : 1);
  }

  private static synchronized void say(String line) {
    System.out.println(line);
    System.out.flush();
  }

  private void start(String name, Runnable client) {
    threads.add(Thread.ofVirtual().name(name).start(client));
  }

  private Imap connection(Crew.Account account, Route route) throws IOException {
    return new Imap(
        route,
        account.address(),
        account.password(),
        "judge",
        new Imap.Dialogue() {
          @Override
          public Times times() {
            return crew.times();
          }

          @Override
          public Journal journal() {
            return crew.journal("judge");
          }
        },
        Crew.FRONT_PATIENCE,
        crew.random("judge"));
  }

  private void makeMailboxes() throws IOException {
    for (Crew.Account account : crew.accounts()) {
      try (Imap imap = connection(account, crew.routes().front())) {
        for (String mailbox : MAILBOXES.subList(1, MAILBOXES.size())) {
          imap.ok("CREATE " + mailbox);
        }
      }
    }
  }

  private Stress.Target folders(Route route) {
    return new Stress.Target(
        route.host(),
        Route.IMAP,
        Route.SMTP,
        Route.POP3,
        ofFolders.address(),
        ofFolders.password());
  }

  /** Folders made, renamed, filled, emptied and deleted, all through the front. */
  private void own(int number) {
    String name = "folders" + number;
    FolderOwner owner =
        new FolderOwner(
            folders(crew.routes().front()),
            "F" + number + "x",
            crew.random(name).nextLong(),
            crew.commands::increment);
    synchronized (owners) {
      owners.add(owner);
    }
    try {
      owner.workWhile(
          crew::works, Crew.FRONT_PATIENCE, line -> crew.journal(name).write(name, line));
    } catch (Throwable e) {
      crew.found(name, e);
    }
  }

  /** All is quiet: every way shows the same, and it is what was acknowledged. */
  private void judge() throws Exception {
    List<Route> ways = new ArrayList<>(crew.routes().nodes());
    ways.add(crew.routes().front());
    awaitQuiet();
    for (Crew.Account account : crew.accounts()) {
      for (Book book : account.books()) {
        Map<String, Map<Long, String>> views = new TreeMap<>();
        for (Route way : ways) {
          views.put(way.name(), view(account, book, way));
        }
        Map<Long, String> first = views.get(ways.getFirst().name());
        views.forEach((way, view) ->
            Finding.unless(
                view.equals(first), book.name() + " by " + way + ": " + view + ", not " + first));
        say("sum " + book.name() + ": " + first.size() + " messages, " + book.atRest());
      }
    }
    for (FolderOwner owner : owners) {
      for (Route way : ways) {
        owner.check(
            folders(way), line -> crew.journal("judge").write("folders@" + way.name(), line));
      }
    }
  }

  /** A node that was halted may finish late what nobody waited for. */
  private void awaitQuiet() throws Exception {
    String before = "";
    String now = status();
    while (!now.equals(before)) {
      Thread.sleep(QUIET);
      before = now;
      now = status();
    }
  }

  private String status() throws IOException {
    StringBuilder status = new StringBuilder();
    for (Crew.Account account : crew.accounts()) {
      try (Imap imap = connection(account, crew.routes().front())) {
        for (String mailbox : MAILBOXES) {
          status.append(imap.ok("STATUS " + mailbox + " (MESSAGES UIDNEXT HIGHESTMODSEQ)"));
        }
      }
    }
    return status.toString();
  }

  private Map<Long, String> view(Crew.Account account, Book book, Route way) throws IOException {
    Map<Long, String> view = new TreeMap<>();
    try (Imap imap = connection(account, way)) {
      long began = crew.times().now();
      imap.select(book, null);
      Reader.judge(crew, imap, began);
      for (Imap.Message message : imap.messages) {
        view.put(message.uid, message.modseq + " " + new java.util.TreeSet<>(message.flags));
      }
      if (!imap.messages.isEmpty()) {
        for (int at = 0; at < imap.messages.size(); at += 50) {
          List<Imap.Message> some =
              imap.messages.subList(at, Math.min(at + 50, imap.messages.size()));
          Map<Long, String> texts =
              imap.texts(some.getFirst().uid + ":" + some.getLast().uid, "[]");
          for (Imap.Message message : some) {
            String text = texts.get(message.uid);
            Finding.unless(text != null, way.name() + ": no text of UID " + message.uid);
            book.is(message.uid, Token.checked(text), imap.name());
            view.merge(message.uid, " " + text.hashCode(), String::concat);
          }
        }
      }
    }
    return view;
  }
}
