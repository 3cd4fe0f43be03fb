package hikyaku.server.published;

/**
 * A record that a domain should have.
 *
 * @param name without a dot at the end; of a {@link Kind#PTR} the address
 * @param value as {@link Lookup#look} has it
 * @param needed whether mail suffers without it; if not, it is a help to clients
 * @param remark a sentence about it, or empty
 * @param rule when what is published will do
 */
public record Wanted(
    String name, Kind kind, String value, boolean needed, String remark, Rule rule) {
  private static final int SECONDS = 3600;

  /** Octets of one string of a text record (RFC 1035 §3.3). */
  private static final int STRING = 255;

  /** The line of a zone file; a comment where only the operator knows what to put there. */
  public String line() {
    return switch (kind) {
      case A, AAAA -> "; %s. needs an A or AAAA record".formatted(name);
      case PTR -> "; %s needs a PTR record of %s.".formatted(name, value);
      case MX, SRV, TLSA, TXT -> "%s. %d IN %s %s".formatted(name, SECONDS, kind, data());
    };
  }

  private String data() {
    return switch (kind) {
      case TXT -> quoted(value);
      case TLSA -> value;
      case A, AAAA, MX, PTR, SRV -> value + ".";
    };
  }

  /** Strings of at most 255 octets, which whoever reads the record joins (RFC 6376 §3.6.2.2). */
  static String quoted(String text) {
    StringBuilder out = new StringBuilder();
    for (int from = 0; from == 0 || from < text.length(); from += STRING) {
      String part = text.substring(from, Math.min(text.length(), from + STRING));
      out.append(from == 0 ? "\"" : " \"");
      out.append(part.replace("\\", "\\\\").replace("\"", "\\\"")).append('"');
    }
    return text.length() > STRING ? "( " + out + " )" : out.toString();
  }
}
