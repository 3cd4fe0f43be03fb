package hikyaku.systemtests;

import hikyaku.systemtests.Node.Account;
import hikyaku.systemtests.Node.Port;
import java.net.URL;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Python's mail libraries; each script ends with 0 if all was as it expects. */
@ExtendWith(SharedNode.class)
class PythonTest {
  @TempDir Path directory;

  private void run(Node node, String script, String... arguments) throws Exception {
    URL file = Objects.requireNonNull(PythonTest.class.getResource(script), script);
    String[] command = new String[arguments.length + 3];
    command[0] = "python3";
    command[1] = "-B";
    command[2] = Path.of(file.toURI()).toString();
    System.arraycopy(arguments, 0, command, 3, arguments.length);
    Ran.in(directory, command).ok();
  }

  @Test
  void poplib(Node node) throws Exception {
    Account account = node.account();
    run(
        node,
        "use_poplib.py",
        Integer.toString(node.port(Port.POP3)),
        Integer.toString(node.port(Port.POP3S)),
        Integer.toString(node.port(Port.LMTP)),
        account.address(),
        account.password());
  }

  @Test
  void imaplib(Node node) throws Exception {
    Account account = node.account();
    run(
        node,
        "use_imaplib.py",
        Integer.toString(node.port(Port.IMAP)),
        Integer.toString(node.port(Port.IMAPS)),
        account.address(),
        account.password());
  }

  @Test
  void smtplib(Node node) throws Exception {
    Account from = node.account();
    Account to = node.account();
    run(
        node,
        "use_smtplib.py",
        Integer.toString(node.port(Port.SMTP)),
        Integer.toString(node.port(Port.SUBMISSION)),
        Integer.toString(node.port(Port.SUBMISSIONS)),
        Integer.toString(node.port(Port.POP3)),
        from.address(),
        to.address(),
        from.password());
  }
}
