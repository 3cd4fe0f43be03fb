package hikyaku.server.smtp;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Intake;
import hikyaku.mailbox.store.Append;
import hikyaku.protocol.smtp.MailParameters;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.Reply;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Resolution.Listed;
import hikyaku.server.origin.Finding;
import hikyaku.server.queue.ListDoor;
import hikyaku.server.queue.ListDoor.Taken;
import hikyaku.server.queue.TlsWish;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.slf4j.event.Level;

/** What mailing lists do with a message of a transaction, each once however many lead to it. */
final class ForLists {
  private final SequencedMap<Listed, Taken> taken = new LinkedHashMap<>();

  private ForLists() {}

  /** Asks the lists. */
  static ForLists of(CompletedMessage message) {
    SmtpSession session = message.session();
    Transaction transaction = message.transaction();
    Finding finding = message.finding();
    ForLists all = new ForLists();
    for (Recipient recipient : transaction.recipients()) {
      for (Listed listed : recipient.lists()) {
        if (!all.taken.containsKey(listed)) {
          MailParameters parameters = transaction.mail().parameters();
          ListDoor.Arrival arrival =
              new ListDoor.Arrival(
                  listed,
                  transaction.mail().from(),
                  proven(message),
                  finding.results().contains("spf=fail")
                      || finding.results().contains("dmarc=fail"),
                  new Intake.Received(message.blob(), message.completed().structure()),
                  ByteString.copyFromUtf8(finding.field())
                      .concat(message.trace().outgoing(message.structure(), message.added())),
                  transaction.id() + "." + all.taken.size(),
                  session.connection().sessionId(),
                  parameters.smtpUtf8(),
                  parameters.body() == MailParameters.Body.BINARYMIME,
                  TlsWish.of(
                      parameters,
                      session.mail().store().blobs(),
                      message.blob(),
                      message.structure().root().bodyStart()),
                  session.account() == null ? "" : session.account().id(),
                  Objects.requireNonNull(message.attempt().part("/l" + all.taken.size()).key()),
                  message.arrival());
          Taken each = session.services().lists().take(arrival);
          all.taken.put(listed, each);
          tell(session, transaction, listed, each);
        }
      }
    }
    return all;
  }

  private static void tell(
      SmtpSession session, Transaction transaction, Listed listed, Taken taken) {
    session
        .log(Level.INFO, "a message for a mailing list")
        .addKeyValue("mail", true)
        .addKeyValue("from", transaction.mail().from())
        .addKeyValue("list", listed.list())
        .addKeyValue("role", listed.role())
        .addKeyValue(
            "outcome",
            switch (taken) {
              case Taken.Accepted(List<Append> _, String as) -> as;
              case Taken.Refused(Reply _, String cause) -> "refused: " + cause;
            })
        .log();
  }

  /** Addresses that whoever sends it certainly writes under. */
  private static Set<Address> proven(CompletedMessage message) {
    SmtpSession session = message.session();
    Transaction transaction = message.transaction();
    Finding finding = message.finding();
    Set<Address> proven = new HashSet<>();
    Optional<Address> from =
        transaction.mail().from() instanceof Mailbox mailbox
            ? Address.of(mailbox.localPart(), mailbox.domain())
            : Optional.empty();
    Account account = session.account();
    if (account != null) {
      proven.add(account.primary());
      from.filter(address -> session.directory().belongsTo(address, account))
          .ifPresent(proven::add);
      return proven;
    }
    if (finding.isSenderProven()) {
      from.ifPresent(proven::add);
    }
    if (finding.results().contains("dmarc=pass")) {
      onlyAuthor(message).ifPresent(proven::add);
    }
    return proven;
  }

  /**
   * The author, if there is one alone: DMARC passes by a domain, and signatures cover one From. So
   * all of the header counts, more of it than a description of the message may have.
   */
  private static Optional<Address> onlyAuthor(CompletedMessage message) {
    try {
      return AuthorFields.ofFrom(message.session().mail().store().blobs(), message.received())
          .map(authors -> authors.stream().distinct().toList())
          .filter(authors -> authors.size() == 1)
          .flatMap(authors -> Address.of(authors.getFirst()));
    } catch (IOException e) {
      throw new UncheckedIOException(e); // neither side of the copy throws it
    }
  }

  /** What is written in the round of the message. */
  List<Append> round() {
    List<Append> round = new ArrayList<>();
    for (Taken each : taken.values()) {
      if (each instanceof Taken.Accepted(List<Append> appends, String _)) {
        round.addAll(appends);
      }
    }
    return round;
  }

  /** Whether some list has taken it. */
  boolean isTaken() {
    return taken.values().stream().anyMatch(Taken.Accepted.class::isInstance);
  }

  /** Why a list refuses it. */
  Optional<Reply> refusal(Listed listed) {
    return taken.get(listed) instanceof Taken.Refused(Reply reply, String _)
        ? Optional.of(reply)
        : Optional.empty();
  }

  /** Why some list refuses it. */
  Optional<Reply> refusal() {
    for (Taken each : taken.values()) {
      if (each instanceof Taken.Refused(Reply reply, String _)) {
        return Optional.of(reply);
      }
    }
    return Optional.empty();
  }
}
