package hikyaku.server.foreign;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.server.auth.AuthContext;
import hikyaku.server.auth.LoginResult;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The login of an IMAP client (RFC 9051 §6.1, §6.2). */
final class ImapLogin {
  /** Responses that may come before the tagged one. */
  private static final int MOST = 200;

  private static final int LONGEST_LITERAL = 64 * 1024;
  private static final Pattern LITERAL = Pattern.compile("\\{([0-9]{1,9})\\+?\\}\\z");
  private static final Pattern CODE = Pattern.compile("[^ ]+ [^ ]+ \\[([A-Za-z-]+)( [^\\]]*)?\\]");

  private final Dialogue dialogue;
  private final Backend backend;
  private int commands;
  private List<String> capabilities = List.of();

  ImapLogin(Dialogue dialogue, Backend backend) {
    this.dialogue = dialogue;
    this.backend = backend;
  }

  /** What the server can do, once it has let the user in. */
  List<String> capabilities() {
    return capabilities;
  }

  /**
   * Logs in.
   *
   * @return why not, if it refused
   * @throws IOException if it does not do what a server does
   */
  Optional<LoginResult.Refused> run(Endpoint endpoint, AuthContext context, Secrets secrets)
      throws IOException {
    String greeting = dialogue.line();
    if (!greeting.toUpperCase(Locale.ROOT).startsWith("* OK")) {
      throw new IOException("it does not greet as an IMAP server that takes logins");
    }
    if (endpoint.tls() == Endpoint.Tls.STARTTLS) {
      if (!isOk(command("STARTTLS"))) {
        throw new IOException("it does not do STARTTLS");
      }
      dialogue.startTls();
    }
    ask();
    if (has("ID")) {
      String unused = command(id(context));
    }
    String answer = login(secrets);
    if (!isOk(answer)) {
      return Optional.of(refusal(answer));
    }
    if (capabilitiesIn(answer).isEmpty()) {
      ask();
    } else {
      capabilities = capabilitiesIn(answer);
    }
    return Optional.empty();
  }

  private void ask() throws IOException {
    capabilities = List.of();
    if (!isOk(command("CAPABILITY"))) {
      throw new IOException("it does not say what it can do");
    }
  }

  private boolean has(String capability) {
    return capabilities.stream().anyMatch(capability::equalsIgnoreCase);
  }

  /** Who the client is (RFC 2971); servers that trust this one take it for the client's address. */
  private static String id(AuthContext context) {
    return "ID (\"name\" \"Hikyaku\" \"x-session-id\" \""
        + context.session()
        + "\" \"x-originating-ip\" \""
        + context.remote().getHostAddress()
        + "\" \"x-originating-port\" \""
        + context.port()
        + "\")";
  }

  private String login(Secrets secrets) throws IOException {
    if (has("AUTH=PLAIN")) {
      String tag = nextTag();
      byte[] message = secrets.plain();
      if (has("SASL-IR")) {
        dialogue.send(join(tag + " AUTHENTICATE PLAIN ", message));
      } else {
        dialogue.send(tag + " AUTHENTICATE PLAIN");
        String line = dialogue.line();
        if (!line.startsWith("+")) {
          return line.startsWith(tag + " ") ? line : tagged(tag);
        }
        dialogue.send(message);
      }
      Arrays.fill(message, (byte) 0);
      return tagged(tag);
    }
    if (has("LOGINDISABLED")) {
      throw new IOException("it takes no passwords here");
    }
    String tag = nextTag();
    byte[] line = join(tag + " LOGIN " + quoted(secrets.user()) + " ", quoted(secrets.password()));
    dialogue.send(line);
    Arrays.fill(line, (byte) 0);
    return tagged(tag);
  }

  private static String quoted(String text) {
    return new String(quoted(text.getBytes(UTF_8)), ISO_8859_1);
  }

  private static byte[] quoted(byte[] text) {
    byte[] quoted = new byte[2 * text.length + 2];
    int length = 0;
    quoted[length++] = '"';
    for (byte octet : text) {
      if (octet == '"' || octet == '\\') {
        quoted[length++] = '\\';
      }
      quoted[length++] = octet;
    }
    quoted[length++] = '"';
    return Arrays.copyOf(quoted, length);
  }

  private static byte[] join(String head, byte[] tail) {
    byte[] start = head.getBytes(ISO_8859_1);
    byte[] all = Arrays.copyOf(start, start.length + tail.length);
    System.arraycopy(tail, 0, all, start.length, tail.length);
    return all;
  }

  private String nextTag() {
    commands++;
    return "h" + commands;
  }

  private String command(String text) throws IOException {
    String tag = nextTag();
    dialogue.send(tag + " " + text);
    return tagged(tag);
  }

  /** The tagged response; what comes before it is looked at for capabilities. */
  private String tagged(String tag) throws IOException {
    for (int i = 0; i < MOST; i++) {
      String line = dialogue.line();
      if (line.startsWith(tag + " ")) {
        return line;
      }
      String upper = line.toUpperCase(Locale.ROOT);
      if (upper.startsWith("* BYE")) {
        throw new IOException("it said BYE");
      }
      if (upper.startsWith("* CAPABILITY ")) {
        capabilities = words(line.substring("* CAPABILITY ".length()));
      }
      Matcher literal = LITERAL.matcher(line);
      if (literal.find()) {
        int octets = Integer.parseInt(literal.group(1));
        if (octets > LONGEST_LITERAL) {
          throw new IOException("it sent a literal of " + octets + " octets ahead of the login");
        }
        dialogue.skip(octets);
      }
    }
    throw new IOException("it said more than " + MOST + " things ahead of an answer");
  }

  private static boolean isOk(String tagged) {
    String[] words = tagged.split(" ", 3);
    return words.length > 1 && words[1].equalsIgnoreCase("OK");
  }

  private static List<String> capabilitiesIn(String tagged) {
    Matcher code = CODE.matcher(tagged);
    return code.lookingAt() && code.group(1).equalsIgnoreCase("CAPABILITY") && code.group(2) != null
        ? words(code.group(2))
        : List.of();
  }

  /** Words that can stand among capabilities: anything else would be passed on to the client. */
  private static List<String> words(String text) {
    List<String> words = new ArrayList<>();
    for (String word : text.strip().split(" +")) {
      if (word.matches("[A-Za-z0-9=+_./:<>@$!#&'-]{1,100}")) {
        words.add(word);
      }
    }
    return List.copyOf(words);
  }

  /** Response codes of RFC 5530. */
  private LoginResult.Refused refusal(String tagged) throws IOException {
    String[] words = tagged.split(" ", 3);
    if (words.length < 2 || !words[1].equalsIgnoreCase("NO")) {
      throw new IOException("backend " + backend.name() + " does not understand a login");
    }
    Matcher code = CODE.matcher(tagged);
    return switch (code.lookingAt() ? code.group(1).toUpperCase(Locale.ROOT) : "") {
      case "", "AUTHENTICATIONFAILED", "EXPIRED" -> new LoginResult.BadCredentials();
      case "AUTHORIZATIONFAILED", "NOPERM" -> new LoginResult.NotAuthorized();
      case "CONTACTADMIN" -> new LoginResult.Suspended();
      case "LIMIT" -> new LoginResult.TooManySessions();
      default -> new LoginResult.Unavailable();
    };
  }
}
