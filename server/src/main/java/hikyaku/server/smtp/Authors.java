package hikyaku.server.smtp;

import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.mailbox.Intake;
import hikyaku.mailbox.store.Blob;
import hikyaku.protocol.address.EnvelopeAddress;
import hikyaku.protocol.smtp.Reply;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.dkim.Signer;
import hikyaku.server.origin.HeldSignatures;
import hikyaku.server.origin.Origin;
import hikyaku.server.smtp.SmtpSettings.WriteAs;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Under whose addresses a user may write, and whose name is signed for: those that mail for reaches
 * the account, unless the settings let users write as others too.
 */
final class Authors {
  /** Characters of an address that a reply tells. */
  private static final int TOLD = 200;

  private Authors() {}

  /**
   * Why a message is not taken that says to be from somebody else. One that is resent says so of
   * its authors, and must be resent by oneself, and be theirs if they are here; one without an
   * author says nothing.
   */
  static Optional<Reply> refusal(SmtpSession session, Intake.Received received) throws IOException {
    Account account = session.account();
    if (account == null || session.settings().writeAs() == WriteAs.ANY) {
      return Optional.empty();
    }
    Optional<AuthorFields> fields = AuthorFields.of(session.mail().store().blobs(), received);
    if (fields.isEmpty()) {
      return Optional.of(Replies.TOO_MANY_AUTHORS);
    }
    Optional<Reply> notYours =
        fields.get().named().stream()
            .distinct()
            .filter(each -> !mayBeNamed(session, Address.of(each.address()), account))
            .findFirst()
            .map(each -> Replies.notYours(each.field(), told(each.address())));
    return notYours.isPresent()
        ? notYours
        : unproven(session, received, account, fields.get().resent());
  }

  /**
   * Why a message is not taken that says to be resent: whoever adds a field of resending to what
   * they wrote themselves could write under everybody's name. So a signature of the author's domain
   * proves that it is the author's, if that domain is one of ours.
   */
  private static Optional<Reply> unproven(
      SmtpSession session, Intake.Received received, Account account, List<EnvelopeAddress> authors)
      throws IOException {
    List<EnvelopeAddress> ours =
        authors.stream().filter(each -> isAnothersHere(session, each, account)).toList();
    if (ours.isEmpty()) {
      return Optional.empty();
    }
    Optional<Origin> origin = session.services().origin();
    HeldSignatures held =
        origin.isEmpty()
            ? new HeldSignatures(List.of(), List.of())
            : origin
                .get()
                .signatures(sink -> session.mail().store().blobs().copy(received.blob(), sink));
    for (EnvelopeAddress each : ours) {
      String domain = Address.of(each).orElseThrow().domain();
      if (!held.prove(domain)) {
        return Optional.of(
            held.mayProve(domain) ? Replies.ORIGIN_UNSURE : Replies.notResent(told(each)));
      }
    }
    return Optional.empty();
  }

  private static boolean isAnothersHere(
      SmtpSession session, EnvelopeAddress author, Account account) {
    return Address.of(author)
        .filter(each -> !session.directory().belongsTo(each, account))
        .filter(each -> !isForeign(session.directory(), each.domain()))
        .isPresent();
  }

  private static boolean mayBeNamed(
      SmtpSession session, Optional<Address> author, Account account) {
    return author.isPresent()
        && (session.directory().belongsTo(author.get(), account)
            || (session.settings().writeAs() == WriteAs.OWN_OR_FOREIGN
                && isForeign(session.directory(), author.get().domain())));
  }

  /** Whether neither the domain nor one above it is ours: records of ours may cover those below. */
  private static boolean isForeign(Directory directory, String domain) {
    String name = domain;
    while (directory.domain(name).isEmpty()) {
      int dot = name.indexOf('.');
      if (dot < 0) {
        return true;
      }
      name = name.substring(dot + 1);
    }
    return false;
  }

  /** The address for a reply, which is of ASCII. */
  private static String told(EnvelopeAddress author) {
    String host = author.host();
    String written =
        Address.of(author)
            .map(Address::toString)
            .orElse(author.mailbox() + (host == null || host.isEmpty() ? "" : "@" + host))
            .replaceAll("[^!-~]", "?");
    return written.substring(0, Math.min(TOLD, written.length()));
  }

  /** Signs what goes out of a message for its authors: all but the trace of its way. */
  static Signer.Signatures sign(
      SmtpSession session, Intake.Received received, MissingFields completed) throws IOException {
    Account account = session.account();
    if (account == null) {
      return Signer.Signatures.NONE;
    }
    if (!maySign(session, received, account)) {
      return Signer.Signatures.NONE;
    }
    List<Address> authors = new ArrayList<>();
    for (EnvelopeAddress each : received.structure().envelope().from()) {
      Optional<Address> author = Address.of(each).filter(a -> isSignedFor(session, a, account));
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

  /**
   * Whether nobody else's address can be read in From. Where others may stand there at all, {@link
   * #refusal} has let them pass.
   */
  private static boolean maySign(SmtpSession session, Intake.Received received, Account account)
      throws IOException {
    return session.settings().writeAs() != WriteAs.OWN_OR_FOREIGN
        || AuthorFields.ofFrom(session.mail().store().blobs(), received)
            .filter(from ->
                from.stream()
                    .map(Address::of)
                    .allMatch(
                        each -> each.filter(a -> isSignedFor(session, a, account)).isPresent()))
            .isPresent();
  }

  private static boolean isSignedFor(SmtpSession session, Address author, Account account) {
    return session.settings().writeAs() == WriteAs.ANY
        || session.directory().belongsTo(author, account);
  }
}
