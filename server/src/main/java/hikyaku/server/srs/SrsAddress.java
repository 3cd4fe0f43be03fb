package hikyaku.server.srs;

import hikyaku.server.directory.Address;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The local part of a return path of ours: {@code SRS0=hash=day=domain=local}, and {@code SRS1=hash
 * and day=first=rest} for what is one of another's already, where the rest is what stands behind
 * SRS0 in the address of the first who rewrote it, so that reports go straight back to that one
 * however many come after.
 *
 * @param signature as it stands there
 * @param day as {@link Day#written}
 * @param domain of the author, or of the first who rewrote it
 * @param rest the author's local part, or what stands behind SRS0, with its separator
 */
record SrsAddress(Kind kind, String signature, String day, String domain, String rest) {
  /** Letters of a signature: thirty bits. */
  static final int SIGNATURE = 6;

  enum Kind {
    SRS0,
    SRS1
  }

  private static final Pattern ANY = Pattern.compile("(?is)SRS[01]=.*");

  private static final Pattern OURS_0 =
      Pattern.compile("(?is)SRS0=([A-Z2-7]{6})=([A-Z2-7]{2})=([^=]+)=(.+)");

  private static final Pattern OURS_1 =
      Pattern.compile("(?is)SRS1=([A-Z2-7]{6})([A-Z2-7]{2})=([^=]+)=([=+-].+)");

  /** Others may have other separators behind the tag, and hashes as they like. */
  private static final Pattern OTHERS_0 = Pattern.compile("(?is)SRS0([=+-][^=]+=[^=]+=[^=]+=.+)");

  private static final Pattern OTHERS_1 = Pattern.compile("(?is)SRS1[=+-][^=]+=([^=]+)=([=+-].+)");

  /** Whether a local part says to be a return path. */
  static boolean isLike(String localPart) {
    return ANY.matcher(localPart).matches();
  }

  /** Reads one that may be ours. */
  static Optional<SrsAddress> read(String localPart) {
    Matcher first = OURS_0.matcher(localPart);
    if (first.matches()) {
      return Optional.of(of(Kind.SRS0, first));
    }
    Matcher second = OURS_1.matcher(localPart);
    return second.matches() ? Optional.of(of(Kind.SRS1, second)) : Optional.empty();
  }

  private static SrsAddress of(Kind kind, Matcher read) {
    return new SrsAddress(kind, read.group(1), read.group(2), read.group(3), read.group(4));
  }

  /**
   * One that is not signed yet.
   *
   * @param domain in A-labels
   */
  static SrsAddress unsigned(String localPart, String domain, String day) {
    Matcher second = OTHERS_1.matcher(localPart);
    // Whoever wrote it may have written anything.
    Optional<String> rewrittenFirst =
        second.matches() ? Address.canonicalDomain(second.group(1)) : Optional.empty();
    if (rewrittenFirst.isPresent()) {
      return new SrsAddress(Kind.SRS1, "", day, rewrittenFirst.get(), second.group(2));
    }
    Matcher first = OTHERS_0.matcher(localPart);
    return first.matches()
        ? new SrsAddress(Kind.SRS1, "", day, domain, first.group(1))
        : new SrsAddress(Kind.SRS0, "", day, domain, localPart);
  }

  SrsAddress signed(String by) {
    return new SrsAddress(kind, by, day, domain, rest);
  }

  /** What the signature is of: all of it, in lower case, since servers on the way may change it. */
  String covered() {
    return lower(String.join("\0", kind.name(), day, domain, rest));
  }

  /** The local part that there was before. */
  String before() {
    return kind == Kind.SRS0 ? rest : "SRS0" + rest;
  }

  String localPart() {
    return switch (kind) {
      case SRS0 -> "SRS0=" + signature + "=" + day + "=" + domain + "=" + rest;
      case SRS1 -> "SRS1=" + signature + day + "=" + domain + "=" + rest;
    };
  }

  /** ASCII alone, as others do. */
  static String lower(String text) {
    StringBuilder out = new StringBuilder(text);
    for (int i = 0; i < out.length(); i++) {
      char c = out.charAt(i);
      if (c >= 'A' && c <= 'Z') {
        out.setCharAt(i, (char) (c + ('a' - 'A')));
      }
    }
    return out.toString();
  }
}
