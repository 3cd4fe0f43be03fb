package hikyaku.protocol.smtp;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.Inet6Address;
import java.util.HexFormat;

/** Paths and mailboxes (RFC 5321 §4.1.2, RFC 6531 §3.3). */
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
    Mailbox mailbox = expectMailbox(expectLocalPart());
    expectClose();
    return mailbox;
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
    Mailbox mailbox = expectMailbox(localPart);
    expectClose();
    return mailbox;
  }

  private void expectOpen() throws CommandSyntaxException {
    if (!in.take('<')) {
      throw CommandSyntaxException.syntax("Address must be within angle brackets");
    }
  }

  private void expectClose() throws CommandSyntaxException {
    if (!in.take('>')) {
      throw badAddress("Address must end with an angle bracket");
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
      if (!in.take('@')) {
        throw badAddress("Bad source route");
      }
      expectDomain();
    } while (in.take(','));
    if (!in.take(':')) {
      throw badAddress("Bad source route");
    }
    return true;
  }

  private Mailbox expectMailbox(String localPart) throws CommandSyntaxException {
    if (!in.take('@')) {
      throw badAddress("Address must have a domain");
    }
    return new Mailbox(localPart, expectDomain());
  }

  private String expectLocalPart() throws CommandSyntaxException {
    String localPart = in.take('"') ? expectQuotedRest() : dotString();
    if (localPart.isEmpty()) {
      throw badAddress("Bad local part in address");
    }
    if (localPart.getBytes(UTF_8).length > Mailbox.MAX_LOCAL_PART) {
      throw badAddress("Local part of address too long");
    }
    return localPart;
  }

  private String dotString() {
    return in.takeWhile(c -> c == '.' || c >= 128 || Ascii.isAtext(c));
  }

  /** Quoted-string behind its first quote, its meaning. */
  private String expectQuotedRest() throws CommandSyntaxException {
    StringBuilder value = new StringBuilder();
    while (!in.take('"')) {
      in.take('\\');
      // The line has no control characters: what is left is qtextSMTP or a quoted pair.
      if (in.atEnd() || in.peek() == '\t') {
        throw badAddress("Bad quoted local part in address");
      }
      value.append(in.next());
    }
    return value.toString();
  }

  private String expectDomain() throws CommandSyntaxException {
    String domain = in.peek() == '[' ? expectAddressLiteral() : expectDomainName();
    if (domain.getBytes(UTF_8).length > Mailbox.MAX_DOMAIN) {
      throw badAddress("Domain of address too long");
    }
    return domain;
  }

  private String expectDomainName() throws CommandSyntaxException {
    String name =
        in.takeWhile(c -> c == '.' || c == '-' || c == '_' || c >= 128 || Ascii.isAlphaOrDigit(c));
    for (String label : name.split("\\.", -1)) {
      if (label.isEmpty() || label.startsWith("-") || label.endsWith("-")) {
        throw badAddress("Bad domain in address");
      }
    }
    return name;
  }

  /**
   * IPv4- or IPv6-address-literal (RFC 5321 §4.1.3). No tag for General-address-literal was ever
   * registered.
   */
  private String expectAddressLiteral() throws CommandSyntaxException {
    in.next();
    String content = in.takeWhile(c -> c == ':' || c == '.' || Ascii.isAlphaOrDigit(c));
    if (!in.take(']') || !(isIpv4(content) || isIpv6(content))) {
      throw badAddress("Bad address literal");
    }
    return "[" + content + "]";
  }

  private static boolean isIpv4(String content) {
    String[] parts = content.split("\\.", -1);
    if (parts.length != 4) {
      return false;
    }
    for (String part : parts) {
      if (part.isEmpty()
          || part.length() > 3
          || !part.chars().allMatch(Ascii::isDigit)
          || Integer.parseInt(part) > 255) {
        return false;
      }
    }
    return true;
  }

  private static boolean isIpv6(String content) {
    if (!Ascii.upper(content).startsWith("IPV6:")) {
      return false;
    }
    String address = content.substring(5);
    if (!address.chars().allMatch(c -> c == ':' || c == '.' || HexFormat.isHexDigit(c))) {
      return false;
    }
    try {
      Inet6Address.ofLiteral(address);
      return true;
    } catch (IllegalArgumentException notAnAddress) {
      return false;
    }
  }
}
