package hikyaku.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;

/** What clients do while they are measured. */
final class Loads {
  /** Messages of one APPEND. */
  private static final int BATCH = 200;

  /** Octets of a literal that may be sent without being asked for (RFC 7888 §5). */
  private static final int SMALL = 4_096;

  private static final byte[] END = ".\r\n".getBytes(StandardCharsets.US_ASCII);

  private Loads() {}

  /** Each step delivers one message, by SMTP or LMTP, and waits until it was taken. */
  static Load.WorkerFactory deliver(Target target, boolean lmtp, int octets, int recipients) {
    return number -> {
      Client client = Client.plain(target.host(), lmtp ? target.lmtp() : target.smtp());
      client.expect("220");
      client.send((lmtp ? "LHLO" : "EHLO") + " bench.test\r\n");
      client.expect("250");
      return new Load.Worker() {
        private int turn = number;

        @Override
        public void step() throws IOException {
          StringBuilder envelope = new StringBuilder("MAIL FROM:<sender@bench.test>\r\n");
          for (int i = 0; i < recipients; i++) {
            envelope.append("RCPT TO:<").append(target.user(turn++)).append(">\r\n");
          }
          client.send(envelope.append("DATA\r\n").toString());
          for (int i = 0; i <= recipients; i++) {
            client.expect("250");
          }
          client.expect("354");
          client.send(Mail.message(octets));
          client.send(END);
          for (int i = 0; i < (lmtp ? recipients : 1); i++) {
            client.expect("250");
          }
        }

        @Override
        public void close() throws IOException {
          client.close();
        }
      };
    };
  }

  /** Each step is one IMAP command of a mixed load on a mailbox with some mail in it. */
  static Load.WorkerFactory imap(Target target) {
    return number -> {
      Client client = Client.plain(target.host(), target.imap());
      client.line();
      client.imap("LOGIN " + target.user(number) + " " + target.password());
      client.imap("SELECT INBOX");
      Random random = new Random(number);
      return new Load.Worker() {
        @Override
        public void step() throws IOException {
          int message = 1 + random.nextInt(100);
          switch (random.nextInt(20)) {
            case 0, 1, 2, 3 -> client.imap("NOOP");
            case 4, 5, 6, 7, 8 -> client.imap("FETCH " + message + " (UID FLAGS)");
            case 9, 10, 11 -> client.imap("FETCH " + message + " (ENVELOPE BODYSTRUCTURE)");
            case 12, 13 -> client.imap("FETCH " + message + " BODY.PEEK[]");
            case 14, 15 -> client.imap("STORE " + message + " +FLAGS.SILENT (\\Seen)");
            case 16 -> client.imap("STORE " + message + " -FLAGS.SILENT (\\Seen)");
            case 17 -> client.imap("STATUS INBOX (MESSAGES UNSEEN)");
            case 18 -> client.imap("SEARCH UNSEEN");
            default -> {
              byte[] text = Mail.message(4096);
              client.send("x APPEND Sent (\\Seen) {" + text.length + "+}\r\n");
              client.send(text);
              client.send("\r\n");
              client.imapDone("APPEND");
            }
          }
        }

        @Override
        public void close() throws IOException {
          client.close();
        }
      };
    };
  }

  /** Each step is a whole POP3 session: log in, list, fetch ten messages, leave. */
  static Load.WorkerFactory pop3(Target target) {
    return number ->
        new Load.Worker() {
          @Override
          public void step() throws IOException {
            try (Client client = Client.plain(target.host(), target.pop3())) {
              client.expect("+OK");
              say(client, "USER " + target.user(number));
              say(client, "PASS " + target.password());
              say(client, "LIST");
              client.dotted();
              for (int i = 1; i <= 10; i++) {
                say(client, "RETR " + i);
                client.dotted();
              }
              say(client, "QUIT");
            }
          }

          @Override
          public void close() {}
        };
  }

  /** Fills every account's INBOX so that it has at least so many messages. */
  static void fill(Target target, int messages, int octets) throws IOException {
    try (Client client = Client.plain(target.host(), target.lmtp())) {
      client.expect("220");
      client.send("LHLO bench.test\r\n");
      client.expect("250");
      for (int i = 0; i < messages; i++) {
        StringBuilder envelope = new StringBuilder("MAIL FROM:<sender@bench.test>\r\n");
        target.users().forEach(user -> envelope.append("RCPT TO:<").append(user).append(">\r\n"));
        client.send(envelope.append("DATA\r\n").toString());
        for (int r = 0; r <= target.users().size(); r++) {
          client.expect("250");
        }
        client.expect("354");
        client.send(Mail.message(octets));
        client.send(END);
        for (int r = 0; r < target.users().size(); r++) {
          client.expect("250");
        }
      }
    }
  }

  /**
   * Puts messages into a mailbox, many with one APPEND; every third is seen.
   *
   * @param client is logged in
   */
  static void append(Client client, String mailbox, int messages, int octets) throws IOException {
    append(client, mailbox, messages, _ -> Mail.message(octets));
  }

  /**
   * @param mail the message of each number from 0 on
   */
  static void append(Client client, String mailbox, int messages, IntFunction<byte[]> mail)
      throws IOException {
    for (int done = 0; done < messages; done += BATCH) {
      StringBuilder command = new StringBuilder("x APPEND ").append(mailbox);
      for (int i = done; i < Math.min(messages, done + BATCH); i++) {
        String message = new String(mail.apply(i), StandardCharsets.US_ASCII);
        command.append(i % 3 == 0 ? " (\\Seen)" : "").append(" {").append(message.length());
        if (message.length() <= SMALL) {
          command.append("+}\r\n");
        } else {
          client.send(command.append("}\r\n").toString());
          command.setLength(0);
          String line = client.line();
          if (!line.startsWith("+")) {
            throw new IOException("APPEND -> " + line);
          }
        }
        command.append(message);
      }
      client.send(command.append("\r\n").toString());
      client.imapDone("APPEND");
    }
  }

  /** Each step is a POP3 session that fetches the newest message. */
  static Load.WorkerFactory retrieveLast(Target target) {
    return number ->
        new Load.Worker() {
          @Override
          public void step() throws IOException {
            try (Client client = Client.plain(target.host(), target.pop3())) {
              client.expect("+OK");
              say(client, "USER " + target.user(number));
              say(client, "PASS " + target.password());
              client.send("STAT\r\n");
              String count = client.line().split(" ")[1];
              say(client, "RETR " + count);
              client.dotted();
              say(client, "QUIT");
            }
          }

          @Override
          public void close() {}
        };
  }

  private static void say(Client client, String command) throws IOException {
    client.send(command + "\r\n");
    client.expect("+OK");
  }

  /** Each step is a whole IMAP session of a login. */
  static Load.WorkerFactory login(Target target) {
    return login(target, false);
  }

  static Load.WorkerFactory login(Target target, boolean tls) {
    return number ->
        new Load.Worker() {
          @Override
          public void step() throws IOException {
            try (Client client =
                tls
                    ? Client.tls(target.host(), target.imaps())
                    : Client.plain(target.host(), target.imap())) {
              client.line();
              client.imap("LOGIN " + target.user(number) + " " + target.password());
              client.imap("LOGOUT");
            }
          }

          @Override
          public void close() {}
        };
  }

  /** Each step is one command on a session that is logged in and has its mailbox open. */
  static Load.WorkerFactory command(Target target, String command) {
    return number -> {
      Client client = Client.plain(target.host(), target.imap());
      client.line();
      client.imap("LOGIN " + target.user(number) + " " + target.password());
      client.imap("SELECT INBOX");
      return new Load.Worker() {
        @Override
        public void step() throws IOException {
          client.imap(command);
        }

        @Override
        public void close() throws IOException {
          client.close();
        }
      };
    };
  }

  /** Opens TLS sessions that sit in IDLE. */
  static List<Client> idle(Target target, int sessions) throws IOException {
    return idle(target, sessions, true);
  }

  static List<Client> idle(Target target, int sessions, boolean tls) throws IOException {
    List<Client> open = new ArrayList<>();
    for (int i = 0; i < sessions; i++) {
      Client client =
          tls
              ? Client.tls(target.host(), target.imaps())
              : Client.plain(target.host(), target.imap());
      open.add(client);
      client.line();
      client.imap("LOGIN " + target.user(i) + " " + target.password());
      client.imap("SELECT INBOX");
      client.send("x IDLE\r\n");
      String line = client.line();
      if (!line.startsWith("+")) {
        throw new IOException("IDLE -> " + line);
      }
    }
    return open;
  }
}
