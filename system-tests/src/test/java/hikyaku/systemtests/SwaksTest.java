package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.systemtests.Node.Account;
import hikyaku.systemtests.Node.Port;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Mail in, by every door, with swaks. */
@ExtendWith(SharedNode.class)
class SwaksTest {
  @TempDir Path directory;

  private Ran swaks(Node node, Port port, String... options)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "swaks",
                "--server",
                node.at(port),
                "--helo",
                "client.test.example",
                "--body",
                "One line.\\nAnother."));
    command.addAll(List.of(options));
    return Ran.in(directory, command.toArray(String[]::new));
  }

  @Test
  void mailComesIn(Node node) throws Exception {
    Account to = node.account();
    String from = "sender@elsewhere.example";
    swaks(node, Port.SMTP, "--from", from, "--to", to.address(), "--header", "Subject: plain").ok();
    swaks(
            node,
            Port.SMTP,
            "--tls",
            "--from",
            from,
            "--to",
            to.address(),
            "--header",
            "Subject: starttls")
        .ok();
    swaks(
            node,
            Port.SMTP,
            "--pipeline",
            "--from",
            "<>",
            "--to",
            to.address(),
            "--header",
            "Subject: pipelined")
        .ok();
    swaks(
            node,
            Port.LMTP,
            "--protocol",
            "LMTP",
            "--from",
            from,
            "--to",
            to.address(),
            "--header",
            "Subject: lmtp")
        .ok();
    assertThat(Mail.subjects(node, to)).containsExactly("plain", "starttls", "pipelined", "lmtp");
    assertThat(Mail.inbox(node, to).getFirst())
        .startsWith("Return-Path: <" + from + ">\n")
        .contains("\nOne line.\nAnother.\n");
  }

  @Test
  void subaddressesArrive(Node node) throws Exception {
    Account to = node.account();
    String address = to.address().replace("@", "+shop@");
    swaks(
            node,
            Port.SMTP,
            "--from",
            "a@elsewhere.example",
            "--to",
            address,
            "--header",
            "Subject: plus")
        .ok();
    assertThat(Mail.subjects(node, to)).containsExactly("plus");
  }

  @Test
  void submissionWantsALogin(Node node) throws Exception {
    Account from = node.account();
    Account to = node.account();
    String[] addresses = {"--from", from.address(), "--to", to.address()};
    assertThat(swaks(node, Port.SUBMISSION, with(addresses, "--tls")).exit()).isNotZero();
    assertThat(
            swaks(
                    node,
                    Port.SUBMISSION,
                    with(
                        addresses,
                        "--tls",
                        "--auth",
                        "PLAIN",
                        "--auth-user",
                        from.address(),
                        "--auth-password",
                        "wrong"))
                .output())
        .contains("535 5.7.8");
    for (String mechanism : List.of("PLAIN", "LOGIN")) {
      swaks(
              node,
              Port.SUBMISSION,
              with(
                  addresses,
                  "--tls",
                  "--auth",
                  mechanism,
                  "--auth-user",
                  from.address(),
                  "--auth-password",
                  from.password(),
                  "--header",
                  "Subject: " + mechanism))
          .ok();
    }
    swaks(
            node,
            Port.SUBMISSIONS,
            with(
                addresses,
                "--tlsc",
                "--auth",
                "PLAIN",
                "--auth-user",
                from.address(),
                "--auth-password",
                from.password(),
                "--header",
                "Subject: implicit"))
        .ok();
    assertThat(Mail.subjects(node, to)).containsExactly("PLAIN", "LOGIN", "implicit");
  }

  private static String[] with(String[] options, String... more) {
    List<String> all = new ArrayList<>(List.of(options));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  @Test
  void whatIsNotOursIsRefused(Node node) throws Exception {
    Account to = node.account();
    Ran unknown =
        swaks(
            node,
            Port.SMTP,
            "--from",
            "a@elsewhere.example",
            "--to",
            "nobody@" + to.address().replaceAll(".*@", ""));
    assertThat(unknown.exit()).isNotZero();
    assertThat(unknown.output()).contains("550 5.1.1");
    Ran relay =
        swaks(node, Port.SMTP, "--from", "a@elsewhere.example", "--to", "b@elsewhere.example");
    assertThat(relay.exit()).isNotZero();
    assertThat(relay.output()).contains("550 5.7.1");
  }
}
