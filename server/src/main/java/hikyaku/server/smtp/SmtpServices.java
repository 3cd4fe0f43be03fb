package hikyaku.server.smtp;

import hikyaku.mailbox.MailStore;
import hikyaku.server.auth.Authenticator;
import hikyaku.server.directory.Directory;
import hikyaku.server.dkim.Signer;
import hikyaku.server.dmarc.DmarcResults;
import hikyaku.server.dmarc.ReportInbox;
import hikyaku.server.filter.Filter;
import hikyaku.server.filter.SieveSettings;
import hikyaku.server.origin.Origin;
import hikyaku.server.queue.ListDoor;
import hikyaku.server.queue.Outbox;
import hikyaku.server.queue.Senders;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * What the server works with.
 *
 * @param directory who is local
 * @param authenticator asked in submission only
 * @param mail where messages go
 * @param filter says into which mailboxes
 * @param outbox where those go in submission that are for others; empty to take none
 * @param lists takes the mail for mailing lists
 * @param senders says whose mail may go out; empty for everybody's
 * @param origin finds out whom mail from other servers is from; empty to take their word
 * @param dmarc counts what DMARC makes of mail, for reports; empty for nobody
 * @param reportInbox takes in what others report of DMARC; empty for nobody
 * @param signer signs what is for others
 * @param clock for dates in trace fields
 * @param nanoTime for deadlines
 * @param pause holds a session back, on its own thread
 */
public record SmtpServices(
    Directory directory,
    Authenticator authenticator,
    MailStore mail,
    Filter filter,
    Optional<Outbox> outbox,
    ListDoor lists,
    Optional<Senders> senders,
    Optional<Origin> origin,
    Optional<DmarcResults> dmarc,
    Optional<ReportInbox> reportInbox,
    Signer signer,
    MeterRegistry meters,
    InstantSource clock,
    LongSupplier nanoTime,
    Pause pause) {

  /** Lets time pass. */
  @FunctionalInterface
  public interface Pause {
    void pause(Duration duration);
  }

  /** With the clock that the mail is kept by, a filter of its own, and no signatures. */
  public static SmtpServices of(
      Directory directory,
      Authenticator authenticator,
      MailStore mail,
      Optional<Outbox> outbox,
      MeterRegistry meters) {
    Filter filter = Filter.of(mail, directory, SieveSettings.DEFAULTS);
    return of(directory, authenticator, mail, filter, outbox, Signer.NONE, meters);
  }

  /** With the clock that the mail is kept by. */
  public static SmtpServices of(
      Directory directory,
      Authenticator authenticator,
      MailStore mail,
      Filter filter,
      Optional<Outbox> outbox,
      Signer signer,
      MeterRegistry meters) {
    return new SmtpServices(
        directory,
        authenticator,
        mail,
        filter,
        outbox,
        ListDoor.NONE,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        signer,
        meters,
        mail.clock(),
        System::nanoTime,
        duration -> java.util.concurrent.locks.LockSupport.parkNanos(duration.toNanos()));
  }

  /**
   * The same, with who says whose mail may go out, who finds out whom mail is from, who counts that
   * for reports, who takes reports in, and who takes the mail for mailing lists.
   */
  public SmtpServices with(
      Senders guard,
      Optional<Origin> finder,
      Optional<DmarcResults> results,
      Optional<ReportInbox> reports,
      ListDoor door) {
    return new SmtpServices(
        directory,
        authenticator,
        mail,
        filter,
        outbox,
        door,
        Optional.of(guard),
        finder,
        results,
        reports,
        signer,
        meters,
        clock,
        nanoTime,
        pause);
  }
}
