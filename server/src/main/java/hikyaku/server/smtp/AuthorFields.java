package hikyaku.server.smtp;

import hikyaku.mailbox.Intake;
import hikyaku.mailbox.store.BlobReader;
import hikyaku.mailbox.store.BlobStore;
import hikyaku.protocol.address.AddressListParser;
import hikyaku.protocol.address.AddressSyntax;
import hikyaku.protocol.address.EnvelopeAddress;
import hikyaku.protocol.mime.HeaderField;
import hikyaku.protocol.mime.HeaderFields;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Whom a message says to be from now: its From and Sender fields (RFC 5322 §3.6.2), or those of the
 * newest resending if it is resent (§3.6.6), which leaves its authors alone.
 *
 * @param named each address that they name, without its display name
 * @param resent the addresses of From if it is resent; else none
 */
record AuthorFields(List<Named> named, List<EnvelopeAddress> resent) {
  /** Octets of these fields, and of the names of others that are of use. */
  private static final int LONGEST = 64 * 1024;

  /** Addresses that are looked at. */
  private static final int MOST = 100;

  private static final String RESENT = "resent-";
  private static final String RESENT_FROM = "resent-from";
  private static final String FROM = "from";
  private static final String SENDER = "sender";
  private static final Set<String> AUTHORS = Set.of(FROM, SENDER);
  private static final Set<String> RESENDERS = Set.of(RESENT_FROM, "resent-sender");

  private static final Set<String> WITH_VALUES = Set.of(FROM, SENDER, RESENT_FROM, "resent-sender");

  /** What else tells one resending from the one before, trace fields too (RFC 5322 §3.6.6). */
  private static final Set<String> OF_USE =
      Set.of(
          "resent-date", "resent-to", "resent-cc", "resent-message-id", "return-path", "received");

  AuthorFields {
    named = List.copyOf(named);
    resent = List.copyOf(resent);
  }

  /**
   * An address that a field names.
   *
   * @param field its name as it is written
   */
  record Named(String field, EnvelopeAddress address) {}

  /** Of a message; nothing if there is more of it than is looked at. */
  static Optional<AuthorFields> of(BlobStore blobs, Intake.Received message) throws IOException {
    AuthorLines lines = new AuthorLines(WITH_VALUES, OF_USE, LONGEST);
    try (BlobReader reader = blobs.open(message.blob().id())) {
      reader.copy(0, message.structure().root().bodyStart(), lines);
    }
    return lines.isTooLong() ? Optional.empty() : of(HeaderFields.of(lines.kept()).all());
  }

  /**
   * The addresses of From alone, of resent mail too: whoever signs vouches for them.
   *
   * @return nothing if there is more of it than is looked at
   */
  static Optional<List<EnvelopeAddress>> ofFrom(BlobStore blobs, Intake.Received message)
      throws IOException {
    AuthorLines lines = new AuthorLines(Set.of(FROM), Set.of(), LONGEST);
    try (BlobReader reader = blobs.open(message.blob().id())) {
      reader.copy(0, message.structure().root().bodyStart(), lines);
    }
    return lines.isTooLong()
        ? Optional.empty()
        : Optional.of(
            named(HeaderFields.of(lines.kept()).all(), Set.of(FROM)).stream()
                .map(Named::address)
                .toList());
  }

  private static Optional<AuthorFields> of(List<HeaderField> fields) {
    List<Named> resenders = named(newestResending(fields), RESENDERS);
    // Whoever resends without saying who is no resender (RFC 5322 §3.6.6).
    boolean resent = resenders.stream().anyMatch(each -> each.field.equalsIgnoreCase(RESENT_FROM));
    List<Named> named = resent ? resenders : named(fields, AUTHORS);
    List<Named> authors = resent ? named(fields, Set.of(FROM)) : List.of();
    return named.size() > MOST || authors.size() > MOST
        ? Optional.empty()
        : Optional.of(
            new AuthorFields(named, authors.stream().map(Named::address).distinct().toList()));
  }

  private static List<Named> named(List<HeaderField> fields, Set<String> names) {
    List<Named> named = new ArrayList<>();
    for (HeaderField field : fields) {
      if (names.contains(name(field))) {
        addresses(field.value()).forEach(each -> named.add(new Named(field.name(), each)));
      }
    }
    return named;
  }

  /**
   * What anybody may take for an address: what we read, what those find who divide inside of
   * encoded-words too, and whatever looks like one where the grammar does not say what it is.
   */
  private static List<EnvelopeAddress> addresses(String value) {
    List<EnvelopeAddress> addresses =
        new ArrayList<>(nameless(AddressListParser.parse(value, Integer.MAX_VALUE)).toList());
    Stream<EnvelopeAddress> literally =
        nameless(AddressListParser.parseLiterally(value, Integer.MAX_VALUE))
            .filter(each -> !"".equals(each.host()));
    Stream<EnvelopeAddress> anywhere =
        AddressSyntax.isList(value) ? Stream.of() : AddressSyntax.looksLike(value).stream();
    Set<EnvelopeAddress> known = new HashSet<>(addresses);
    Stream.concat(literally, anywhere).filter(known::add).forEach(addresses::add);
    return addresses;
  }

  private static Stream<EnvelopeAddress> nameless(List<EnvelopeAddress> read) {
    return read.stream()
        .filter(EnvelopeAddress::isAddress)
        .map(each -> new EnvelopeAddress(null, null, each.mailbox(), each.host()));
  }

  /**
   * A resending ends at trace fields, which came before it, and where one of its fields repeats.
   */
  private static List<HeaderField> newestResending(List<HeaderField> fields) {
    List<HeaderField> resending = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (HeaderField field : fields) {
      String name = name(field);
      if (name.startsWith(RESENT)) {
        if (!seen.add(name)) {
          return resending;
        }
        resending.add(field);
      } else if (!resending.isEmpty() && !AUTHORS.contains(name)) {
        return resending;
      }
    }
    return resending;
  }

  private static String name(HeaderField field) {
    return field.name().toLowerCase(Locale.ROOT);
  }
}
