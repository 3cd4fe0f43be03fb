package hikyaku.systemtests;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Puts mail in and looks at what is there, without a client. */
final class Mail {
  private Mail() {}

  /** Delivers a message by LMTP. Returns when the server has taken it for good. */
  static void deliver(Node node, Node.Account account, String subject, String body)
      throws IOException {
    try (Line line = new Line(node.port(Node.Port.LMTP))) {
      line.reply();
      line.smtp("LHLO client.test.example", "250");
      line.smtp("MAIL FROM:<sender@elsewhere.example>", "250");
      line.smtp("RCPT TO:<" + account.address() + ">", "250");
      line.smtp("DATA", "354");
      line.send(
          "From: sender@elsewhere.example\r\nTo: "
              + account.address()
              + "\r\nSubject: "
              + subject
              + "\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\nMessage-ID: <"
              + subject.replace(' ', '.')
              + "@elsewhere.example>\r\n\r\n"
              + body.lines()
                  .map(text -> text.startsWith(".") ? "." + text : text)
                  .collect(Collectors.joining("\r\n"))
              + "\r\n");
      line.smtp(".", "250");
      line.smtp("QUIT", "221");
    }
  }

  /** The messages in INBOX, each as its lines ended by LF. */
  static List<String> inbox(Node node, Node.Account account) throws IOException {
    List<String> messages = new ArrayList<>();
    try (Line line = Line.pop3(node, account)) {
      line.pop3("LIST");
      int count = line.text().size();
      for (int number = 1; number <= count; number++) {
        line.pop3("RETR " + number);
        messages.add(String.join("\n", line.text()) + "\n");
      }
      line.pop3("QUIT");
    }
    return messages;
  }

  /** The subjects in INBOX, in order. */
  static List<String> subjects(Node node, Node.Account account) throws IOException {
    return inbox(node, account).stream().map(Mail::subject).toList();
  }

  private static String subject(String message) {
    return message
        .lines()
        .takeWhile(line -> !line.isEmpty())
        .filter(line -> line.startsWith("Subject: "))
        .findFirst()
        .map(line -> line.substring("Subject: ".length()))
        .orElse("");
  }
}
