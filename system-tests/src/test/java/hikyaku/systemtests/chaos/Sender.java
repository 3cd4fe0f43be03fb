package hikyaku.systemtests.chaos;

import hikyaku.systemtests.stress.Octets;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Sends messages by SMTP, with pipelining, to one or all accounts at once. What a node did not
 * answer is now and then sent again by another way, as senders do.
 */
final class Sender extends Caller {
  private static final int MESSAGES = 20;
  private static final int CROWDED = 200;

  /** A message whose outcome is not known, to be sent again. */
  private record Open(int token, List<Crew.Account> recipients) {}

  private Open again;

  Sender(Crew crew, int number) {
    super(crew, "sender", number);
  }

  @Override
  void session(Route route) throws IOException, InterruptedException {
    try (Octets smtp = new Octets(route.host(), Route.SMTP, patience())) {
      smtp.journal(line -> crew.journal(name).write(name + "@" + route.name(), line));
      expect(smtp, "220");
      say(smtp, "EHLO chaos.test", "250");
      if (random.nextInt(3) == 0) {
        say(smtp, "STARTTLS", "220");
        smtp.secure();
        say(smtp, "EHLO chaos.test", "250");
      }
      for (int i = 0; i < MESSAGES && crew.works(); i++) {
        if (crew.accounts().stream().anyMatch(account -> account.inbox().there() > CROWDED)) {
          // Readers shall not be kept busy with long lists.
          Thread.sleep(500);
        }
        long began = System.nanoTime();
        message(smtp, route);
        if (front) {
          crew.answered(System.nanoTime() - began);
        }
        Thread.sleep(random.nextInt(100));
      }
      say(smtp, "QUIT", "221");
    }
  }

  private Open next() {
    Open open = again;
    again = null;
    if (open != null && random.nextBoolean()) {
      return open;
    }
    List<Crew.Account> all = crew.accounts();
    return new Open(
        crew.token(), random.nextInt(3) == 0 ? all : List.of(all.get(random.nextInt(all.size()))));
  }

  private void message(Octets smtp, Route route) throws IOException {
    Open open = next();
    String where = name + "@" + route.name();
    long began = crew.times().now();
    open.recipients.forEach(to -> to.inbox().perhaps(open.token, where, began));
    again = open;
    List<String> commands = new ArrayList<>();
    commands.add("MAIL FROM:<chaos@chaos.test>\r\n");
    open.recipients.forEach(to -> commands.add("RCPT TO:<" + to.address() + ">\r\n"));
    commands.add("DATA\r\n");
    boolean pipelined = random.nextBoolean();
    if (pipelined) {
      smtp.send(String.join("", commands));
    }
    for (String command : commands) {
      if (!pipelined) {
        smtp.send(command);
      }
      expect(smtp, command.startsWith("DATA") ? "354" : "250");
    }
    smtp.send(Token.text(open.token).replace("\r\n.", "\r\n..") + ".\r\n");
    expect(smtp, "250");
    long ended = crew.times().now();
    open.recipients.forEach(to -> to.inbox().surely(open.token, where, ended));
    again = null;
  }

  private static void say(Octets smtp, String command, String expected) throws IOException {
    smtp.send(command + "\r\n");
    expect(smtp, expected);
  }

  private static void expect(Octets smtp, String expected) throws IOException {
    String line;
    do {
      line = smtp.line();
      if (line.startsWith("4")) {
        throw new Later(line);
      }
      Finding.unless(line.startsWith(expected), "expected " + expected + ", got " + line);
    } while (line.length() > 3 && line.charAt(3) == '-');
  }
}
