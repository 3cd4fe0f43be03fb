package hikyaku.server.lists;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.protocol.address.EnvelopeAddress;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.server.directory.Address;
import hikyaku.server.queue.ListDoor.Arrival;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Whom a message for a list says to be from. */
final class Claimed {
  private Claimed() {}

  /** Whom it says to be from. */
  static Set<Address> addresses(Arrival arrival) {
    Set<Address> claimed = new HashSet<>();
    if (arrival.from() instanceof Mailbox from) {
      Address.of(from.localPart(), from.domain()).ifPresent(claimed::add);
    }
    List<EnvelopeAddress> authors = arrival.message().structure().envelope().from();
    if (authors.size() == 1) {
      address(authors.getFirst()).ifPresent(claimed::add);
    }
    return claimed;
  }

  private static Optional<Address> address(EnvelopeAddress written) {
    String mailbox = written.mailbox();
    String host = written.host();
    return mailbox == null || host == null
        ? Optional.empty()
        : Address.of(utf8(mailbox), utf8(host));
  }

  private static String utf8(String octets) {
    return new String(octets.getBytes(ISO_8859_1), UTF_8);
  }

  /** The first of its authors, or empty. */
  static String author(Arrival arrival) {
    return arrival.message().structure().envelope().from().stream()
        .findFirst()
        .flatMap(Claimed::address)
        .map(Address::toString)
        .orElse("");
  }
}
