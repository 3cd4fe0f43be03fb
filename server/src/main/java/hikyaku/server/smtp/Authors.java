package hikyaku.server.smtp;

import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.mailbox.Intake;
import hikyaku.mailbox.store.Blob;
import hikyaku.protocol.address.EnvelopeAddress;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.dkim.Signer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Has a submitted message signed for its authors, if whoever sends it may write under their
 * addresses: those that mail for reaches the account, and those of its own domain. Where senders
 * need not own their address at all, every author will do.
 */
final class Authors {
  private Authors() {}

  /** Signs what goes out of a message: all but the trace of its way. */
  static Signer.Signatures sign(
      SmtpSession session, Intake.Received received, MissingFields completed) throws IOException {
    Account account = session.account();
    if (account == null) {
      return Signer.Signatures.NONE;
    }
    List<Address> authors = new ArrayList<>();
    for (EnvelopeAddress each : received.structure().envelope().from()) {
      Optional<Address> author = Address.of(each).filter(a -> mayWriteAs(session, a, account));
      if (author.isEmpty()) {
        return Signer.Signatures.NONE;
      }
      authors.add(author.get());
    }
    Blob blob = received.blob();
    return session
        .services()
        .signer()
        .sign(
            authors,
            sink -> {
              sink.write(completed.fields().getBytes(UTF_8));
              session.mail().store().blobs().copy(blob, sink);
            });
  }

  private static boolean mayWriteAs(SmtpSession session, Address author, Account account) {
    return !session.settings().ownSenderOnly()
        || author.domain().equals(account.primary().domain())
        || MailCommand.belongsTo(session, author, account);
  }
}
