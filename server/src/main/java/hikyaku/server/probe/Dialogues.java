package hikyaku.server.probe;

import java.util.Map;
import java.util.TreeMap;

/** A greeting, a question that every server answers, and a goodbye, in each protocol. */
final class Dialogues {
  private Dialogues() {}

  /** A dialogue with a service that has just been reached. */
  @FunctionalInterface
  interface Dialogue {
    void hold(Conversation with) throws ProbeException, InterruptedException;
  }

  /** By the name of the protocol. */
  static final Map<String, Dialogue> BY_SERVICE =
      new TreeMap<>(
          Map.of(
              "smtp", Dialogues::smtp,
              "submission", Dialogues::smtp,
              "pop3", Dialogues::pop3,
              "imap", Dialogues::imap));

  private static void smtp(Conversation with) throws ProbeException, InterruptedException {
    smtpHello(with);
    String unused = with.ask("QUIT", "221");
  }

  static void smtpHello(Conversation with) throws ProbeException, InterruptedException {
    String greeting = with.expect("220");
    while (greeting.startsWith("220-")) {
      greeting = with.expect("220");
    }
    String line = with.ask("EHLO probe.invalid", "250");
    while (line.startsWith("250-")) {
      line = with.expect("250");
    }
  }

  private static void pop3(Conversation with) throws ProbeException, InterruptedException {
    String unused = with.expect("+OK");
    String capa = with.ask("CAPA", "+OK");
    while (!capa.equals(".")) {
      capa = with.readLine();
    }
    String bye = with.ask("QUIT", "+OK");
  }

  private static void imap(Conversation with) throws ProbeException, InterruptedException {
    String unused = with.expect("* OK");
    String capability = with.ask("1 CAPABILITY", "* CAPABILITY");
    String done = with.expect("1 OK");
    with.write("2 LOGOUT\r\n");
    String bye = with.expect("* BYE");
    String out = with.expect("2 OK");
  }
}
