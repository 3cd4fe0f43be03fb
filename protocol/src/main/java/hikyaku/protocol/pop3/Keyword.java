package hikyaku.protocol.pop3;

import org.jspecify.annotations.Nullable;

/** The keywords a command line may begin with, in any mix of cases (RFC 1939 §3). */
public enum Keyword {
  USER("USER name"),
  PASS("PASS string"),
  APOP("APOP name digest"),
  AUTH("AUTH, AUTH mechanism, or AUTH mechanism initial-response"),
  STLS("STLS"),
  CAPA("CAPA"),
  LANG("LANG or LANG language-tag"),
  UTF8("UTF8"),
  STAT("STAT"),
  LIST("LIST or LIST message"),
  RETR("RETR message"),
  DELE("DELE message"),
  NOOP("NOOP"),
  RSET("RSET"),
  TOP("TOP message lines"),
  UIDL("UIDL or UIDL message"),
  QUIT("QUIT");

  /** No keyword is longer, so a longer word needs no look. */
  private static final int LONGEST = 4;

  private static final Keyword[] ALL = values();

  private final String usage;

  Keyword(String usage) {
    this.usage = usage;
  }

  /** How the command is written, for the text of a refusal: without "[" (RFC 2449 §3, schar). */
  public String usage() {
    return usage;
  }

  /** The keyword spelt by the first {@code length} octets, ASCII case aside. */
  static @Nullable Keyword of(byte[] line, int length) {
    if (length > LONGEST) {
      return null;
    }
    for (Keyword keyword : ALL) {
      if (keyword.matches(line, length)) {
        return keyword;
      }
    }
    return null;
  }

  private boolean matches(byte[] line, int length) {
    if (length != name().length()) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      int octet = line[i] >= 'a' && line[i] <= 'z' ? line[i] - ('a' - 'A') : line[i];
      if (octet != name().charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
