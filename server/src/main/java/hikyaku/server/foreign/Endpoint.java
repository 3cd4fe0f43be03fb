package hikyaku.server.foreign;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a foreign server speaks a protocol.
 *
 * @param tls how TLS is spoken there
 */
public record Endpoint(Protocol protocol, Tls tls, String host, int port) {
  private static final Pattern FORM =
      Pattern.compile("([a-z0-9+]+)://(\\[[0-9a-fA-F:]+\\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?/?");
  private static final String PLAIN = "+plain";

  /** What is spoken there, with its ports. */
  public enum Protocol {
    IMAP("imap", 143, 993),
    POP3("pop3", 110, 995);

    private final String scheme;
    private final int port;
    private final int tlsPort;

    Protocol(String scheme, int port, int tlsPort) {
      this.scheme = scheme;
      this.port = port;
      this.tlsPort = tlsPort;
    }
  }

  /** How TLS is spoken. */
  public enum Tls {
    /** From the first octet. */
    IMPLICIT,
    /** By a command, without which nothing is said. */
    STARTTLS,
    /** Not at all. */
    NONE
  }

  /**
   * Reads {@code imaps://HOST}, {@code imap://HOST} (with STARTTLS), {@code imap+plain://HOST}
   * (without TLS), each with {@code :PORT} if it is not the usual one; and the same of POP3.
   *
   * @throws IllegalArgumentException with a sentence for the operator
   */
  public static Endpoint parse(Protocol protocol, String text) {
    Matcher parts = FORM.matcher(text);
    if (parts.matches()) {
      String scheme = parts.group(1);
      Tls tls =
          scheme.equals(protocol.scheme + "s")
              ? Tls.IMPLICIT
              : scheme.equals(protocol.scheme)
                  ? Tls.STARTTLS
                  : scheme.equals(protocol.scheme + PLAIN) ? Tls.NONE : null;
      String port = parts.group(3);
      int number =
          port != null
              ? Integer.parseInt(port)
              : tls == Tls.IMPLICIT ? protocol.tlsPort : protocol.port;
      if (tls != null && number > 0 && number <= 65535) {
        return new Endpoint(protocol, tls, parts.group(2), number);
      }
    }
    throw new IllegalArgumentException(
        "\""
            + text
            + "\" is not such as "
            + protocol.scheme
            + "s://HOST, "
            + protocol.scheme
            + "://HOST (with STARTTLS) or "
            + protocol.scheme
            + "+plain://HOST (without TLS), with :PORT if it is another than the usual one");
  }

  @Override
  public String toString() {
    String scheme =
        switch (tls) {
          case IMPLICIT -> protocol.scheme + "s";
          case STARTTLS -> protocol.scheme;
          case NONE -> protocol.scheme + PLAIN;
        };
    return scheme + "://" + host + ":" + port;
  }

  /** Without the brackets of an IPv6 address. */
  String bareHost() {
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }
}
