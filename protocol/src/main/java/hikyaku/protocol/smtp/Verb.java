package hikyaku.protocol.smtp;

import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The command words. */
public enum Verb {
  HELO,
  EHLO,
  /** RFC 2033 §4.1. */
  LHLO,
  MAIL,
  RCPT,
  DATA,
  /** RFC 3030 §2. */
  BDAT,
  RSET,
  VRFY,
  EXPN,
  NOOP,
  HELP,
  QUIT,
  /** RFC 3207. */
  STARTTLS,
  /** RFC 4954. */
  AUTH,
  /** RFC 1985, and below: words that RFCs define and this program does not carry out. */
  ETRN,
  /** RFC 2645. */
  ATRN,
  /** RFC 4468. */
  BURL,
  /** RFC 821, deprecated by RFC 5321 appendix F. */
  SEND,
  SOML,
  SAML,
  TURN;

  private static final Map<String, Verb> BY_NAME =
      Stream.of(values()).collect(Collectors.toUnmodifiableMap(Verb::name, verb -> verb));

  static @Nullable Verb of(String word) {
    return BY_NAME.get(Ascii.upper(word));
  }
}
