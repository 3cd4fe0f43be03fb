package hikyaku.server.ops;

import hikyaku.protocol.address.EnvelopeAddress;
import hikyaku.protocol.mime.EncodedWords;
import hikyaku.protocol.mime.Envelope;
import java.util.List;

/** Header fields for people. */
final class HeaderText {
  private HeaderText() {}

  static String subject(Envelope envelope) {
    return envelope.subject() == null ? "" : EncodedWords.decode(envelope.subject());
  }

  /** Names of the senders, or their addresses where they have none. */
  static String senders(Envelope envelope) {
    List<String> senders =
        envelope.from().stream()
            .filter(EnvelopeAddress::isAddress)
            .map(address ->
                address.name() == null || address.name().isEmpty()
                    ? address.mailbox() + "@" + address.host()
                    : EncodedWords.decode(address.name()))
            .toList();
    return String.join(", ", senders);
  }
}
