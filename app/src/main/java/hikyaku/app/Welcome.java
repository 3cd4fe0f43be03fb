package hikyaku.app;

import hikyaku.server.ops.NodeStatus.ListenerView;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What a person reads when a node is up. */
final class Welcome {
  private final PrintWriter out;
  private final Node node;

  Welcome(PrintWriter out, Node node) {
    this.out = out;
    this.node = node;
  }

  void print(Duration took, Optional<List<Demo.Login>> demo) {
    out.println();
    listeners();
    out.printf(
        "  %-12s http://%s:%d/%n",
        "status page",
        node.adminAddress().getAddress().getHostAddress(),
        node.adminAddress().getPort());
    out.printf("  %-12s %s%n", "data", node.core().data().path());
    demo.ifPresentOrElse(this::demo, this::firstSteps);
    out.println();
    out.printf(
        Locale.ROOT,
        "Hikyaku %s is ready after %.1f s. Ctrl-C stops it.%n",
        Version.PROGRAM,
        took.toMillis() / 1000.0);
  }

  private void listeners() {
    Map<String, List<ListenerView>> byProtocol =
        node.status().listeners().stream()
            .collect(
                Collectors.groupingBy(ListenerView::protocol, TreeMap::new, Collectors.toList()));
    byProtocol.forEach((protocol, listeners) ->
        out.printf(
            "  %-12s %s%n",
            protocol, listeners.stream().map(Welcome::shown).collect(Collectors.joining(", "))));
  }

  private static String shown(ListenerView listener) {
    String tls =
        switch (listener.tls()) {
          case "starttls" -> " (STARTTLS)";
          case "implicit" -> " (TLS)";
          default -> "";
        };
    return listener.address().replace("0.0.0.0:", "port ").replace("[0:0:0:0:0:0:0:0]:", "port ")
        + tls;
  }

  private int port(String name) {
    return node.status().listeners().stream()
        .filter(listener -> listener.name().equals(name))
        .map(listener -> listener.address().substring(listener.address().lastIndexOf(':') + 1))
        .mapToInt(Integer::parseInt)
        .findFirst()
        .orElse(0);
  }

  /** Each of these lines is tried by the project's own checks, as it is printed. */
  private void demo(List<Demo.Login> logins) {
    Demo.Login first = logins.getFirst();
    Demo.Login second = logins.getLast();
    out.println();
    out.println(
        "This data directory is new: it has the domain " + Demo.DOMAIN + " and two accounts now.");
    out.println("Their passwords are shown this once ('hikyaku account password' sets another):");
    out.println();
    for (Demo.Login login : logins) {
      out.printf("    %-18s %s%n", login.address(), login.password());
    }
    out.println();
    out.println("Things to try, in another terminal:");
    if (port("smtp") != 0) {
      thing(
          "send a message, as another mail server does",
          "printf 'From: %2$s\\r\\nTo: %1$s\\r\\nSubject: Hello\\r\\n\\r\\nIt works.\\r\\n' | curl -sS smtp://127.0.0.1:%3$d --mail-from %2$s --mail-rcpt %1$s -T -"
              .formatted(first.address(), second.address(), port("smtp")));
    }
    if (port("imaps") != 0) {
      thing(
          "read it by IMAP",
          "curl -sSk -u %s:%s 'imaps://127.0.0.1:%d/INBOX;UID=1'"
              .formatted(first.address(), first.password(), port("imaps")));
    }
    if (port("pop3s") != 0) {
      thing(
          "read it by POP3",
          "curl -sSk -u %s:%s pop3s://127.0.0.1:%d/1"
              .formatted(first.address(), first.password(), port("pop3s")));
    }
    if (port("submission") != 0) {
      thing(
          "answer it, as a mail program does",
          "printf 'From: %1$s\\r\\nTo: %2$s\\r\\nSubject: Re: Hello\\r\\n\\r\\nSo it does.\\r\\n' | curl -sSk --ssl-reqd smtp://127.0.0.1:%4$d -u %1$s:%3$s --mail-from %1$s --mail-rcpt %2$s -T -"
              .formatted(first.address(), second.address(), first.password(), port("submission")));
    }
    if (port("imaps") != 0) {
      thing(
          "see it arrive, from Python",
          "python3 -c \"import imaplib,ssl; m=imaplib.IMAP4_SSL('127.0.0.1',%3$d,ssl_context=ssl._create_unverified_context()); m.login('%1$s','%2$s'); print(m.select()); print(m.fetch('1:*','(UID FLAGS ENVELOPE)')); m.logout()\""
              .formatted(second.address(), second.password(), port("imaps")));
    }
    if (port("imap") != 0) {
      thing(
          "look at the certificate",
          "openssl s_client -starttls imap -connect 127.0.0.1:%d </dev/null 2>/dev/null | openssl x509 -noout -subject -enddate"
              .formatted(port("imap")));
    }
    out.println();
    out.printf(
        "A mail program takes: account %s, IMAP 127.0.0.1 port %d with STARTTLS, outgoing mail port %d with STARTTLS.%n",
        first.address(), port("imap"), port("submission"));
  }

  /** What to do where there is no demo domain, as with a configuration file, and no other. */
  private void firstSteps() {
    if (node.core().directory().domains(null, 1).isEmpty()) {
      String data = " --data " + node.core().data().path();
      out.println();
      out.println("There is no domain yet, so no mail is taken. To begin:");
      out.println();
      out.println("  hikyaku domain add example.org" + data);
      out.println("  hikyaku account add you@example.org" + data);
    }
  }

  private void thing(String what, String command) {
    out.println();
    out.println("  # " + what);
    out.println("  " + command);
  }
}
