package hikyaku.server.origin;

import hikyaku.protocol.mime.HeaderField;
import hikyaku.protocol.mime.HeaderFields;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A signature on a message: a DKIM-Signature (RFC 6376 §3.5) or an ARC-Message-Signature (RFC 8617
 * §4.1.2).
 *
 * @param names the fields that it covers
 * @param length octets of the body that it covers; {@link Long#MAX_VALUE} for all
 * @param sameDomain whether its identity is of the very domain, not of one below
 */
record MailSignature(
    HeaderField field,
    Algorithm algorithm,
    Octets signature,
    Octets bodyHash,
    boolean relaxedHeader,
    boolean relaxedBody,
    String domain,
    String selector,
    List<String> names,
    long length,
    boolean sameDomain) {
  private static final Pattern SELECTOR = Pattern.compile("[A-Za-z0-9_]([A-Za-z0-9._-]{0,252})");
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,76}");

  /** Octets that compare by what they are. */
  record Octets(byte[] octets) {
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Octets(byte[] same) && Arrays.equals(octets, same);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(octets);
    }

    @Override
    public String toString() {
      return octets.length + " octets";
    }
  }

  /** Reads a DKIM-Signature. */
  static MailSignature dkim(HeaderField field, TagList tags, Instant now)
      throws BadRecordException {
    if (!tags.need("v").equals("1")) {
      throw new BadRecordException("another version");
    }
    MailSignature signature = read(field, tags, sameDomain(tags));
    if (signature.names.stream().noneMatch(name -> name.equalsIgnoreCase("from"))) {
      throw new BadRecordException("From is not signed");
    }
    if (Arrays.stream(tags.get("q", "dns/txt").split(":", -1))
        .map(Text::trim)
        .noneMatch("dns/txt"::equals)) {
      throw new BadRecordException("a way to its key that is not known");
    }
    long expires = number(tags, "x", Long.MAX_VALUE);
    if (expires < number(tags, "t", 0)) {
      throw new BadRecordException("expired before it was made");
    }
    if (expires < now.getEpochSecond()) {
      throw new BadRecordException("expired");
    }
    return signature;
  }

  /** Reads an ARC-Message-Signature; i is a number there, and there is no v. */
  static MailSignature arc(HeaderField field, TagList tags) throws BadRecordException {
    return read(field, tags, true);
  }

  private static MailSignature read(HeaderField field, TagList tags, boolean sameDomain)
      throws BadRecordException {
    String[] forms = tags.get("c", "simple/simple").split("/", 2);
    List<String> names = Arrays.stream(tags.need("h").split(":", -1)).map(Text::trim).toList();
    return new MailSignature(
        field,
        Algorithm.of(tags.need("a")),
        base64(tags.need("b")),
        base64(tags.need("bh")),
        isRelaxed(forms[0]),
        forms.length > 1 && isRelaxed(forms[1]),
        domain(tags),
        selector(tags),
        names,
        number(tags, "l", Long.MAX_VALUE),
        sameDomain);
  }

  /**
   * Whether it says of all authors that they are: it holds however many other From fields are put
   * above those that it names (RFC 6376 §8.15), and proves none of these.
   */
  boolean coversAuthors(HeaderFields head) {
    List<HeaderField> authors = head.named("From");
    return names.stream().filter("from"::equalsIgnoreCase).count() >= authors.size();
  }

  /** RFC 6376 §3.5: the identity is of the domain or below it. */
  private static boolean sameDomain(TagList tags) throws BadRecordException {
    String identity = tags.get("i");
    if (identity == null) {
      return true;
    }
    Optional<String> host = DomainName.of(identity.substring(identity.lastIndexOf('@') + 1));
    String domain = domain(tags);
    if (host.isEmpty() || !DomainName.isBelowOrSame(host.get(), domain)) {
      throw new BadRecordException("an identity that is not of its domain");
    }
    return host.get().equals(domain);
  }

  static String domain(TagList tags) throws BadRecordException {
    return DomainName.of(tags.need("d"))
        .orElseThrow(() -> new BadRecordException("a domain that is none"));
  }

  static String selector(TagList tags) throws BadRecordException {
    String selector = tags.need("s");
    if (!SELECTOR.matcher(selector).matches()) {
      throw new BadRecordException("a selector that is none");
    }
    return selector;
  }

  private static boolean isRelaxed(String form) throws BadRecordException {
    return switch (Text.trim(form)) {
      case "relaxed" -> true;
      case "simple" -> false;
      default -> throw new BadRecordException("a canonical form that is not known");
    };
  }

  static Octets base64(String text) throws BadRecordException {
    try {
      return new Octets(Base64.getDecoder().decode(Text.withoutSpace(text)));
    } catch (IllegalArgumentException e) {
      throw new BadRecordException("not base64", e);
    }
  }

  private static long number(TagList tags, String name, long otherwise) throws BadRecordException {
    String written = tags.get(name);
    if (written == null) {
      return otherwise;
    }
    if (!NUMBER.matcher(written).matches()) {
      throw new BadRecordException("not a number");
    }
    return written.length() > 18 ? Long.MAX_VALUE - 1 : Long.parseLong(written);
  }
}
