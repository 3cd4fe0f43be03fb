package hikyaku.systemtests.chaos;

import hikyaku.systemtests.stress.Octets;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;

/** Reads an INBOX by POP3, and takes some messages away. */
final class Popper extends Caller {
  private final Crew.Account account;

  Popper(Crew crew, int number) {
    super(crew, "popper", number);
    this.account = crew.accounts().get(number / 2 % crew.accounts().size());
  }

  private record Listed(long uid, int octets) {}

  @Override
  void session(Route route) throws IOException, InterruptedException {
    Book inbox = account.inbox();
    try (Octets pop3 = new Octets(route.host(), Route.POP3, patience())) {
      String who = name + "@" + route.name();
      pop3.journal(line -> crew.journal(name).write(who, line));
      read(pop3, "the greeting");
      if (random.nextInt(4) == 0) {
        say(pop3, "STLS");
        pop3.secure();
      }
      long began = crew.times().now();
      say(pop3, "USER " + account.address());
      say(pop3, "PASS " + account.password());
      Map<Integer, Listed> listed = list(pop3, inbox);
      TreeSet<Long> uids = new TreeSet<>();
      listed.values().forEach(one -> uids.add(one.uid));
      inbox.look(uids, began, who);
      Map<Integer, Book.Item> marked = new LinkedHashMap<>();
      for (Map.Entry<Integer, Listed> entry : listed.entrySet()) {
        if (!crew.works()) {
          break;
        }
        if (random.nextInt(1 + listed.size() / 10) == 0) {
          long asked = System.nanoTime();
          boolean there = retrieve(pop3, entry.getKey(), entry.getValue(), inbox, who);
          if (front) {
            crew.answered(System.nanoTime() - asked);
          }
          if (there && random.nextInt(4) == 0) {
            Book.Item item = inbox.item(entry.getValue().uid);
            item.mayGo(crew.times().now());
            item.tell(crew.times().now(), "DELE by " + who);
            say(pop3, "DELE " + entry.getKey());
            marked.put(entry.getKey(), item);
          }
          Thread.sleep(random.nextInt(50));
        }
      }
      say(pop3, "QUIT");
      long ended = crew.times().now();
      marked
          .values()
          .forEach(item -> {
            item.gone(ended);
            item.tell(ended, "removed by " + who);
          });
    }
    Thread.sleep(random.nextInt(500));
  }

  private static Map<Integer, Listed> list(Octets pop3, Book inbox) throws IOException {
    Map<Integer, Integer> sizes = new LinkedHashMap<>();
    say(pop3, "LIST");
    for (String line = pop3.line(); !line.equals("."); line = pop3.line()) {
      String[] words = line.split(" ", -1);
      sizes.put(Integer.parseInt(words[0]), Integer.parseInt(words[1]));
    }
    Map<Integer, Listed> listed = new LinkedHashMap<>();
    say(pop3, "UIDL");
    for (String line = pop3.line(); !line.equals("."); line = pop3.line()) {
      String[] words = line.split(" ", -1);
      // A unique id is UIDVALIDITY and UID, so that it is the same on all nodes.
      String[] id = words[1].split("\\.", -1);
      inbox.uidValidity(Long.parseLong(id[0]));
      int number = Integer.parseInt(words[0]);
      Finding.unless(sizes.containsKey(number), "UIDL tells of " + number + ", LIST did not");
      listed.put(number, new Listed(Long.parseLong(id[1]), sizes.get(number)));
    }
    Finding.unless(listed.size() == sizes.size(), "LIST and UIDL differ");
    return listed;
  }

  /** Whether the message was still there. */
  private boolean retrieve(Octets pop3, int number, Listed listed, Book inbox, String who)
      throws IOException {
    pop3.send("RETR " + number + "\r\n");
    String reply = pop3.line();
    if (!reply.startsWith("+OK")) {
      later(reply);
      Book.Item item = inbox.item(listed.uid);
      Finding.unless(
          item.mayGoBefore(crew.times().now()), who + ": RETR of " + item + " -> " + reply);
      return false;
    }
    StringBuilder text = new StringBuilder();
    for (String line = pop3.line(); !line.equals("."); line = pop3.line()) {
      text.append(line.startsWith(".") ? line.substring(1) : line).append("\r\n");
    }
    Finding.unless(
        text.length() == listed.octets,
        who + ": RETR has " + text.length() + " octets, LIST had " + listed.octets);
    inbox.is(listed.uid, Token.checked(text.toString()), who);
    return true;
  }

  private static void later(String reply) throws Later {
    if (reply.startsWith("-ERR [SYS/TEMP]") || reply.startsWith("-ERR [IN-USE]")) {
      throw new Later(reply);
    }
  }

  private static void read(Octets pop3, String to) throws IOException {
    String reply = pop3.line();
    later(reply);
    Finding.unless(reply.startsWith("+OK"), to.replaceFirst("PASS .*", "PASS") + " -> " + reply);
  }

  private static void say(Octets pop3, String command) throws IOException {
    pop3.send(command + "\r\n");
    read(pop3, command);
  }
}
