package hikyaku.server.lists;

import hikyaku.protocol.address.EnvelopeAddress;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.server.directory.Address;
import hikyaku.server.queue.ListDoor.Arrival;
import java.util.HashSet;
import java.util.List;
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
      Address.of(authors.getFirst()).ifPresent(claimed::add);
    }
    return claimed;
  }

  /** The first of its authors, or empty. */
  static String author(Arrival arrival) {
    return arrival.message().structure().envelope().from().stream()
        .findFirst()
        .flatMap(Address::of)
        .map(Address::toString)
        .orElse("");
  }
}
