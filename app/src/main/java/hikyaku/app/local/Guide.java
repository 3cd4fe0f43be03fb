package hikyaku.app.local;

import hikyaku.app.Demo;
import hikyaku.app.local.Layout.Port;
import hikyaku.stores.postgres.LocalPostgres;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What a person reads when a cluster is up: what there is, what to kill, what to watch. */
final class Guide {
  private final PrintWriter out;
  private final Layout layout;
  private final Optional<List<Demo.Login>> demo;

  Guide(PrintWriter out, Layout layout, Optional<List<Demo.Login>> demo) {
    this.out = out;
    this.layout = layout;
    this.demo = demo;
  }

  static String bringBack(Layout layout, String name) {
    return "./hikyaku up --node " + name + " --data " + layout.directory();
  }

  void print(Collection<Child> children, LocalPostgres postgres, Duration took) throws IOException {
    out.println();
    out.printf("  %-10s %-8s %s%n", "what", "process", "where");
    row("postgres", postgres.process().pid(), "127.0.0.1 port " + postgres.port());
    for (Child child : children) {
      String name = child.name();
      row(
          name,
          child.process().pid(),
          "SMTP %d, submission %d, IMAP %d and %d (TLS), POP3 %d and %d (TLS), http://127.0.0.1:%d/"
              .formatted(
                  layout.port(name, Port.SMTP),
                  layout.port(name, Port.SUBMISSION),
                  layout.port(name, Port.IMAP),
                  layout.port(name, Port.IMAPS),
                  layout.port(name, Port.POP3),
                  layout.port(name, Port.POP3S),
                  layout.port(name, Port.ADMIN)));
    }
    out.printf("  logs       %s/*.log%n", layout.directory());
    out.println();
    out.println("Clients connect to the front; each node serves them on its own ports as well.");
    demo.ifPresent(this::accounts);
    things(children);
    out.println();
    out.printf(
        Locale.ROOT,
        "The cluster is ready after %.1f s. Ctrl-C stops all of it.%n",
        took.toMillis() / 1000.0);
  }

  private void row(String what, long process, String where) {
    out.printf("  %-10s %-8d %s%n", what, process, where);
  }

  private void accounts(List<Demo.Login> logins) {
    out.println();
    out.println(
        "The domain "
            + Demo.DOMAIN
            + " and two accounts have been made. Their passwords are shown this once:");
    out.println();
    for (Demo.Login login : logins) {
      out.printf("    %-18s %s%n", login.address(), login.password());
    }
  }

  private void things(Collection<Child> children) {
    String last = layout.names().getLast();
    String killed = layout.names().get(layout.nodes() > 1 ? 1 : 0);
    long process =
        children.stream()
            .filter(child -> child.name().equals(killed))
            .mapToLong(child -> child.process().pid())
            .findFirst()
            .orElse(0);
    out.println();
    out.println("Things to try, in another terminal:");
    thing("watch the nodes", "./hikyaku nodes --watch --data " + layout.directory());
    demo.ifPresent(logins -> mail(logins.getFirst(), logins.getLast(), last));
    thing(
        "keep a session open, and kill its node meanwhile ('./hikyaku nodes' shows which one has it)",
        "openssl s_client -quiet -crlf -connect 127.0.0.1:"
            + layout.port(Layout.FRONT, Port.IMAPS));
    thing("kill a node", "kill -9 " + process);
    thing("bring it back", bringBack(layout, killed));
    thing(
        "restart all nodes, one after the other",
        "./hikyaku rolling-restart --data " + layout.directory());
  }

  private void mail(Demo.Login alice, Demo.Login bob, String last) {
    thing(
        "send a message",
        "printf 'From: %2$s\\r\\nTo: %1$s\\r\\nSubject: Hello\\r\\n\\r\\nIt works.\\r\\n' | curl -sS smtp://127.0.0.1:%3$d --mail-from %2$s --mail-rcpt %1$s -T -"
            .formatted(alice.address(), bob.address(), layout.port(Layout.FRONT, Port.SMTP)));
    thing(
        "read it from " + last + ", whichever node took it",
        "curl -sSk -u %s:%s 'imaps://127.0.0.1:%d/INBOX;UID=1'"
            .formatted(alice.address(), alice.password(), layout.port(last, Port.IMAPS)));
    Path trial = layout.directory().resolve("mbsync");
    thing(
        "keep a copy of the mailbox, again and again",
        "mkdir -p %1$s && printf 'IMAPAccount a\\nHost 127.0.0.1\\nPort %2$d\\nUser %3$s\\nPass %4$s\\nSSLType None\\nAuthMechs LOGIN\\n\\nIMAPStore far\\nAccount a\\n\\nMaildirStore near\\nInbox %1$s/INBOX\\nPath %1$s/\\nSubFolders Verbatim\\n\\nChannel c\\nFar :far:\\nNear :near:\\nCreate Near\\n' > %1$s/rc && while mbsync -c %1$s/rc c; do sleep 1; done"
            .formatted(
                trial, layout.port(Layout.FRONT, Port.IMAP), alice.address(), alice.password()));
  }

  private void thing(String what, String command) {
    out.println();
    out.println("  # " + what);
    out.println("  " + command);
  }
}
