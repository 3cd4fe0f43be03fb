package hikyaku.protocol.pop3;

import java.util.List;

/**
 * A line of the answer to CAPA (RFC 2449 §3, §6).
 *
 * @param tag the capability's name
 * @param parameters its arguments, in order; none for most
 */
public record Capability(String tag, List<String> parameters) {
  public static final Capability TOP = new Capability("TOP");
  public static final Capability UIDL = new Capability("UIDL");
  public static final Capability RESP_CODES = new Capability("RESP-CODES");
  public static final Capability AUTH_RESP_CODE = new Capability("AUTH-RESP-CODE");
  public static final Capability PIPELINING = new Capability("PIPELINING");
  public static final Capability STLS = new Capability("STLS");
  public static final Capability USER = new Capability("USER");
  public static final Capability LANG = new Capability("LANG");

  /** UTF8 with USER: names and passwords in UTF-8 as well (RFC 6856 §2). */
  public static final Capability UTF8_USER = new Capability("UTF8", "USER");

  /** The server removes nothing by its own policy (RFC 2449 §6.7). */
  public static final Capability EXPIRE_NEVER = new Capability("EXPIRE", "NEVER");

  public Capability {
    parameters = List.copyOf(parameters);
  }

  public Capability(String tag, String... parameters) {
    this(tag, List.of(parameters));
  }

  /** Without CRLF. */
  public String line() {
    return parameters.isEmpty() ? tag : tag + " " + String.join(" ", parameters);
  }
}
