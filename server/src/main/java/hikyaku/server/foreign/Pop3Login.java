package hikyaku.server.foreign;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.server.auth.AuthContext;
import hikyaku.server.auth.LoginResult;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The login of a POP3 client (RFC 1939 §7, RFC 2449, RFC 2595, RFC 5034). */
final class Pop3Login {
  /** Lines of the longest list of capabilities. */
  private static final int MOST = 200;

  private static final Pattern CODE = Pattern.compile("-ERR \\[([A-Za-z/-]+)\\]");

  private final Dialogue dialogue;
  private final Set<String> capabilities = new HashSet<>();

  Pop3Login(Dialogue dialogue) {
    this.dialogue = dialogue;
  }

  /**
   * Logs in.
   *
   * @return why not, if it refused
   * @throws IOException if it does not do what a server does
   */
  Optional<LoginResult.Refused> run(Endpoint endpoint, AuthContext context, Secrets secrets)
      throws IOException {
    if (!isOk(dialogue.line())) {
      throw new IOException("it does not greet as a POP3 server that takes logins");
    }
    if (endpoint.tls() == Endpoint.Tls.STARTTLS) {
      if (!isOk(command("STLS"))) {
        throw new IOException("it does not do STLS");
      }
      dialogue.startTls();
    }
    ask();
    if (capabilities.contains("XCLIENT")) {
      String unused =
          command("XCLIENT ADDR=" + context.remote().getHostAddress() + " PORT=" + context.port());
    }
    String answer = login(secrets);
    return isOk(answer) ? Optional.empty() : Optional.of(refusal(answer));
  }

  private void ask() throws IOException {
    if (!isOk(command("CAPA"))) {
      return;
    }
    for (int i = 0; i < MOST; i++) {
      String line = dialogue.line();
      if (line.equals(".")) {
        return;
      }
      String upper = line.toUpperCase(Locale.ROOT);
      String[] words = upper.split(" +");
      if (words[0].equals("SASL")) {
        Arrays.stream(words).skip(1).map("SASL "::concat).forEach(capabilities::add);
      } else {
        capabilities.add(words[0]);
      }
    }
    throw new IOException("it has more than " + MOST + " capabilities");
  }

  private String login(Secrets secrets) throws IOException {
    if (capabilities.contains("SASL PLAIN")) {
      String go = command("AUTH PLAIN");
      if (!go.startsWith("+") || isOk(go)) {
        return go;
      }
      byte[] message = secrets.plain();
      dialogue.send(message);
      Arrays.fill(message, (byte) 0);
      return dialogue.line();
    }
    String answer = command("USER " + new String(secrets.user().getBytes(UTF_8), ISO_8859_1));
    if (!isOk(answer)) {
      return answer;
    }
    byte[] pass = "PASS ".getBytes(ISO_8859_1);
    byte[] line = Arrays.copyOf(pass, pass.length + secrets.password().length);
    System.arraycopy(secrets.password(), 0, line, pass.length, secrets.password().length);
    dialogue.send(line);
    Arrays.fill(line, (byte) 0);
    return dialogue.line();
  }

  private String command(String text) throws IOException {
    dialogue.send(text);
    return dialogue.line();
  }

  private static boolean isOk(String line) {
    return line.toUpperCase(Locale.ROOT).startsWith("+OK");
  }

  /** Response codes of RFC 2449 and RFC 3206. */
  private static LoginResult.Refused refusal(String line) throws IOException {
    if (!line.toUpperCase(Locale.ROOT).startsWith("-ERR")) {
      throw new IOException("it answers a login with something else");
    }
    Matcher code = CODE.matcher(line);
    return switch (code.lookingAt() ? code.group(1).toUpperCase(Locale.ROOT) : "") {
      case "", "AUTH" -> new LoginResult.BadCredentials();
      case "SYS/PERM" -> new LoginResult.NotAuthorized();
      case "IN-USE" -> new LoginResult.TooManySessions();
      default -> new LoginResult.Unavailable();
    };
  }
}
