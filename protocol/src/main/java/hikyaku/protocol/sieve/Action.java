package hikyaku.protocol.sieve;

import hikyaku.protocol.address.MailAddress;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** What a script wants done with a message. Flags are system flags with \ and keywords. */
public sealed interface Action {
  /**
   * Keep it in INBOX (RFC 5228 §4.3).
   *
   * @param implicit whether no command asked for it (RFC 5228 §2.10.2)
   */
  record Keep(List<String> flags, boolean implicit) implements Action {
    public Keep {
      flags = List.copyOf(flags);
    }
  }

  /**
   * Put it into a mailbox (RFC 5228 §4.1).
   *
   * @param mailbox its name
   * @param create whether to make the mailbox if it is not there (RFC 5490 §3.2)
   * @param specialUse with a \; a mailbox of this use is preferred to the named one (RFC 8579 §4)
   * @param mailboxId the mailbox of this id is preferred to the named one (RFC 9042 §4)
   */
  record FileInto(
      String mailbox,
      boolean create,
      List<String> flags,
      Optional<String> specialUse,
      Optional<String> mailboxId)
      implements Action {
    public FileInto {
      flags = List.copyOf(flags);
    }
  }

  /**
   * Send it on (RFC 5228 §4.2).
   *
   * @param address of good syntax
   * @param terms what the script says of that; then its owner is who is told (RFC 6009 §6, §7)
   */
  record Redirect(String address, DeliveryTerms terms) implements Action {}

  /**
   * Answer the sender, unless that was done lately (RFC 5230).
   *
   * @param from who answers
   * @param text of the answer; a whole MIME entity if {@code mime}
   * @param identity answers of one identity go to one sender once in the period (RFC 5230 §4.2)
   * @param seconds the period; empty for the usual one
   * @param copy where the answer is kept, if at all (RFC 8580)
   */
  record Vacation(
      Author from,
      String subject,
      String text,
      boolean mime,
      String identity,
      OptionalLong seconds,
      Optional<FileInto> copy)
      implements Action {}

  /**
   * Refuse it (RFC 5429).
   *
   * @param reason for the sender
   * @param atOnce whether the server that hands it over is to hear it, rather than the sender of a
   *     mail
   */
  record Reject(String reason, boolean atOnce) implements Action {}

  /**
   * Tell somebody that it came (RFC 5435, RFC 5436).
   *
   * @param to whom it names in To
   * @param cc whom it goes to besides; with those at least one
   * @param importance 1 for high, 2 for usual, 3 for low
   * @param copy where the notification is kept, if at all (RFC 8580)
   */
  record Notify(
      List<MailAddress> to,
      List<MailAddress> cc,
      Author from,
      int importance,
      String subject,
      String text,
      Optional<FileInto> copy)
      implements Action {
    public Notify {
      to = List.copyOf(to);
      cc = List.copyOf(cc);
    }

    /** All whom it goes to. */
    public List<MailAddress> recipients() {
      return Stream.concat(to.stream(), cc.stream()).toList();
    }
  }
}
