package hikyaku.protocol.smtp;

import hikyaku.protocol.address.AddressException;
import hikyaku.protocol.address.MailAddress;

/**
 * Paths (RFC 5321 §4.1.2, RFC 6531 §3.3): finds where a mailbox ends and leaves the rest to {@link
 * MailAddress}.
 */
final class PathParser {
  private final Cursor in;

  PathParser(Cursor in) {
    this.in = in;
  }

  /** Reverse-path = Path / "&lt;>". */
  ReversePath expectReversePath() throws CommandSyntaxException {
    expectOpen();
    if (in.take('>')) {
      return ReversePath.NULL;
    }
    sourceRoute();
    return expectMailboxAndClose(expectLocalPart());
  }

  /** "&lt;Postmaster@" Domain ">" / "&lt;Postmaster>" / Forward-path (RFC 5321 §4.1.1.3). */
  ForwardPath expectForwardPath() throws CommandSyntaxException {
    expectOpen();
    boolean routed = sourceRoute();
    String localPart = expectLocalPart();
    if (!routed && in.peek() == '>' && Ascii.upper(localPart).equals("POSTMASTER")) {
      in.next();
      return ForwardPath.POSTMASTER;
    }
    return expectMailboxAndClose(localPart);
  }

  private void expectOpen() throws CommandSyntaxException {
    if (!in.take('<')) {
      throw CommandSyntaxException.syntax("Address must be within angle brackets");
    }
  }

  private static CommandSyntaxException badAddress(String text) {
    // RFC 3463 §3.2: x.1.3 is a bad destination, x.1.7 a bad sender; the caller knows which.
    return new CommandSyntaxException(Reply.of(501, "5.1.3", text));
  }

  /** A-d-l ":", which must be understood and is ignored (RFC 5321 §4.1.1.3, appendix C). */
  private boolean sourceRoute() throws CommandSyntaxException {
    if (in.peek() != '@') {
      return false;
    }
    do {
      if (!in.take('@') || domain().isEmpty()) {
        throw badAddress("Bad source route");
      }
    } while (in.take(','));
    if (!in.take(':')) {
      throw badAddress("Bad source route");
    }
    return true;
  }

  private Mailbox expectMailboxAndClose(String localPart) throws CommandSyntaxException {
    if (!in.take('@')) {
      throw badAddress("Address must have a domain");
    }
    String domain = domain();
    if (!in.take('>')) {
      throw badAddress("Address must end with an angle bracket");
    }
    try {
      return new Mailbox(MailAddress.parse(localPart + "@" + domain));
    } catch (AddressException e) {
      throw badAddress(
          switch (e.reason()) {
            case LOCAL_PART_TOO_LONG -> "Local part of address too long";
            case DOMAIN_TOO_LONG, MAILBOX_TOO_LONG -> "Address too long";
            case DOMAIN -> "Bad domain in address";
            case SYNTAX, NEEDS_SMTPUTF8, NOT_UTF8 -> "Bad address";
          });
    }
  }

  /** Dot-string or Quoted-string, as written. */
  private String expectLocalPart() throws CommandSyntaxException {
    String localPart =
        in.peek() == '"'
            ? quotedString()
            : in.takeWhile(c -> c == '.' || c >= 128 || Ascii.isAtext(c));
    if (localPart.isEmpty()) {
      throw badAddress("Bad local part in address");
    }
    return localPart;
  }

  /** The string with its quotes and escapes, or nothing if it does not end. */
  private String quotedString() {
    StringBuilder written = new StringBuilder();
    written.append(in.next());
    while (!in.atEnd()) {
      char c = in.next();
      written.append(c);
      if (c == '"') {
        return written.toString();
      }
      if (c == '\\' && !in.atEnd()) {
        written.append(in.next());
      }
    }
    return "";
  }

  /** What may stand in a name or an address literal. */
  private String domain() {
    return in.peek() == '['
        ? in.takeWhile(c -> "[]:.".indexOf(c) >= 0 || Ascii.isAlphaOrDigit(c))
        : in.takeWhile(c -> "-_.".indexOf(c) >= 0 || c >= 128 || Ascii.isAlphaOrDigit(c));
  }
}
