package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.fixtures.Machine;
import hikyaku.systemtests.Node.Account;
import hikyaku.systemtests.Node.Port;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** curl sends headers of the PROXY protocol of its own, and HAProxy sends them for others. */
class ProxyTest {
  private static final String CLIENT = "127.0.0.9";

  /** Debian's place, which is not on everybody's path. */
  private static final String HAPROXY = "/usr/sbin/haproxy";

  @TempDir Path directory;
  private Node node;
  private Account account;
  private Path mail;

  @BeforeEach
  void start() throws Exception {
    node = Node.in(directory, "", "proxy-from = [\"127.0.0.1\"]\n").start();
    account = node.account();
    mail = directory.resolve("mail.eml");
    Files.writeString(mail, "Subject: by a proxy\r\n\r\nHello\r\n");
  }

  @AfterEach
  void stop() throws Exception {
    node.close();
  }

  private Ran curl(String... options) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("curl", "-sS", "--insecure"));
    command.addAll(List.of("--max-time", "120"));
    command.addAll(List.of("--user", account.address() + ":" + account.password()));
    command.addAll(List.of(options));
    return Ran.in(directory, command.toArray(String[]::new));
  }

  private Ran send(String... options) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(List.of(options));
    all.addAll(List.of("--mail-from", account.address(), "--mail-rcpt", account.address()));
    all.addAll(List.of("-T", mail.toString()));
    return curl(all.toArray(String[]::new));
  }

  @Test
  void curlSaysWhoItIs() throws Exception {
    String header = "--haproxy-protocol";
    send(header, "smtp://" + node.at(Port.SUBMISSION)).ok();
    send(header, "--ssl-reqd", "smtp://" + node.at(Port.SUBMISSION)).ok();
    send(header, "smtps://" + node.at(Port.SUBMISSIONS)).ok();
    for (String[] way :
        new String[][] {
          {header, "pop3://" + node.at(Port.POP3) + "/3"},
          {header, "--ssl-reqd", "pop3://" + node.at(Port.POP3) + "/3"},
          {header, "pop3s://" + node.at(Port.POP3S) + "/3"},
          {header, "imap://" + node.at(Port.IMAP) + "/INBOX;UID=3"},
          {header, "--ssl-reqd", "imap://" + node.at(Port.IMAP) + "/INBOX;UID=3"},
          {header, "imaps://" + node.at(Port.IMAPS) + "/INBOX;UID=3"},
          {"--interface", CLIENT, "imaps://" + node.at(Port.IMAPS) + "/INBOX;UID=3"}
        }) {
      assertThat(curl(way).ok().output()).as(String.join(" ", way)).endsWith("Hello\r\n");
    }
    // Who has to send a header is closed without one, and who has not is not understood with it.
    assertThat(curl("imaps://" + node.at(Port.IMAPS)).exit()).isNotZero();
    assertThat(curl("--interface", CLIENT, header, "imaps://" + node.at(Port.IMAPS)).exit())
        .isNotZero();
  }

  @Test
  void aClientFromElsewhereIsNotTakenForOneOfThisMachine() throws Exception {
    String login = "a LOGIN " + account.address() + " " + account.password() + "\r\n";
    for (var at : Map.of("127.0.0.9", "a OK", "192.0.2.9", "a NO [PRIVACYREQUIRED]").entrySet()) {
      try (Line line = new Line(node.port(Port.IMAP))) {
        line.send("PROXY TCP4 " + at.getKey() + " 198.51.100.1 1234 143\r\n" + login);
        assertThat(line.read()).startsWith("* OK");
        assertThat(line.read()).startsWith(at.getValue());
      }
    }
  }

  @Test
  void haproxySaysWhoTheClientIs() throws Exception {
    for (String option :
        List.of("send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options crc32c,unique-id")) {
      List<Integer> ports = Machine.freePorts(2);
      int submissions = ports.getFirst();
      int imap = ports.getLast();
      long process = haproxy(option, submissions, imap);
      try {
        send("--interface", CLIENT, "smtps://127.0.0.1:" + submissions).ok();
        curl("--interface", CLIENT, "imap://127.0.0.1:" + imap).ok();
      } finally {
        ProcessHandle running = ProcessHandle.of(process).orElseThrow();
        running.destroy();
        running.onExit().join();
      }
    }
    for (int uid = 1; uid <= 3; uid++) {
      String url = "imaps://" + node.at(Port.IMAPS) + "/INBOX;UID=" + uid;
      assertThat(curl("--haproxy-protocol", url).ok().output()).contains("[" + CLIENT + "]");
    }
  }

  /** Returns when it listens. */
  private long haproxy(String option, int submissions, int imap)
      throws IOException, InterruptedException {
    Path config = directory.resolve("haproxy.cfg");
    Files.writeString(
        config,
        """
        defaults
          mode tcp
          timeout connect 60s
          timeout client 60s
          timeout server 60s
          unique-id-format %%pid-%%rt
        listen submissions
          bind 127.0.0.1:%d
          server node %s %s
        listen imap
          bind 127.0.0.1:%d
          server node %s %s
        """
            .formatted(
                submissions, node.at(Port.SUBMISSIONS), option, imap, node.at(Port.IMAP), option));
    Path process = directory.resolve("haproxy.pid");
    Ran.in(directory, HAPROXY, "-D", "-p", process.toString(), "-f", config.toString()).ok();
    return Long.parseLong(Files.readString(process).strip());
  }
}
