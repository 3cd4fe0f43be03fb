package hikyaku.server.smtpclient;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A server that an operator has named to take mail, in place of those that DNS has.
 *
 * @param tls how TLS is spoken there
 * @param user who logs in there; empty for nobody
 * @param host a name or an address, in brackets if it is IPv6
 */
public record Relay(Tls tls, String user, String host, int port) {
  private static final Pattern FORM =
      Pattern.compile(
          "(smtps|smtp|smtp\\+plain)://(?:([^/\\s]{1,200})@)?"
              + "(\\[[0-9a-fA-F:]+\\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?/?");
  private static final int PORT = 25;
  private static final int TLS_PORT = 465;

  /** How TLS is spoken. */
  public enum Tls {
    /** From the first octet, with a certificate that is checked. */
    IMPLICIT,
    /** By STARTTLS, without which nothing is said, with a certificate that is checked. */
    STARTTLS,
    /** Not at all. */
    NONE
  }

  /**
   * Reads {@code smtp://HOST} (with STARTTLS), {@code smtps://HOST}, {@code smtp+plain://HOST}
   * (without TLS), each with {@code USER@} before the host if a login is needed, and {@code :PORT}
   * behind it if it is not the usual one.
   *
   * @throws IllegalArgumentException with a sentence for the operator
   */
  public static Relay parse(String text) {
    Matcher parts = FORM.matcher(text);
    if (parts.matches()) {
      Tls tls =
          switch (parts.group(1)) {
            case "smtps" -> Tls.IMPLICIT;
            case "smtp" -> Tls.STARTTLS;
            default -> Tls.NONE;
          };
      String port = parts.group(4);
      int number = port != null ? Integer.parseInt(port) : tls == Tls.IMPLICIT ? TLS_PORT : PORT;
      if (number > 0 && number <= 65535) {
        String user = parts.group(2) == null ? "" : parts.group(2);
        return new Relay(tls, user, parts.group(3), number);
      }
    }
    throw new IllegalArgumentException(
        "\""
            + text
            + "\" is not such as smtp://HOST (with STARTTLS), smtps://HOST or smtp+plain://HOST"
            + " (without TLS), with USER@ before HOST and :PORT behind it where needed");
  }

  /** Without the brackets of an IPv6 address. */
  public String bareHost() {
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  @Override
  public String toString() {
    String scheme =
        switch (tls) {
          case IMPLICIT -> "smtps";
          case STARTTLS -> "smtp";
          case NONE -> "smtp+plain";
        };
    return scheme + "://" + (user.isEmpty() ? "" : user + "@") + host + ":" + port;
  }
}
